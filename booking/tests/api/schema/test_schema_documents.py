"""The OpenAPI documents are valid and up to date, and their examples are real."""

import json
import logging
import re
from copy import deepcopy
from io import StringIO
from unittest import mock

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import RequestFactory, SimpleTestCase, TestCase, override_settings
from django.urls import include, path, set_script_prefix
from drf_yasg.codecs import OpenAPICodecJson
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet
from swagger_spec_validator.validator20 import validate_spec

from booking.api.docs import OPERATIONS, Operation
from booking.api.schema.error_responses import SHARED_RESPONSES
from booking.api.schema.generator import INFO, SchemaGenerator, StaffSchemaGenerator
from booking.api.schema.views import public_document
from booking.api.serializers import BookSeat
from booking.demo import CUSTOMER, STAFF
from booking.exceptions import NoActiveAccount
from booking.seating import seat_label
from booking.tests.factories import ApiTestCase, create_show, create_user
from booking.tests.openapi_document import document

try:
    from openapi_spec_validator import OpenAPIV2SpecValidator
except ImportError:  # it is in requirements-dev.txt only
    OpenAPIV2SpecValidator = None


class DocumentTests(TestCase):
    def test_committed_document_is_up_to_date(self):
        """Byte for byte, on SQLite and PostgreSQL."""
        written = StringIO()
        self.addCleanup(logging.disable, logging.NOTSET)  # the command switches warnings off
        call_command("generate_swagger", "-", stdout=written)
        committed = (settings.BASE_DIR / "docs/swagger.json").read_text(encoding="utf-8")
        self.assertTrue(written.getvalue() == committed, "docs/swagger.json: make schema")

    def test_served_document_is_the_generated_one(self):
        """It has no host: behind a proxy we may not know its name and port."""
        made = SchemaGenerator(INFO).get_schema(public=True)
        generated = json.loads(OpenAPICodecJson(validators=[]).encode(made))
        self.assertEqual(self.client.get("/swagger.json").json(), generated)

    def test_served_document_is_made_once_in_each_format(self):
        calls = []

        def make(*arguments):
            calls.append(arguments)
            return "text"

        request = RequestFactory().get("/")
        for arguments in [(), ("json",), ("yaml",)] * 2:
            response = public_document(request, "text/plain", make, *arguments)
            self.assertEqual(response.content, b"text")
        set_script_prefix("/cinema/")
        self.addCleanup(set_script_prefix, "/")
        public_document(request, "text/plain", make)
        self.assertEqual(calls, [(), ("json",), ("yaml",), ()])

    def test_document_not_modified_is_304(self):
        tags = set()
        for url in ("/swagger.json", "/swagger.yaml"):
            etag = self.client.get(url)["ETag"]
            tags.add(etag)
            for given in (etag, f"W/{etag}", f'"another", {etag}', "*"):
                response = self.client.get(url, headers={"if-none-match": given})
                self.assertEqual((response.status_code, response.content), (304, b""))
                self.assertEqual((response["ETag"], response["Cache-Control"]), (etag, "no-cache"))
            other = self.client.get(url, headers={"if-none-match": '"another"'})
            self.assertEqual(other.status_code, 200)
        self.assertEqual(len(tags), 2)

    def test_public_document_may_be_loaded_by_pages_of_all_origins(self):
        origin = {"origin": "https://editor.example"}
        for url in ("/swagger.json", "/swagger.yaml"):
            first = self.client.get(url, headers=origin)
            again = self.client.get(url, headers=origin | {"if-none-match": first["ETag"]})
            for response in (first, again):
                self.assertEqual(response["Access-Control-Allow-Origin"], "*")
        self.client.force_login(create_user("stella", is_staff=True))
        for url in ("/swagger/staff.json", "/swagger/", "/api/movies/"):
            response = self.client.get(url, headers=origin)
            self.assertEqual(response.status_code, 200)
            self.assertNotIn("Access-Control-Allow-Origin", response)
        self.assertIn("no-store", self.client.get("/swagger/staff.json")["Cache-Control"])

    def test_document_is_valid_openapi(self):
        validate_spec(deepcopy(document().raw))  # it changes its argument
        if OpenAPIV2SpecValidator is None:
            self.skipTest("the other validator is missing: pip install -r requirements-dev.txt")
        # It does not know Swagger 2.0's type of a download.
        text = json.dumps(document().raw).replace('"type": "file"', '"type": "string"')
        OpenAPIV2SpecValidator(json.loads(text)).validate()

    def test_yaml_swagger_ui_and_redoc_are_served(self):
        for url, kind, content in [
            ("/swagger.yaml", "application/yaml; charset=utf-8", b"swagger: '2.0'"),
            ("/swagger/", "text/html; charset=utf-8", b"booking/swagger-authorize.js"),
            ("/swagger/", "text/html; charset=utf-8", b"booking/swagger-errors.js"),
            ("/redoc/", "text/html; charset=utf-8", b"redoc"),
        ]:
            with self.subTest(url):
                response = self.client.get(url, headers={"accept": "text/html,*/*;q=0.8"})
                self.assertEqual((response.status_code, response["Content-Type"]), (200, kind))
                self.assertIn(content, response.content)

    def test_swagger_ui_fits_phones_and_links_to_the_other_pages(self):
        page = self.client.get("/swagger/", headers={"accept": "text/html"}).content.decode()
        self.assertIn('name="viewport" content="width=device-width, initial-scale=1"', page)
        for url in ("/redoc/", "/openapi.json", "/swagger.json", "/admin/"):
            self.assertIn(f'<a href="{url}">', page)
        self.assertNotRegex(page, r"<script(?![^>]*(src=|application/json))")  # the CSP forbids it


class DemoLoginTests(TestCase):
    def setUp(self):
        for name, password in (CUSTOMER, STAFF):
            user = create_user(name)
            user.set_password(password)
            user.save()

    def shown(self):
        page = self.client.get("/swagger/", headers={"accept": "text/html"}).content.decode()
        return re.findall(r"<span>(\w+): <code>(\w+)</code> / <code>([\w-]+)</code></span>", page)

    def test_demo_logins_are_shown_with_debug_only(self):
        with override_settings(DEBUG=True):
            self.assertEqual(self.shown(), [("Customer", *CUSTOMER), ("Staff", *STAFF)])
        with override_settings(DEBUG=False):
            self.assertEqual(self.shown(), [])

    @override_settings(DEBUG=True)
    def test_demo_logins_that_do_not_work_are_not_shown(self):
        User.objects.filter(username="staff").update(is_active=False)
        self.assertEqual(self.shown(), [("Customer", *CUSTOMER)])
        demo = User.objects.get(username="demo")
        demo.set_password("paper-moon-1973")
        demo.save()
        self.assertEqual(self.shown(), [])
        User.objects.all().delete()
        self.assertEqual(self.shown(), [])


class UnknownPermission(BasePermission):
    """Not in CUSTOMER_PERMISSIONS."""


class CheckInView(APIView):
    permission_classes = [IsAdminUser]

    def post(self, request):
        return Response(status=204)


class CloseDoorView(APIView):
    permission_classes = [UnknownPermission]

    def post(self, request):
        """Never called."""


class CombinedPermissionsView(CheckInView):
    permission_classes = [IsAuthenticated & IsAdminUser]


class MixedView(GenericViewSet):
    def get_permissions(self):
        return [IsAdminUser() if self.action == "destroy" else AllowAny()]

    def retrieve(self, request):
        """Never called."""

    def destroy(self, request):
        """Never called."""


CLOSE = Operation(id="close", summary="Close", tag="The door", status=204, errors=[NoActiveAccount])
CHECK_IN = Operation(
    id="checkIn", summary="Admit a customer", tag="The door", status=204, request=BookSeat
)
TEST_OPERATIONS = {
    CheckInView: {"post": CHECK_IN},
    CloseDoorView: {"post": CLOSE},
    CombinedPermissionsView: {"post": CHECK_IN},
    MixedView: {
        "retrieve": Operation(id="getDoor", summary="The door", tag="Shows", response=BookSeat),
        "destroy": Operation(id="closeDoor", summary="Close it", tag="The door", status=204),
    },
}

urlpatterns = [
    path("api/door/", CheckInView.as_view()),
    path("api/a/", CloseDoorView.as_view()),
    path("api/b/", CombinedPermissionsView.as_view()),
    path("api/c/", APIView.as_view(permission_classes=[IsAdminUser])),
    path("api/mixed/", MixedView.as_view({"get": "retrieve", "delete": "destroy"})),
    path("api/", include("booking.api.urls")),
]


class AudienceTests(TestCase):
    def setUp(self):
        self.enterContext(mock.patch.dict(OPERATIONS, TEST_OPERATIONS))

    def schema(self, generator_class):
        made = generator_class(INFO, patterns=urlpatterns).get_schema(public=True)
        return json.loads(OpenAPICodecJson(validators=[]).encode(made))

    def test_staff_operations_are_in_the_staff_document_only(self):
        public, staffs = self.schema(SchemaGenerator), self.schema(StaffSchemaGenerator)
        known = document().raw["paths"].keys()
        of_staff = {"/api/check-in/", "/api/check-in/undo/", "/api/shows/{id}/admissions/"}
        self.assertEqual(public["paths"].keys(), known - of_staff | {"/api/mixed/"})
        self.assertEqual(public["paths"]["/api/mixed/"].keys(), {"get"})
        more = {"/api/door/", "/api/a/", "/api/b/", "/api/mixed/"}
        self.assertEqual(staffs["paths"].keys(), known | more)
        self.assertEqual(staffs["paths"]["/api/mixed/"].keys(), {"get", "delete"})

    def test_staff_operations_document_403(self):
        for url in ("/api/door/", "/api/a/", "/api/b/"):
            check_in = self.schema(StaffSchemaGenerator)["paths"][url]["post"]
            refused = check_in["responses"]["403"]["schema"]["allOf"][1]["properties"]["code"]
            self.assertEqual(check_in["security"], [{"Bearer": []}])
            self.assertEqual(refused["enum"], ["permission_denied", "https_required"])
            self.assertIn("401", check_in["responses"])

    def test_error_of_one_operation_does_not_change_shared_responses(self):
        before = document().raw["responses"]
        self.assertEqual(self.schema(StaffSchemaGenerator)["responses"], before)
        documented = self.schema(StaffSchemaGenerator)["paths"]["/api/a/"]["post"]["responses"][
            "401"
        ]
        codes = documented["schema"]["allOf"][1]["properties"]["code"]["enum"]
        self.assertEqual((codes[0], codes[-1]), ("not_authenticated", "no_active_account"))

    def test_staff_document_redirects_others_to_login(self):
        for url in ("/swagger/staff/", "/swagger/staff.json"):
            response = self.client.get(url)
            self.assertRedirects(response, f"/admin/login/?next={url}")
        self.client.force_login(create_user("stella", is_staff=True))
        page = self.client.get("/swagger/staff/", headers={"accept": "text/html"})
        self.assertIn(b'"url": "/swagger/staff.json"', page.content)
        public = self.client.get("/swagger.json").json()
        served = self.client.get("/swagger/staff.json").json()
        self.assertEqual(served["paths"], document().raw["paths"])
        self.assertEqual(
            served["paths"].keys() - public["paths"].keys(),
            {"/api/check-in/", "/api/check-in/undo/", "/api/shows/{id}/admissions/"},
        )


class ExampleTests(SimpleTestCase):
    def test_example_of_every_definition_is_valid(self):
        definitions = document().raw["definitions"]
        without = {name for name, each in definitions.items() if "example" not in each}
        self.assertEqual(
            without,
            {"ApiError", "ReservedSeat", "MySeats", "Row", "Seat", "AdmittedSeats", "ListedTicket"}
            | SHARED_RESPONSES.keys(),
        )
        for name in definitions.keys() - without:
            with self.subTest(name):
                schema = {"$ref": f"#/definitions/{name}"}
                found = document().violations(schema, definitions[name]["example"])
                self.assertEqual(list(found), [])

    def test_seat_labels_of_examples_are_right(self):
        definitions = document().raw["definitions"]
        booking = definitions["Booking"]["example"]
        reservation = definitions["Reservation"]["example"]
        for seat in [booking, *reservation["bookings"]]:
            label = seat_label(seat["seat_number"], booking["show"]["seats_per_row"])
            self.assertEqual(seat["seat_label"], label)


class RequestExampleTests(ApiTestCase):
    def test_request_examples_succeed(self):
        definitions = document().raw["definitions"]
        show = f"/api/shows/{create_show().pk}"

        def send(method, path, definition):
            return getattr(self.client, method)(path, definitions[definition]["example"])

        self.assertEqual(send("post", "/api/signup/", "SignUp").status_code, 201)
        tokens = send("post", "/api/login/", "LogIn").json()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
        self.assertEqual(send("patch", "/api/me/", "ChangeAccount").status_code, 200)
        booking = send("post", f"{show}/book/", "BookSeat").json()
        moving = self.client.post(f"/api/bookings/{booking['id']}/move/", {"seat_number": 7})
        self.assertEqual(moving.status_code, 200)
        self.assertEqual(send("post", f"{show}/reservations/", "ReserveSeats").status_code, 201)
        changed = send("post", "/api/me/password/", "ChangePassword")
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {changed.json()['access']}")
        self.client.post(
            "/api/me/password/",
            {
                "old_password": definitions["ChangePassword"]["example"]["new_password"],
                "new_password": definitions["EraseAccount"]["example"]["password"],
            },
        )
        again = send("post", "/api/login/", "LogIn").json()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {again['access']}")
        self.assertEqual(send("delete", "/api/me/", "EraseAccount").status_code, 204)
