"""Errors of commands: one line that says what is wrong, and no traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import TestCase

from django.conf import settings

from booking.tests.environment import only_once

MOVIE = {"model": "booking.movie", "pk": 1, "fields": {"title": "M", "duration_minutes": 117}}
SHOW = {
    "model": "booking.show",
    "pk": 1,
    "fields": {
        "movie": 1,
        "screen_name": "Screen 1",
        "date_time": "2030-01-01T20:00:00Z",
        "total_seats": 10,
    },
}
USER = {"model": "auth.user", "pk": 1, "fields": {"username": "alice", "password": "!"}}


def booking(primary_key, seat_number):
    fields = {"user": 1, "show": 1, "seat_number": seat_number, "reference": f"R{primary_key}"}
    return {"model": "booking.booking", "pk": primary_key, "fields": fields}


@only_once
class CommandErrorTests(TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.url = f"sqlite:///{self.folder}/db.sqlite3"

    def run_command(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": self.url, "DEBUG": "on"} | environment,
            capture_output=True,
            text=True,
        )

    def assertRefused(self, done, words):
        self.assertEqual(done.returncode, 1, done)
        self.assertNotIn("Traceback", done.stderr)
        self.assertIn(words, done.stderr)

    def load(self, text):
        fixture = self.folder / "fixture.json"
        fixture.write_text(text)
        return self.run_command("loaddata", str(fixture))

    def test_database_without_tables_is_said(self):
        for command in (["demo"], ["prune"], ["expire_holds"]):
            with self.subTest(command):
                self.assertRefused(self.run_command(*command), "no such table")

    def test_database_unreachable_is_said(self):
        unreachable = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/cinema"}
        for command in (
            ["createsuperuser", "--noinput", "--username", "boss", "--email", "b@cinema.example"],
            ["prune"],
            ["tune_database"],
        ):
            with self.subTest(command):
                self.assertRefused(self.run_command(*command, **unreachable), "connection failed")

    def test_traceback_is_printed_if_asked_for(self):
        self.assertIn("Traceback", self.run_command("prune", "--traceback").stderr)

    def test_fixture_with_an_error_is_refused_as_a_whole(self):
        self.assertEqual(self.run_command("migrate", "-v0").returncode, 0)
        rows = [MOVIE, SHOW, USER]
        for text, words in [
            ("[{", "fixture.json"),
            ('[{"model": "booking.cinema", "fields": {}}]', "booking.cinema"),
            (json.dumps([*rows, booking(1, 5), booking(2, 5)]), "UNIQUE"),
            (json.dumps([*rows, booking(1, 0)]), "seat_numbers_start_at_one"),
            (json.dumps([SHOW]), "foreign key"),
        ]:
            with self.subTest(words):
                self.assertRefused(self.load(text), words)
        counted = self.run_command("shell", "-v0", "-c", "print(Show.objects.count())")
        self.assertEqual(counted.stdout, "0\n")
