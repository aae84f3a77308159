"""Swagger UI in a browser: tokens are pasted and taken over, "Try it out" succeeds for every
operation, the page fits a phone, and nothing is loaded from another host."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.test import override_settings
from rest_framework_simplejwt.tokens import AccessToken

from booking import accounts
from booking.demo import CUSTOMER, STAFF
from booking.tests.browser.pages import BrowserTestCase, SwaggerUI, operations
from booking.tests.factories import (
    api_client,
    create_booking,
    create_hold,
    create_movie,
    create_show,
    create_user,
)
from booking.tokens import open_session

UNAUTHORIZED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
COMMON_STATUSES = "406 411 413 415 422 429 500 503"

# Elements that stick out of the screen, but for those inside a box that scrolls.
CUT_OFF = """
(root) => [...root.querySelectorAll("*")].filter((each) => {
  const bar = (node) => ["auto", "scroll"].includes(getComputedStyle(node).overflowX);
  const scrolls = (node) => node && node !== root && (bar(node) || scrolls(node.parentElement));
  return each.getBoundingClientRect().right > innerWidth + 1 && !scrolls(each.parentElement);
}).map((each) => each.tagName + "." + each.className)
"""

# Tables and their boxes that have to be scrolled sideways.
SCROLLING = """
(root) => [...root.querySelectorAll("table, .table-container, .responses-inner")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.tagName + "." + each.className)
"""

PASSWORD = "paper-moon-1973"  # the one of the document's examples


def order_of_use(operation):
    """Sign up before logging in to the same account."""
    first = ["signUp", "logIn"]
    name = operation["operationId"]
    return first.index(name) if name in first else len(first)


def optional(operation):
    """The optional parameters of the operation."""
    places = ("query", "header")
    given = [each for each in operation["parameters"] if each["in"] in places]
    return [each for each in given if not each.get("required")]


def success(operation):
    return min(operation["responses"])


def customer(name):
    user = create_user(name, email=f"{name}@example.com")
    user.set_password(PASSWORD)
    user.save()
    return user


class Scene:
    """Bookings and a hold of one user for one call, with a second show and movie for paging."""

    def __init__(self, user):
        self.user = user
        metropolis = create_movie("A movie", genre="Drama", language="German")
        create_movie("Another movie", genre="Drama", language="German")
        self.show = create_show(metropolis, total_seats=30)
        create_show(metropolis, starts_in=timedelta(minutes=1470))
        self.booking = create_booking(user, self.show, 1)
        create_booking(user, self.show, 2)
        self.hold = create_hold(user, self.show, 3)
        token = open_session(user=user)
        self.refresh, self.session = str(token), token["sid"]
        self.token = str(AccessToken.for_user(user))
        self.reset_token = accounts.reset_token(user)
        self.verification_token = accounts.verification_token(user)

    def in_path(self, operation):
        """Path parameters of the object."""
        is_ticket = operation["tags"] == ["Tickets"]  # a hold has none
        found = {
            "movies": {"id": self.show.movie_id},
            "shows": {"id": self.show.pk},
            "bookings": {"id": self.booking.pk},
            "reservations": {"reference": self.hold.reference},
            **({"reservations": {"reference": self.booking.reference}} if is_ticket else {}),
            "me": {"id": self.session},
        }
        named = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        return {name: str(found[operation["path"].split("/")[2]][name]) for name in named}

    def in_parameter(self, name, operation):
        """A valid value of an optional parameter."""
        day = f"{self.show.date_time:%Y-%m-%d}"
        known = {
            "page_size": "1",
            "search": "movie",
            "genre": "drama",
            "language": "german",
            "now_showing": "true",
            "bookable": "true",
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
        link = api_client(self.user).get(path, {"page_size": 1})["Link"]
        return parse_qs(urlsplit(link[1:].partition(">")[0]).query)["cursor"][0]

    def body(self, operation):
        """Body of operations whose example is not usable; None for others."""
        return {
            "refreshToken": {"refresh": self.refresh},
            "logOut": {"refresh": self.refresh},
            "verifyEmail": {"token": self.verification_token},
            "resetPassword": {"token": self.reset_token, "new_password": "silver-screen-1927"},
        }.get(operation["operationId"])


def sent_options(request, operation):
    """Optional parameters that the request has."""
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    names = [each["name"] for each in optional(operation) if each["in"] == "header"]
    headers = request.headers
    return query | {name: headers[name.lower()] for name in names if name.lower() in headers}


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class SwaggerUITests(BrowserTestCase):
    def setUp(self):
        self.schema = self.client.get("/swagger.json").json()
        self.operations = sorted(operations(self.schema), key=order_of_use)

    def operation(self, name):
        return next(each for each in self.operations if each["operationId"] == name)

    def ways_to_call(self, operation):
        """Tuples of scene, typed values and expected optional parameters: with the defaults, with
        all optional parameters cleared, and with all of them filled in."""
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

    def test_try_it_out_succeeds_for_every_operation(self):
        calls = [(each, list(self.ways_to_call(each))) for each in self.operations]
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            for operation, ways in calls:
                with self.subTest(operation["operationId"]):
                    self.try_out(ui, operation, ways)
        self.assertNothingForeignLoaded()
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

    def assertAuthorization(self, ui, authorization, status):
        """Call getMe; assert the header sent and the status shown."""
        me = self.operation("getMe")
        ui.open(me)
        sent, shown = ui.execute(me)
        ui.close(me)
        self.assertEqual((sent.headers.get("authorization"), shown), (authorization, status))

    def test_token_pasted_with_or_without_bearer_is_accepted(self):
        token = Scene(customer("ada")).token
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            half = len(token) // 2
            for pasted in (
                token,
                f"Bearer {token}",
                f" \t{token}\n",
                f'"Bearer  {token}"',
                f"'bearer {token}'",
                f"BEARER bEaReR\tBearer  {token}",
                f"Authorization: Bearer {token}",
                f"\u201c{token}\u201d",
                f"{token[:half]}\n  {token[half:]}",
                json.dumps({"refresh": "another", "access": token}),
            ):
                with self.subTest(pasted):
                    ui.authorize(pasted)
                    self.assertAuthorization(ui, f"Bearer {token}", "200")
        self.assertNothingForeignLoaded()
        self.assertEqual(self.complaints, [])

    def test_token_survives_reload_until_logout(self):
        token = Scene(customer("ada")).token
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            ui.authorize(token)
            ui.visit()
            self.assertAuthorization(ui, f"Bearer {token}", "200")
            ui.log_out()
            self.assertAuthorization(ui, None, "401")
            ui.visit()
            self.assertAuthorization(ui, None, "401")
        self.assertNothingForeignLoaded()
        self.assertEqual(self.complaints, [UNAUTHORIZED] * 2)

    def test_token_of_login_is_taken_over_until_logout(self):
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            self.execute(ui, "signUp", "201")
            tokens = self.execute(ui, "logIn", "200")
            self.assertAuthorization(ui, f"Bearer {tokens['access']}", "200")
            ui.visit()
            self.assertAuthorization(ui, f"Bearer {tokens['access']}", "200")
            fresh = self.execute(ui, "refreshToken", "200", {"refresh": tokens["refresh"]})
            self.assertNotEqual(fresh["access"], tokens["access"])
            self.assertAuthorization(ui, f"Bearer {fresh['access']}", "200")
            self.execute(ui, "logOut", "204", {"refresh": fresh["refresh"]})
            self.assertAuthorization(ui, None, "401")
            ui.visit()
            self.assertAuthorization(ui, None, "401")
        self.assertNothingForeignLoaded()
        self.assertEqual(self.complaints, [UNAUTHORIZED] * 2)

    def test_refused_login_keeps_the_token(self):
        token = Scene(customer("ada")).token
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            ui.authorize(token)
            self.execute(ui, "logIn", "401", {"username": "ada", "password": "wrong"})
            self.assertAuthorization(ui, f"Bearer {token}", "200")
        self.assertEqual(self.complaints, [UNAUTHORIZED])

    def execute(self, ui, name, status, body=None):
        """Execute an operation, assert the status shown, and return the response's body."""
        operation = self.operation(name)
        ui.open(operation)
        sent, shown = ui.execute(operation, body=body)
        self.assertEqual(shown, status)
        ui.close(operation)
        return None if status == "204" else sent.response().json()

    def test_errors_of_any_call_are_folded_into_one_line(self):
        with self.browsing() as page:
            ui = SwaggerUI(page, self.address)
            ui.visit()
            for name, own, folded in [
                ("bookSeat", "201 400 401 403 404 409", "406 411 413 415 422 429 500 503"),
                ("listMovies", "200 304 400 403", "406 411 413 500 503"),
            ]:
                operation = self.operation(name)
                ui.open(operation)
                block = ui.block(operation)
                statuses = block.locator(".responses-table tr.response > td.response-col_status")
                note = block.locator(".common-errors")
                self.assertEqual(statuses.all_inner_texts(), own.split())
                listed = folded.replace(" ", ", ")
                self.assertEqual(
                    note.inner_text(), f"Errors that any call may give: {listed}. Show"
                )
                note.get_by_role("button", name="Show").click()
                note.get_by_role("button", name="Hide").wait_for()
                everything = sorted([*own.split(), *folded.split()])
                self.assertEqual(statuses.all_inner_texts(), everything)
                note.get_by_role("button", name="Hide").click()
                note.get_by_role("button", name="Show").wait_for()
                self.assertEqual(statuses.all_inner_texts(), own.split())
            description = page.locator(".info .description").inner_text()
        for status in COMMON_STATUSES.split():
            self.assertIn(f"\n{status} ", description)
        self.assertEqual(self.complaints, [])

    def test_phone_width_does_not_scroll_horizontally(self):
        user = customer("ada")
        scene = Scene(user)
        with self.browsing() as page:
            page.set_viewport_size({"width": 390, "height": 844})
            ui = SwaggerUI(page, self.address)
            ui.visit()
            self.assertFits(page, ".opblock-tag")
            ui.authorize(scene.token)
            for name in ("bookSeat", "getSeatMap", "listShows"):
                operation = self.operation(name)
                ui.open(operation)
                ui.execute(operation, scene.in_path(operation))
                self.assertFits(page, f"#{ui.block(operation).get_attribute('id')}")
            page.locator(".auth-wrapper > .authorize").click()
            self.assertFits(page, ".modal-ux")
        self.assertEqual(self.complaints, [])

    def assertFits(self, page, selector):
        """Nothing is wider than the screen, but for what has a scroll bar of its own."""
        self.assertEqual(page.evaluate("document.documentElement.scrollWidth"), 390)
        self.assertEqual(page.evaluate("innerWidth"), 390)
        for shown in page.locator(f"{selector}:visible").all():
            box = shown.bounding_box()
            self.assertGreaterEqual(box["x"], 0, selector)
            self.assertLessEqual(box["x"] + box["width"], 390, selector)
        cut_off = page.locator(selector).first.evaluate(CUT_OFF)
        self.assertEqual(cut_off, [])
        self.assertEqual(page.locator(selector).first.evaluate(SCROLLING), [])

    def test_demo_logins_are_shown_in_development_only(self):
        for name, password in (CUSTOMER, STAFF):
            user = customer(name)
            user.set_password(password)
            user.save()
        for debug in (True, False):
            with override_settings(DEBUG=debug), self.browsing() as page:
                SwaggerUI(page, self.address).visit()
                shown = page.locator(".start-links").inner_text().split("\n")
                links = [
                    each.get_attribute("href") for each in page.locator(".start-links a").all()
                ]
            logins = ["Customer: demo / demo-popcorn", "Staff: staff / staff-popcorn"]
            self.assertEqual(shown[4:], logins if debug else [])
            self.assertEqual(links, ["/redoc/", "/openapi.json", "/swagger.json", "/admin/"])
