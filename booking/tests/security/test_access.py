"""Access control: the status of every URL and method for each kind of user."""

import json
import re
from datetime import timedelta

from django.apps import apps
from django.contrib.auth.models import Group
from django.core.serializers import serialize
from django.db import transaction
from django.test import TestCase
from django.urls import URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from booking.models import Mail, Session
from booking.roles import BOX_OFFICE, MANAGER
from booking.roles import DOOR as DOOR_ROLE
from booking.tests.factories import (
    api_client,
    create_booking,
    create_hold,
    create_movie,
    create_screen,
    create_show,
    create_user,
)
from booking.tickets import Ticket, code_of
from booking.tokens import open_session

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
USERS = ("anonymous", "alice", "bob", "newcomer", "door", "seller", "manager", "boss")
PASSWORD = "paper-moon-1973"

# Statuses for: anonymous, Alice (the owner of the object, if there is one), Bob (a customer with
# objects of his own), staff without a role, of the roles Door, Box office and Manager, and a
# superuser. In the API, staff are customers like others.
OPEN = "200 200 200 200 200 200 200 200"
CREATED = "401 201 201 201 201 201 201 201"
OWN = "401 200 403 403 403 403 403 403"
PERSONAL = "401 200 200 200 200 200 200 200"

PUBLIC = {
    "api/": {"GET": OPEN},
    "api/signup/": {"POST": "201 201 201 201 201 201 201 201"},
    "api/login/": {"POST": OPEN},
    "api/token/refresh/": {"POST": OPEN},
    "api/logout/": {"POST": "204 204 204 204 204 204 204 204"},
    "api/movies/": {"GET": OPEN},
    "api/movies/<int:pk>/": {"GET": OPEN},
    "api/movies/<int:pk>/shows/": {"GET": OPEN},
    "api/shows/": {"GET": OPEN},
    "api/shows/<int:pk>/": {"GET": OPEN},
    "api/shows/<int:pk>/seats/": {"GET": OPEN},
    "api/shows/<int:pk>/layout/": {"GET": OPEN},
    "api/password-reset/": {"POST": "204 204 204 204 204 204 204 204"},
    "api/password-reset/confirm/": {"POST": "400 400 400 400 400 400 400 400"},  # no such token
    "api/verify-email/": {"POST": "400 400 400 400 400 400 400 400"},  # no such token
    "swagger/": {"GET": OPEN},
    "swagger.<str:format>": {"GET": OPEN},
    "openapi.json": {"GET": OPEN},
    "redoc/": {"GET": OPEN},
}
# For staff of the role Door and above.
DOOR_STAFF = "401 403 403 403 200 200 200 200"
DOOR_ROUTES = {
    "api/check-in/": {"POST": DOOR_STAFF},
    "api/check-in/undo/": {"POST": DOOR_STAFF},
    "api/shows/<int:pk>/admissions/": {"GET": DOOR_STAFF},
}
OBJECTS = {  # Alice's
    "api/bookings/<int:pk>/": {"GET": OWN},
    "api/bookings/<int:pk>/cancel/": {"POST": OWN},
    "api/bookings/<int:pk>/move/": {"POST": OWN},
    "api/reservations/<reference:reference>/": {"GET": OWN},
    "api/reservations/<reference:reference>/confirm/": {"POST": OWN},
    "api/reservations/<reference:reference>/extend/": {"POST": OWN},
    "api/reservations/<reference:reference>/cancel/": {"POST": OWN},
    "api/bookings/<int:pk>/ticket/": {"GET": OWN},
    "api/bookings/<int:pk>/ticket.svg": {"GET": OWN},
    "api/bookings/<int:pk>/ticket.png": {"GET": OWN},
    "api/bookings/<int:pk>/ticket.pdf": {"GET": OWN},
    "api/bookings/<int:pk>/calendar.ics": {"GET": OWN},
    "api/reservations/<reference:reference>/ticket/": {"GET": OWN},
    "api/reservations/<reference:reference>/ticket.pdf": {"GET": OWN},
    "api/reservations/<reference:reference>/calendar.ics": {"GET": OWN},
}
OF_TICKETS = ("/ticket/", ".svg", ".png", ".pdf", ".ics")
PERSONAL_ROUTES = OBJECTS | {
    "api/me/": {
        "GET": PERSONAL,
        "PATCH": PERSONAL,
        "DELETE": "401 204 204 204 204 204 204 204",
    },
    "api/me/password/": {"POST": PERSONAL},
    "api/verify-email/resend/": {"POST": "401 400 400 400 400 400 400 400"},  # no address
    "api/me/sessions/": {"GET": PERSONAL},
    "api/me/sessions/<int:pk>/": {"DELETE": "401 204 404 404 404 404 404 404"},  # Alice's
    "api/shows/<int:pk>/book/": {"POST": CREATED},
    "api/shows/<int:pk>/reservations/": {"POST": CREATED},
    "api/my-bookings/": {"GET": PERSONAL},
    "api/my-reservations/": {"GET": PERSONAL},
}
# GET in the admin; 302 redirects to its login. Named for who gets 200.
STAFF = "302 302 302 200 200 200 200 200"
DOOR = "302 302 302 403 200 200 200 200"
SELLERS = "302 302 302 403 403 200 200 200"
MANAGERS = "302 302 302 403 403 403 200 200"
BOSS = "302 302 302 403 403 403 403 200"
NEVER = "302 302 302 403 403 403 403 403"
REDIRECTED = "302 302 302 302 302 302 302 302"
ADMIN = {
    "admin/": STAFF,
    "admin/login/": "200 200 200 302 302 302 302 302",
    "admin/logout/": "302 302 302 405 405 405 405 405",
    "admin/password_change/": STAFF,
    "admin/password_change/done/": STAFF,
    "admin/autocomplete/": NEVER,  # without parameters
    "admin/jsi18n/": STAFF,
    "openapi/staff.json": STAFF,
    "swagger/staff/": STAFF,
    "swagger/staff.<str:format>": STAFF,
    "admin/r/<path:content_type_id>/<path:object_id>/": "302 302 302 404 404 404 404 404",
    r"admin/^(?P<app_label>booking|auth)/$": "302 302 302 404 200 200 200 200",
    "admin/(?P<url>.*)$": "302 302 302 404 404 404 404 404",
}
for name in ("booking", "movie", "screen", "show"):
    ADMIN |= {
        f"admin/booking/{name}/": DOOR,
        f"admin/booking/{name}/add/": MANAGERS,
        f"admin/booking/{name}/<path:object_id>/history/": DOOR,
        f"admin/booking/{name}/<path:object_id>/delete/": MANAGERS,
        f"admin/booking/{name}/<path:object_id>/change/": DOOR,
        f"admin/booking/{name}/<path:object_id>/": REDIRECTED,
    }
for name, look in (("group", BOSS), ("user", SELLERS)):
    ADMIN |= {
        f"admin/auth/{name}/": look,
        f"admin/auth/{name}/add/": BOSS,
        f"admin/auth/{name}/<path:object_id>/history/": look,
        f"admin/auth/{name}/<path:object_id>/delete/": BOSS,
        f"admin/auth/{name}/<path:object_id>/change/": look,
        f"admin/auth/{name}/<path:object_id>/": REDIRECTED,
    }
ADMIN |= {
    "admin/auth/user/<id>/password/": MANAGERS,
    "admin/auth/user/<id>/erase/": MANAGERS,
    "admin/booking/booking/add/": SELLERS,
    "admin/booking/booking/<int:pk>/cancel/": SELLERS,
    "admin/booking/booking/<int:pk>/ticket.pdf": DOOR,
    "admin/booking/booking/<int:pk>/tickets.pdf": DOOR,
    "admin/booking/booking/export/": MANAGERS,
    "admin/booking/booking/<path:object_id>/delete/": NEVER,
    "admin/booking/show/timetable/": DOOR,
    "admin/booking/show/plan/": MANAGERS,
    "admin/booking/show/<int:pk>/call-off/": MANAGERS,
    "admin/booking/show/<int:pk>/door-list/": DOOR,
    "admin/booking/show/door/": DOOR,
    "admin/booking/show/<int:pk>/door/": DOOR,
    "admin/booking/show/<int:pk>/seats/": DOOR,
    "admin/booking/show/<int:pk>/seats/state/": DOOR,
    "admin/second-factor/": REDIRECTED,  # switched off: admin/test_second_factor.py
    "admin/second-factor/setup/": REDIRECTED,
    "admin/booking/mail/": MANAGERS,
    "admin/booking/mail/add/": NEVER,
    "admin/booking/mail/<int:pk>/send-again/": "302 302 302 405 405 405 405 405",
    "admin/booking/mail/<path:object_id>/history/": MANAGERS,
    "admin/booking/mail/<path:object_id>/delete/": NEVER,
    "admin/booking/mail/<path:object_id>/change/": MANAGERS,
    "admin/booking/mail/<path:object_id>/": REDIRECTED,
    # POST only
    "admin/booking/screen/preview/": "302 302 302 405 405 405 405 405",
}
REDIRECTS = {""}  # to Swagger UI
PAGES = {  # for everybody, with tests of their own
    *("admin/password_reset/", "admin/password_reset/done/", "admin/reset/"),
    *("password-reset/", "password-reset/done/", "verify-email/", "verify-email/done/"),
}


def routes(patterns=None, prefix=""):
    for pattern in patterns or get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def statuses(expected):
    return dict(zip(USERS, map(int, expected.split()), strict=True))


def whole_database():
    """Every row of this app and of auth, as JSON, without sessions and the log of the admin."""
    models = [m for m in apps.get_models() if m._meta.app_label in ("booking", "auth")]
    models.remove(Session)
    return [serialize("json", model.objects.order_by("pk")) for model in models]


class AccessTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.users = {name: create_user(name) for name in USERS[1:]}
        for user in cls.users.values():
            user.set_password(PASSWORD)
            user.is_staff = user.username not in ("alice", "bob")
            user.is_superuser = user.username == "boss"
            user.save()
        for name, role in (("door", DOOR_ROLE), ("seller", BOX_OFFICE), ("manager", MANAGER)):
            cls.users[name].groups.add(Group.objects.get(name=role))
        alice, bob = cls.users["alice"], cls.users["bob"]
        cls.show = create_show(starts_in=timedelta(minutes=30))
        cls.screen = create_screen()
        cls.held, cls.booked = create_hold(alice, cls.show, 5), create_booking(alice, cls.show, 6)
        create_booking(bob, cls.show, 7)
        cls.admitted = create_booking(bob, cls.show, 9, admitted_at=timezone.now())
        create_hold(bob, cls.show, 8)
        cls.unsold = create_show(create_movie("Unsold"))
        cls.session = open_session(user=alice)["sid"]
        cls.mail = Mail.objects.create(kind="password_changed", user=bob, recipient="b@example.com")
        cls.group = Group.objects.create(name="unused")

    def setUp(self):
        self.clients = {name: api_client(user) for name, user in self.users.items()}
        self.clients["anonymous"] = APIClient()
        for name, user in self.users.items():
            self.clients[name].force_login(user)  # for the admin; the API uses the token

    def path(self, route):
        """URL with the ids of Alice's objects, or of unsold ones."""
        special = {
            "swagger.<str:format>": "swagger.json",
            "swagger/staff.<str:format>": "swagger/staff.json",
            "admin/r/<path:content_type_id>/<path:object_id>/": "admin/r/0/0/",
            r"admin/^(?P<app_label>booking|auth)/$": "admin/booking/",
            "admin/(?P<url>.*)$": "admin/nothing/",
            "api/bookings/<int:pk>/move/": f"api/bookings/{self.booked.pk}/move/",
            "admin/booking/movie/<path:object_id>/delete/": (
                f"admin/booking/movie/{self.unsold.movie_id}/delete/"
            ),
            "admin/booking/show/<path:object_id>/delete/": (
                f"admin/booking/show/{self.unsold.pk}/delete/"
            ),
        }
        of = {
            "movies": self.show.movie_id,
            "shows": self.show.pk,
            "bookings": self.held.pk,
            "sessions": self.session,
            "reservations": self.held.reference,
            "movie": self.show.movie_id,
            "show": self.show.pk,
            "screen": self.screen.pk,
            "booking": self.held.pk,
            "user": self.users["bob"].pk,
            "group": self.group.pk,
            "mail": self.mail.pk,
        }
        if route.endswith(OF_TICKETS):  # a hold has none
            booked = self.booked
            of |= {"bookings": booked.pk, "reservations": booked.reference, "booking": booked.pk}
        route = special.get(route, route)
        return "/" + re.sub(r"(\w+)/<[^>]+>", lambda m: f"{m[1]}/{of[m[1]]}", route)

    def body(self, method, route):
        refresh = str(open_session(user=self.users["bob"]))
        return {
            "api/signup/": {"username": "carol", "password": PASSWORD},
            "api/login/": {"username": "bob", "password": PASSWORD},
            "api/token/refresh/": {"refresh": refresh},
            "api/logout/": {"refresh": refresh},
            "api/password-reset/": {"email": "bob@example.com"},
            "api/password-reset/confirm/": {"token": "x", "new_password": PASSWORD},
            "api/verify-email/": {"token": "x"},
            "api/me/": {"password": PASSWORD} if method == "DELETE" else {"first_name": "Ada"},
            "api/me/password/": {"old_password": PASSWORD, "new_password": "silver-screen-1927"},
            "api/shows/<int:pk>/book/": {"seat_number": 1},
            "api/shows/<int:pk>/reservations/": {"count": 1},
            "api/bookings/<int:pk>/move/": {"seat_number": 2},
            "api/check-in/": {"code": code_of(Ticket.of(self.booked))},
            "api/check-in/undo/": {"code": code_of(Ticket.of(self.admitted))},
        }.get(route, {})

    def request(self, name, method, route):
        """Status, and whether the database changed; the change is rolled back."""
        with transaction.atomic():
            body = json.dumps(self.body(method, route)) if method in WITH_BODY else ""
            before = whole_database() if name == "bob" and route in OBJECTS else None
            response = self.clients[name].generic(
                method, self.path(route), body, content_type="application/json"
            )
            changed = before is not None and whole_database() != before
            transaction.set_rollback(True)
        return response.status_code, changed

    def test_table_has_every_url(self):
        known = PUBLIC.keys() | PERSONAL_ROUTES.keys() | DOOR_ROUTES.keys() | ADMIN.keys()
        known |= REDIRECTS | PAGES
        self.assertEqual(set(routes()), known)

    def assertAccess(self, route, method, expected):
        for name, status in statuses(expected).items():
            with self.subTest(f"{method} {route} by {name}"):
                self.assertEqual(self.request(name, method, route), (status, False))

    def test_public_url_is_open_to_everyone(self):
        for route, methods in PUBLIC.items():
            for method in METHODS:
                given = {"OPTIONS": OPEN, **methods}
                self.assertAccess(route, method, given.get(method, " ".join(["405"] * 8)))

    def test_personal_url_is_for_the_owner(self):
        for route, methods in PERSONAL_ROUTES.items():
            for method in METHODS:
                given = {"OPTIONS": PERSONAL, **methods}
                self.assertAccess(route, method, given.get(method, " ".join(["401", *["405"] * 7])))

    def test_door_url_is_for_staff_at_the_door(self):
        for route, methods in DOOR_ROUTES.items():
            for method in METHODS:
                given = {"OPTIONS": DOOR_STAFF, **methods}
                others = DOOR_STAFF.replace("200", "405")
                self.assertAccess(route, method, given.get(method, others))

    def test_admin_page_is_for_staff_with_permission(self):
        for route, expected in ADMIN.items():
            self.assertAccess(route, "GET", expected)

    def test_admin_change_needs_the_change_permission(self):
        """POST is 403 for users who may only view; others get a confirmation page (200)."""
        for route, expected in ADMIN.items():
            if re.match(r"admin/(booking|auth)/.*(add|change|delete|password)/$", route):
                wanted = statuses(expected)
                changers = MANAGERS if "/user/" in route or "add" not in route else expected
                if re.search("booking/(booking|mail)/", route) and "change" in route:
                    changers = NEVER  # bookings and mails are not edited
                for name, status in statuses(changers).items():
                    if wanted[name] == 200:
                        wanted[name] = status
                for name, status in wanted.items():
                    with self.subTest(f"POST {route} by {name}"):
                        self.assertEqual(self.request(name, "POST", route), (status, False))

    def test_public_schema_has_no_staff_urls(self):
        for name in USERS:
            paths = self.clients[name].get("/swagger.json").json()["paths"]
            self.assertTrue(all(path.startswith("/api/") for path in paths))
            documented = [each for each in PUBLIC | PERSONAL_ROUTES if each.startswith("api/")]
            self.assertEqual(len(paths), len(documented))
