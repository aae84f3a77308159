"""Of Content-Type and Accept only short and valid parts reach Django."""

from django.test import SimpleTestCase, TestCase, TransactionTestCase

from booking.tests.applications import ask_asgi, ask_wsgi
from movie_booking.content_type import clean_accept, clean_content_type

REQUIRED = {field: ["This field is required."] for field in ("username", "password")}
REQUIRED["codes"] = {field: ["required"] for field in ("username", "password")}


class CleanTests(SimpleTestCase):
    def test_content_type_keeps_media_type_and_boundary(self):
        form, longest = "multipart/form-data; boundary", "a" * 70
        for value, cleaned in [
            ("application/json", "application/json"),
            (" application/json ", "application/json"),
            ("application/json;charset=utf-8", "application/json"),
            ("application/json; charset =punycode", "application/json"),
            ("application/json;\tcharset\t=\thex", "application/json"),
            ("application/json; charset*=utf-8''hex", "application/json"),
            ("application/json; charset*0=h; charset*1=ex", "application/json"),
            ("application/json; nonsense", "application/json"),
            ("application/json;", "application/json"),
            ("application/merge-patch+json", "application/merge-patch+json"),
            ("multipart/form-data", "multipart/form-data"),
            ("multipart/form-data; boundary=x", 'multipart/form-data; boundary="x"'),
            ("multipart/form-data;boundary=x;", 'multipart/form-data; boundary="x"'),
            ('Multipart/Form-Data; Boundary="a b"', 'Multipart/Form-Data; boundary="a b"'),
            ("multipart/form-data; charset=hex; boundary=x", 'multipart/form-data; boundary="x"'),
            ("multipart/form-data; boundary=x; charset =hex", 'multipart/form-data; boundary="x"'),
            ("multipart/form-data; boundary=x; a*=nope''b", 'multipart/form-data; boundary="x"'),
            ("multipart/form-data; boundary=x; ;;", 'multipart/form-data; boundary="x"'),
            ("multipart/form-data; boundary==_1/2:3", 'multipart/form-data; boundary="=_1/2:3"'),
            (f"{form}={longest}", f'{form}="{longest}"'),
        ]:
            with self.subTest(value):
                self.assertEqual(clean_content_type(value), cleaned)

    def test_boundary_invalid_is_dropped(self):
        for boundary in [
            "",
            "a" * 71,
            '"a" b',
            '"a ',
            '"a "',
            "a b",
            "a\\b",
            '"a\\"b"',
            "é",
            "\x00",
            "x; boundary=y",
            "x; boundary=x",
        ]:
            value = f"multipart/form-data; boundary={boundary}"
            with self.subTest(boundary):
                self.assertEqual(clean_content_type(value), "multipart/form-data")
        for parameter in ["boundary =x", "boundary*=utf-8''x", "boundary*0=x", "x=;;boundary=x"]:
            with self.subTest(parameter):
                cleaned = clean_content_type(f"multipart/form-data; {parameter}")
                self.assertEqual(cleaned, "multipart/form-data")

    def test_media_type_invalid_or_long_leaves_nothing(self):
        for value in [
            "",
            "x",
            "/",
            "a/",
            "/b",
            "a/b/c",
            "a b/c",
            "a/b c",
            "a/b, c/d",
            "application/json,application/json",
            "é/b",
            "a/b\x00",
            "application/json; x=" + "a" * 231,
            'a/b;x="' + ";" * 110_000,
        ]:
            with self.subTest(value[:50]):
                self.assertEqual(clean_content_type(value), "")

    def test_accept_keeps_media_types(self):
        for value, cleaned in [
            ("*/*", "*/*"),
            ("text/html,application/json;q=0.9,*/*;q=0.8", "text/html,application/json,*/*"),
            ("application/json; x*=utf-8''a; x*0=b", "application/json"),
            ("application/json; charset =hex", "application/json"),
            ('a/b;x="' + ";" * 110_000, "*/*"),
            ("a/b," * 251, "*/*"),
        ]:
            with self.subTest(value[:50]):
                self.assertEqual(clean_accept(value), cleaned)


CHARSETS = ["hex", "idna", "base64", "undefined", "punycode", "x", '"zip"', "utf-8"]
PARAMETERS = [
    *(f"charset{sign}{name}" for name in CHARSETS for sign in ("=", " =", "\t=", "= ")),
    "charset*=utf-8''hex",
    "charset*0=h; charset*1=ex",
    "x*=nope''y",
    "x*=utf-8''a; x*0=b",  # a TypeError in Python's parser
    "x*=punycode''" + "a" * 150,
]


class WsgiTests(TestCase):
    def test_parameters_of_content_type_are_ignored(self):
        for parameter in PARAMETERS:
            with self.subTest(parameter[:40]):
                kinds = {
                    f"application/json; {parameter}": b"{}",
                    f"multipart/form-data; boundary=x; {parameter}": b"--x--",
                    f"application/x-www-form-urlencoded; {parameter}": b"a=b",
                }
                for content_type, body in kinds.items():
                    length = str(len(body))
                    reply = ask_wsgi(
                        "POST",
                        "/api/login/?a=b",
                        body,
                        content_type=content_type,
                        CONTENT_LENGTH=length,
                    )
                    self.assertEqual((reply.status, reply.json()), (400, REQUIRED))

    def test_parameters_of_content_type_are_ignored_by_pages(self):
        for parameter in PARAMETERS:
            with self.subTest(parameter[:40]):
                body, kind = b"--x--\r\n", f"multipart/form-data; boundary=x; {parameter}"
                more = {"content_type": kind, "CONTENT_LENGTH": str(len(body))}
                reply = ask_wsgi("POST", "/admin/login/", body, **more)
                self.assertEqual(reply.status, 403)  # no CSRF token

    def test_long_content_type_is_unsupported(self):
        long = 'a/b;x="' + ";" * 110_000
        reply = ask_wsgi("POST", "/api/login/", b"{}", content_type=long, CONTENT_LENGTH="2")
        unsupported = {
            "detail": 'Unsupported media type "" in request.',
            "code": "unsupported_media_type",
        }
        self.assertEqual((reply.status, reply.json()), (415, unsupported))

    def test_parameters_of_accept_are_ignored(self):
        for accept in [
            'a/b;x="' + ";" * 110_000,
            "application/json; x*=utf-8''a; x*0=b",
            "application/json; x*=nope''b",
            "a/b;q=1," * 20_000,
        ]:
            with self.subTest(accept[:40]):
                reply = ask_wsgi("GET", "/api/movies/", HTTP_ACCEPT=accept)
                self.assertEqual((reply.status, reply.json()), (200, []))
        reply = ask_wsgi("GET", "/api/movies/", HTTP_ACCEPT="text/html;q=0.5")
        self.assertEqual(reply.status, 406)


class AsgiTests(TransactionTestCase):
    def test_parameters_of_content_type_and_accept_are_ignored(self):
        for parameter in ["charset=hex", "charset =punycode", "x*=utf-8''a; x*0=b"]:
            with self.subTest(parameter):
                kind = f"application/json; {parameter}"
                reply = ask_asgi("POST", "/api/login/", [b"{}"], content_type=kind, accept=kind)
                self.assertEqual((reply.status, reply.json()), (400, REQUIRED))

    def test_several_content_types_are_unsupported(self):
        kinds = ["application/json", "application/x-www-form-urlencoded"]
        reply = ask_asgi("POST", "/api/login/", [b"{}"], content_type=kinds)
        self.assertEqual((reply.status, reply.json()["code"]), (415, "unsupported_media_type"))
