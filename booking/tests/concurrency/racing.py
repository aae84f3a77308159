"""Many requests at the same moment, with real threads, each with its own database connection; and
the same with the guards taken away."""

import time
from collections import Counter
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from threading import Barrier, BrokenBarrierError, Thread
from unittest import mock

from django.db import connection, connections

from booking.db.compiled import compiled
from booking.models import Booking, Show

DONE = "done"


def outcomes(answers):
    """How many were done, and how many refused with which code; anything else by its status."""
    return Counter(
        DONE if each.status_code in (200, 201) else each.json().get("code", each.status_code)
        for each in answers
    )


class Meeting:
    """Whoever has looked and is about to write waits until a second one is about to, too.

    With a guard in place that cannot be; then the first one goes on after a while, and from
    there on nobody waits.
    """

    def __init__(self, seconds=1.5):  # less than the lock timeout of the others in the queue
        self.seconds = seconds
        self.barrier = Barrier(2)

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith(("INSERT INTO", "UPDATE")) and "booking_booking" in sql:
            with suppress(BrokenBarrierError):
                self.barrier.wait(self.seconds)
        return execute(sql, params, many, context)


def at_once(calls):
    """The answers of all calls, made by a thread each that start at the same moment. An answer
    knows when it was `asked` for and when it was `given`."""
    answers = [None] * len(calls)
    start, meeting = Barrier(len(calls)), Meeting()

    def run(number):
        try:
            connection.ensure_connection()
            start.wait(timeout=30)
            with connection.execute_wrapper(meeting):
                asked = time.monotonic()
                answer = calls[number]()
                answer.asked, answer.given = asked, time.monotonic()
                answers[number] = answer
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[number]) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def no_transaction(*args, **kwargs):
    return nullcontext()


@compiled
def unlocked(show_id):
    return Show.objects.filter(pk=show_id)


@contextmanager
def no_lock():
    """On PostgreSQL the lock of the show; on SQLite the transaction, which is its lock."""
    with ExitStack() as stack:
        if connection.vendor == "postgresql":
            stack.enter_context(mock.patch("booking.box_office.locking.show_lock", unlocked))
        else:
            stack.enter_context(mock.patch("booking.box_office.locking.atomic", no_transaction))
        yield


@contextmanager
def no_constraint():
    (unique,) = [c for c in Booking._meta.constraints if c.name == "one_active_booking_per_seat"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Booking, unique)
    try:
        yield
    finally:
        Booking.objects.all().delete()  # with what was sold twice it would not come back
        with connection.schema_editor() as editor:
            editor.add_constraint(Booking, unique)
