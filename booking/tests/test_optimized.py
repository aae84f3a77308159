"""The application under `python -OO` (PYTHONOPTIMIZE=2): without docstrings and `assert`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

from booking.tests.environment import only_once

BOOK = """
from booking.tests.factories import *
from booking.models import Booking
settings.ALLOWED_HOSTS = ["testserver"]
client, show = api_client(create_user("alice")), create_show()
for seat_number, status in [(5, 201), (5, 400), (0, 400), (11, 400)]:
    response = client.post(f"/api/shows/{show.id}/book/", {"seat_number": seat_number})
    print(response.status_code, response.json().get("detail") or response.json()["seat_number"])
print(client.post("/api/login/", {"username": "alice", "password": "wrong"}).json()["detail"])
print(client.get("/api/shows/0/").json()["detail"], Booking.objects.get().status)
"""
BOOKED = """\
201 5
400 This seat has just been taken.
400 ['Seats are numbered from 1.']
400 ['There is no seat 11 in this show. Seats are numbered from 1 to 10.']
Wrong username or password.
Not found. booked
"""


@only_once
class OptimizedTests(SimpleTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def manage(self, *arguments, stdin=""):
        """Output of a command of manage.py, on a SQLite database of its own."""
        done = subprocess.run(
            [sys.executable, "-OO", "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONDONTWRITEBYTECODE": "1",
                "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
                "LOG_LEVEL": "ERROR",
            },
            input=stdin,
            capture_output=True,
            text=True,
        )
        others = [line for line in done.stderr.splitlines() if " booking.security " not in line]
        self.assertEqual((done.returncode, others), (0, []))
        return done.stdout

    def test_schema_is_the_same_without_docstrings(self):
        file = self.folder / "swagger.json"
        self.manage("generate_swagger", str(file))
        expected = (settings.BASE_DIR / "docs" / "swagger.json").read_text(encoding="utf-8")
        self.assertEqual(file.read_text(encoding="utf-8"), expected)

    def test_seat_is_booked_and_refusals_have_their_sentences(self):
        self.manage("migrate", "--verbosity", "0")
        self.assertEqual(self.manage("shell", "--verbosity", "0", stdin=BOOK), BOOKED)
