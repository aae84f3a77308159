"""Swagger UI as somebody meets it who opens it for the first time: a pasted token works, "Try it
out" succeeds for every operation of the document, and nothing is asked of another host."""

from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.test import override_settings
from rest_framework_simplejwt.tokens import AccessToken

from booking.tests.browser.pages import BrowserTestCase, SwaggerUI, operations
from booking.tests.factories import booking, client_of, hold, movie, person, show
from booking.tokens import open_session

PASSWORD = "paper-moon-1973"  # the one of the document's examples


def newcomers_order(operation):
    """The account of the examples is opened before somebody logs in to it."""
    first = ["signUp", "logIn"]
    name = operation["operationId"]
    return first.index(name) if name in first else len(first)


def optional(operation):
    """Its parameters that may be left empty."""
    places = ("query", "header")
    given = [each for each in operation["parameters"] if each["in"] in places]
    return [each for each in given if not each.get("required")]


def success(operation):
    return min(operation["responses"])


def customer(name):
    user = person(name)
    user.set_password(PASSWORD)
    user.save()
    return user


class Scene:
    """Somebody's seats, booked and held, which no other call spoils; and a second show and movie,
    so that there is more than one page of everything."""

    def __init__(self, user):
        self.user = user
        film = movie("A film", genre="Drama", language="German")
        movie("Another film", genre="Drama", language="German")
        self.show = show(film, total_seats=30)
        show(film, starts_in=timedelta(minutes=1470))
        self.booking = booking(user, self.show, 1)
        booking(user, self.show, 2)
        self.hold = hold(user, self.show, 3)
        self.refresh = str(open_session(user=user))
        self.token = str(AccessToken.for_user(user))

    def in_path(self, operation):
        """The row that the path is about."""
        found = {
            "movies": {"id": self.show.movie_id},
            "shows": {"id": self.show.pk},
            "bookings": {"id": self.booking.pk},
            "reservations": {"reference": self.hold.reference},
        }
        named = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        return {name: str(found[operation["path"].split("/")[2]][name]) for name in named}

    def in_parameter(self, name, operation):
        """What somebody could mean by an optional parameter."""
        day = f"{self.show.date_time:%Y-%m-%d}"
        known = {
            "page_size": "1",
            "search": "film",
            "genre": "drama",
            "language": "german",
            "movie": str(self.show.movie_id),
            "show": str(self.show.pk),
            "status": "booked",
            "date": day,
            "from": day,
            "to": f"{day}T23:59:59Z",
            "Idempotency-Key": "3c2d2c3e-6a1b-4d0e-9f65-3f8f0c1f5a10",
            "If-None-Match": '"of-another-day"',
        }
        return self._second_page(operation) if name == "cursor" else known[name]

    def _second_page(self, operation):
        path = operation["path"].format(**self.in_path(operation))
        link = client_of(self.user).get(path, {"page_size": 1})["Link"]
        return parse_qs(urlsplit(link[1:].partition(">")[0]).query)["cursor"][0]

    def body(self, operation):
        """Of those whose example can only be an example."""
        return {
            "refreshToken": {"refresh": self.refresh},
            "logOut": {"refresh": self.refresh},
        }.get(operation["operationId"])


def sent_options(request, operation):
    """The optional parameters of the operation that the request has."""
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    names = [each["name"] for each in optional(operation) if each["in"] == "header"]
    headers = request.headers
    return query | {name: headers[name.lower()] for name in names if name.lower() in headers}


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class SwaggerUITests(BrowserTestCase):
    def setUp(self):
        self.schema = self.client.get("/swagger.json").json()
        self.operations = sorted(operations(self.schema), key=newcomers_order)

    def operation(self, name):
        return next(each for each in self.operations if each["operationId"] == name)

    def ways_to_call(self, operation):
        """As it opens; with nothing in what may be empty; with something in all of it. Each with
        a scene, what is typed, and which of the optional parameters are sent."""
        user = customer(f"user-of-{operation['operationId']}")
        names = [each["name"] for each in optional(operation)]
        defaults = {
            each["name"]: str(each["default"]) for each in optional(operation) if "default" in each
        }
        yield Scene(user), {}, defaults
        if defaults:
            yield Scene(user), dict.fromkeys(names, ""), {}
        if names:
            scene = Scene(user)
            filled = {name: scene.in_parameter(name, operation) for name in names}
            yield scene, filled, filled

    def test_every_operation_can_be_tried_out(self):
        calls = [(each, list(self.ways_to_call(each))) for each in self.operations]
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            for operation, ways in calls:
                with self.subTest(operation["operationId"]):
                    self.try_out(ui, operation, ways)
        self.assertStaysAtHome()
        self.assertEqual(self.complaints, [])

    def try_out(self, ui, operation, ways):
        if operation["security"]:
            ui.authorize(ways[0][0].token)
        ui.open(operation)
        for scene, typed, expected in ways:
            fields = scene.in_path(operation) | typed
            sent, shown = ui.execute(operation, fields, scene.body(operation))
            self.assertEqual(shown, success(operation), sent.url)
            self.assertEqual(sent_options(sent, operation), expected, sent.url)
        ui.close(operation)

    def assertWhoAmI(self, ui, authorization, status):
        """By a call of one's own account: what is sent, and what is shown."""
        me = self.operation("getMe")
        ui.open(me)
        sent, shown = ui.execute(me)
        ui.close(me)
        self.assertEqual((sent.headers.get("authorization"), shown), (authorization, status))

    def test_a_token_may_be_pasted_with_bearer_or_without(self):
        token = Scene(customer("ada")).token
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            for pasted in (token, f"Bearer {token}", f"  {token} ", f" Bearer {token} "):
                with self.subTest(pasted):
                    ui.authorize(pasted)
                    self.assertWhoAmI(ui, f"Bearer {token}", "200")
        self.assertStaysAtHome()
        self.assertEqual(self.complaints, [])

    def test_it_outlives_a_reload_until_one_logs_out(self):
        token = Scene(customer("ada")).token
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            ui.authorize(token)
            ui.visit()
            self.assertWhoAmI(ui, f"Bearer {token}", "200")
            ui.log_out()
            self.assertWhoAmI(ui, None, "401")
            ui.visit()
            self.assertWhoAmI(ui, None, "401")
        self.assertStaysAtHome()
        refused = (
            "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
        )
        self.assertEqual(self.complaints, [refused] * 2)
