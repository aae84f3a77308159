"""Mutants without locks or constraints."""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace as replace_field

from .patching import DELAY, original, replace


def _insert_late():
    """Give other transactions the time to come between the checks of a sale and its INSERT."""
    insert_bookings = original("insert_bookings")

    def insert_late(*args):
        time.sleep(DELAY)
        return insert_bookings(*args)

    replace("insert_bookings", insert_late)


def _remove_lock():
    replace("select_for_update", lambda queryset: queryset)
    _insert_late()


def no_guards(application):
    """Neither lock nor constraint."""
    _remove_lock()


def no_lock(application):
    """The constraint alone. It prevents selling a seat twice, and nothing else: clients only book,
    reserve and hold, and neither counts nor the limit are checked."""
    _remove_lock()


def no_constraint(application):
    """The lock alone."""


def pipeline_without_lock(application):
    """The pipeline sends the statement that locks the show as a plain SELECT."""
    convert = original("convert")

    def convert_unlocked(pipeline, statements):
        unlocked = [(sql.replace(" FOR UPDATE", ""), values) for sql, values in statements]
        return convert(pipeline, unlocked)

    replace("convert", convert_unlocked)
    _insert_late()


def _change_unlocked(name, verb=None):
    """Replace `locked_booking` or `locked_reservation` of a module by one without a lock.

    With a verb of the box office only while that runs.
    """
    from booking.box_office.locking import transaction
    from booking.models import Booking, Reservation

    @contextmanager
    def unlocked(target, *, wanted=None):
        with transaction() as attempt:
            attempt.seat_numbers = [] if wanted is None else [wanted]
            if isinstance(target, Booking):
                attempt.show_id = target.show_id
                found = Booking.objects.filter(pk=target.pk).snapshots().get()
            else:
                found = Reservation.find(target.reference)
            time.sleep(4 * DELAY)
            yield found

    replace(name, _only_during(verb, unlocked, original(name)) if verb else unlocked)


def _only_during(verb, broken, intact):
    """A function that is broken in the thread that runs a verb, and intact otherwise."""
    called, current = original(verb), threading.local()

    def call(**wanted):
        current.is_running = True
        try:
            return called(**wanted)
        finally:
            current.is_running = False

    def choose(*args, **kwargs):
        function = broken if getattr(current, "is_running", False) else intact
        return function(*args, **kwargs)

    replace(verb, call)
    return choose


def cancels_without_lock(application):
    """Cancels what it has read without a lock."""
    _change_unlocked("booking_to_cancel")
    _change_unlocked("reservation_to_cancel")


def moves_without_lock(application):
    """Moves what it has read without a lock."""
    _change_unlocked("booking_to_move")


def admits_without_lock(application):
    """Checks in what it has read without a lock: two gates admit one ticket."""
    _change_unlocked("booking_to_admit")


def moves_in_two_transactions(application):
    """Decides on a move in one transaction with the lock, and writes it in another without."""
    from django.db import connection

    locked_booking = original("booking_to_move")

    @contextmanager
    def committed(booking, *, wanted):
        with locked_booking(booking, wanted=wanted) as found:
            if not any(connection.savepoint_ids):  # not inside the transaction of a test case
                with connection.cursor() as cursor:
                    cursor.execute("COMMIT")
                    cursor.execute("BEGIN")
                time.sleep(4 * DELAY)
            yield found

    replace("booking_to_move", committed)


def confirms_without_lock(application):
    """Confirms what it has read without a lock."""
    _change_unlocked("reservation_to_confirm", "confirm")


def extends_without_lock(application):
    """Extends what it has read without a lock."""
    _change_unlocked("reservation_to_confirm", "extend")


def _unlock(name, function, is_unlocked=lambda wanted: True):
    """Replace `lock_show`, where it is known as `name`, by a read during calls of a function."""
    from booking.db.compiled import compiled, fetch_all
    from booking.models import Show

    called, lock_show = original(function), original(name)
    current = threading.local()

    @compiled
    def without_lock(show_id):
        return Show.objects.filter(pk=show_id).values_list("pk")

    def call(**wanted):
        current.is_unlocked = is_unlocked(wanted)
        try:
            return called(**wanted)
        finally:
            current.is_unlocked = False

    def read_show(show_id, *queries):
        if not getattr(current, "is_unlocked", False):
            return lock_show(show_id, *queries)
        _, *results = fetch_all(without_lock.bind(show_id), *queries)
        time.sleep(4 * DELAY)
        return results

    replace(function, call)
    replace(name, read_show)


def staff_sell_without_lock(application):
    """Does not lock the show when staff sell or hold seats."""
    _unlock("lock_show", "sell", lambda wanted: wanted["customer"] is not None)


def erasing_cancels_without_lock(application):
    """Does not lock the shows of the bookings that are cancelled with an account."""
    _unlock("lock_show_to_cancel_all", "cancel_all")


def calls_off_without_lock(application):
    """Does not lock the show that is called off."""
    _unlock("lock_show_to_cancel_all", "call_off")


def limit_before_lock(application):
    """Counts a customer's seats before it locks the show."""
    from booking.models import Booking

    sell, lock_show = original("sell"), original("lock_show")
    require_within_limit = original("require_within_limit")
    counted = threading.local()

    def count_first(**wanted):
        active = Booking.objects.active().of_show(wanted["show_id"])
        counted.seats = active.of_user(wanted["by"].pk).count()
        return sell(**wanted)

    def lock_late(show_id, *queries):
        time.sleep(4 * DELAY)
        return lock_show(show_id, *queries)

    def check_old_count(sale, more):
        require_within_limit(replace_field(sale, seats_of_customer=counted.seats), more)

    replace("sell", count_first)
    replace("lock_show", lock_late)
    replace("require_within_limit", check_old_count)
