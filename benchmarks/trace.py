"""Trace of one booking: how much of the project's own code it runs.

    python -m benchmarks.trace              calls, functions, files and changes of file
    python -m benchmarks.trace --verbose    and every call, in order

Books a seat with Django's test client, without and with an Idempotency-Key, on a temporary
PostgreSQL server, or on the database in DATABASE_URL. Counts calls of Python functions in booking/
and movie_booking/, without tests. booking/tests/test_trace.py asserts the limits.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = tuple(f"{PROJECT / package}{os.sep}" for package in ("booking", "movie_booking"))
TESTS = f"{PROJECT / 'booking' / 'tests'}{os.sep}"


class Call(NamedTuple):
    file: str
    function: str


@dataclass(frozen=True)
class Trace:
    """Calls of project functions, in order."""

    calls: list[Call]

    @property
    def functions(self) -> set[Call]:
        return set(self.calls)

    @property
    def files(self) -> set[str]:
        return {call.file for call in self.calls}

    @property
    def changes_of_file(self) -> int:
        return sum(one.file != next_one.file for one, next_one in pairwise(self.calls))

    def __str__(self) -> str:
        return (
            f"{len(self.calls)} calls of {len(self.functions)} functions in {len(self.files)} "
            f"files, {self.changes_of_file} changes of file"
        )


def trace(function: Callable[[], object]) -> Trace:
    """Run `function` and record the calls of project functions, in this thread."""
    calls = []

    def record(frame, event, _arg):
        code = frame.f_code
        if event == "call" and is_project_file(code.co_filename):
            file = str(Path(code.co_filename).relative_to(PROJECT))
            calls.append(Call(file, code.co_qualname))

    sys.setprofile(record)
    try:
        function()
    finally:
        sys.setprofile(None)
    return Trace(calls)


def is_project_file(filename: str) -> bool:
    return filename.startswith(PACKAGES) and not filename.startswith(TESTS)


class Booker:
    """A customer with an access token and a show; each call of `book` books the next seat."""

    def __init__(self):
        from django.contrib.auth.models import User
        from django.test import Client
        from django.utils import timezone
        from rest_framework_simplejwt.tokens import AccessToken

        from booking.models import Movie, Show

        user = User.objects.create_user("alice", "alice@example.com")
        self.show = Show.objects.create(
            movie=Movie.objects.create(title="Metropolis", duration_minutes=153),
            screen_name="Screen 1",
            date_time=timezone.now() + timedelta(days=1),
            total_seats=100,
        )
        self.client = Client(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})
        self.seats = count(1)

    def book(self, key: str | None = None) -> None:
        response = self.client.post(
            f"/api/shows/{self.show.pk}/book/",
            {"seat_number": next(self.seats)},
            content_type="application/json",
            headers={"Idempotency-Key": key} if key else {},
        )
        if response.status_code != 201:
            raise RuntimeError(f"{response.status_code}: {response.content!r}")


def trace_bookings() -> dict[str, Trace]:
    """Traces of one booking without and one with an Idempotency-Key, on a warm process."""
    booker = Booker()
    for number in range(2):  # imports, compiled queries, prepared statements
        booker.book()
        booker.book(f"warm-up-{number}")
    return {
        "booking": trace(booker.book),
        "booking with Idempotency-Key": trace(lambda: booker.book("key")),
    }


@contextmanager
def test_database() -> Iterator[None]:
    """Set up Django and an empty test database, and destroy the database afterwards."""
    import logging

    import django

    django.setup()
    from django.test.runner import DiscoverRunner

    logging.getLogger("booking").setLevel(logging.WARNING)
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(databases)
        runner.teardown_test_environment()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.trace",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--verbose", action="store_true", help="list every call")
    verbose = parser.parse_args().verbose
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")
    os.environ.setdefault("DEBUG", "on")
    from booking.tests.postgres import Postgres

    with nullcontext() if "DATABASE_URL" in os.environ else Postgres(fsync="off") as server:
        if server:
            os.environ["DATABASE_URL"] = server.url
        with test_database():
            for title, of_booking in trace_bookings().items():
                print(f"{title}: {of_booking}")
                for call in of_booking.calls if verbose else []:
                    print(f"    {call.file}  {call.function}")


if __name__ == "__main__":
    main()
