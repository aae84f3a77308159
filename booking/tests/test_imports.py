"""Imports point downwards only (docs: .github/CONTRIBUTING.md, "Layout")."""

import ast
from pathlib import Path
from unittest import TestCase

import booking

ROOT = Path(booking.__file__).parent

# What each module or package of the application may import from it. Downwards: nothing above.
ALLOWED = {
    "exceptions": set(),
    "seating": set(),
    "hold_allowance": set(),
    "logging": set(),
    "cache": set(),
    "demo": set(),
    "roles": set(),
    "session_store": {"db"},
    "db": set(),
    "text": set(),
    "models": {"db", "exceptions", "seating", "text"},
    "box_office": {
        *("db", "exceptions", "hold_allowance", "logging", "metrics", "models", "seating"),
    },
    "tickets": {"exceptions", "logging", "models"},
    "jwt": {"db", "exceptions", "logging", "models"},
    "tokens": {"exceptions", "jwt", "logging", "models"},
    "throttling": {"accounts", "exceptions", "logging", "waiting_room"},
    "waiting_room": {"exceptions"},
    "mail": {"accounts", "exceptions", "logging", "models", "tickets"},
    "second_factor": {"logging"},
    "admin_site": {"admin", "second_factor"},
    "password_reset_page": {"accounts", "exceptions", "text"},
    "verify_email_page": {"accounts", "exceptions"},
    "accounts": {
        *("box_office", "db", "exceptions", "jwt", "logging", "models", "second_factor", "text"),
        "tokens",
    },
    "audit": {"models", "seating", "text"},
    "api": {
        *(
            "accounts",
            "box_office",
            "db",
            "demo",
            "exceptions",
            "jwt",
            "metrics",
            "models",
            "roles",
        ),
        *("seating", "text", "throttling", "tickets", "tokens"),
    },
    "probes": {"db"},
    "metrics": set(),
    "metrics_page": {"metrics", "models", "probes"},
    "middleware": {"api", "logging", "metrics", "metrics_page", "probes"},
    "admin": {
        *("accounts", "box_office", "exceptions", "logging", "models", "roles", "seating"),
        *("password_reset_page", "second_factor", "text", "throttling", "tickets", "tokens"),
    },
    "management": {
        *("accounts", "audit", "box_office", "db", "demo", "mail", "management", "models"),
        *("roles", "seating"),
    },
    "apps": {"db"},
}
WITHOUT_DJANGO = ["exceptions", "hold_allowance", "seating"]


def imports_of(file: Path):
    """Absolute names of the modules that a file imports, anywhere in it."""
    package = ("booking", *file.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def files_of(part):
    return sorted((ROOT / part).rglob("*.py")) if (ROOT / part).is_dir() else [ROOT / f"{part}.py"]


class ImportTests(TestCase):
    def test_every_part_of_the_application_is_listed(self):
        parts = {each.stem for each in ROOT.glob("*.py")} - {"__init__"}
        parts |= {each.parent.name for each in ROOT.glob("*/__init__.py")}
        self.assertEqual(parts - {"migrations", "tests"}, set(ALLOWED))

    def test_parts_import_only_what_is_below_them(self):
        for part, allowed in ALLOWED.items():
            for file in files_of(part):
                for name in imports_of(file):
                    package, _, rest = name.partition(".")
                    imported = rest.partition(".")[0]
                    if package == "booking" and imported != part:
                        with self.subTest(file=str(file.relative_to(ROOT)), imports=name):
                            self.assertIn(imported, allowed)

    def test_pure_modules_do_not_import_django(self):
        for part in WITHOUT_DJANGO:
            for file in files_of(part):
                for name in imports_of(file):
                    with self.subTest(file=str(file.relative_to(ROOT)), imports=name):
                        self.assertNotIn(name.partition(".")[0], ("django", "rest_framework"))

    def test_movies_and_shows_do_not_import_bookings(self):
        for module in ("movies", "shows"):
            names = list(imports_of(ROOT / "models" / f"{module}.py"))
            self.assertFalse([name for name in names if name.startswith("booking.models.bookings")])

    def test_private_database_api_is_used_in_db_only(self):
        private = ("django.db.models.sql", "django.db.models.query.", "psycopg.pq", "psycopg.adapt")
        for part in set(ALLOWED) - {"db"}:
            for file in files_of(part):
                used = [name for name in imports_of(file) if name.startswith(private)]
                self.assertEqual(used, [], file)

    def test_booking_events_are_written_by_the_box_office_only(self):
        """They are append-only: everything else may read them, through `booking.events`."""
        writers = {"box_office", "models"}
        for part in set(ALLOWED) - writers:
            for file in files_of(part):
                self.assertNotIn("BookingEvent", file.read_text(), file)
        for file in files_of("box_office"):
            for word in ("BookingEvent.objects", ".events"):
                self.assertNotIn(word, file.read_text(), file)
