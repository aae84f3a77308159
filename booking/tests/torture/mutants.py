"""Mutants: deliberately broken versions of the application that the checker must reject.

(Two are harmless on purpose: they must pass.) A mutant is a set of patches, applied when a worker
starts. Where an error would show only within microseconds, the patch makes that moment some
milliseconds longer: the test is whether the checker notices, not how often the error happens.
"""

import os
import random
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as replace_field
from datetime import timedelta
from io import BytesIO
from pkgutil import resolve_name
from queue import Queue

# All internals of the application that mutants patch or call. After a renaming, change this table
# (and the arguments of the wrappers below). Every place under which a caller finds the function:
INTERNALS = {
    # patched
    "select_for_update": ["django.db.models:QuerySet.select_for_update"],
    "lock_show": ["booking.box_office.selling:lock_show"],  # (show_id, *queries)
    "convert": ["booking.db.pipeline:Pipeline.convert"],  # (statements)
    # (booking, *, wanted)
    "booking_to_cancel": ["booking.box_office.cancelling:locked_booking"],
    "booking_to_move": ["booking.box_office.moving:locked_booking"],
    # (reservation)
    "reservation_to_cancel": ["booking.box_office.cancelling:locked_reservation"],
    "reservation_to_confirm": ["booking.box_office.holding:locked_reservation"],
    "insert_bookings": ["booking.box_office.selling:_insert_bookings"],
    "sell": ["booking.box_office.selling:_sell"],
    "reserve": ["booking.box_office:reserve"],
    "require_within_limit": [
        "booking.box_office.selling:require_within_seat_limit"
    ],  # (sale, more)
    "require_free": ["booking.box_office.selling:require_seats_free"],  # (sale)
    "cancel": ["booking.box_office:cancel"],
    "active_bookings": ["booking.box_office.holding:require_active"],  # (snapshots)
    "update_bookings": ["booking.box_office.holding:update_bookings"],  # (bookings, **values)
    "insert_events": ["booking.box_office.queries:defer_insert"],
    "insert_events_of_sale": ["booking.box_office.selling:defer_insert_from"],
    "update_moved": ["booking.box_office.moving:update_bookings"],  # (bookings, **values)
    "held_intervals": [
        "booking.box_office.queries:held_intervals"
    ],  # (show_id, customer_id, ended_after, created_after)
    "run_once": ["booking.api.idempotency:_perform_or_repeat"],  # (claim, fingerprint, act)
    "seat_map": ["booking.api.views.shows:SeatMapViewSet.retrieve"],
    "now": [
        "booking.models.clock:Now.as_sql",
        "booking.models.clock:Now.as_postgresql",
        "booking.models.clock:Now.as_sqlite",
    ],
    # called
    "current_attempt": ["booking.box_office.attempts:current_attempt.get"],  # ()
    "free_seats": ["booking.box_office.queries:free_seats"],  # (show, now)
    "json_response": ["booking.api.idempotency:_json_response"],
}

DELAY = 0.005  # seconds


@dataclass(frozen=True)
class Mutant:
    patch: callable
    is_rejected: bool = True  # by the checker
    without_constraint: bool = False
    verbs: tuple | None = None  # operations of the clients; None: all
    exact: bool = True  # False: do not check what only the lock guarantees
    customers: int | None = None  # number of customers; None: all


def apply(name, application):
    """The WSGI application, broken if a mutant is named."""
    return (MUTANTS[name].patch(application) if name else None) or application


def original(name):
    return resolve_name(INTERNALS[name][0])


def replace(name, function):
    """Replace an internal function at every place where callers find it."""
    for place in INTERNALS[name]:
        module, _, path = place.partition(":")
        *owner, attribute = path.split(".")
        setattr(resolve_name(f"{module}:{'.'.join(owner)}"), attribute, function)


# --- Guards ---


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


def _change_unlocked(name):
    """Replace `locked_booking` or `locked_reservation` of a verb by one without a lock."""
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

    replace(name, unlocked)


def cancels_without_lock(application):
    """Cancels what it has read without a lock."""
    _change_unlocked("booking_to_cancel")
    _change_unlocked("reservation_to_cancel")


def moves_without_lock(application):
    """Moves what it has read without a lock."""
    _change_unlocked("booking_to_move")


def confirms_and_extends_without_lock(application):
    """Confirms and extends what it has read without a lock."""
    _change_unlocked("reservation_to_confirm")


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


# --- Transactions ---


def no_idempotency(application):
    """Processes every retry like a first request, and keeps the last response."""
    from booking.api.renderers import JSONRenderer
    from booking.models import IdempotencyKey

    json_response = original("json_response")

    def process_again(claim, fingerprint, act):
        response = act()
        answer = json_response(response.status_code, JSONRenderer().render(response.data))
        kept = {"fingerprint": fingerprint, "status": 201, "body": answer.content.decode()}
        IdempotencyKey.objects.update_or_create(**claim, defaults=kept)
        return answer

    replace("run_once", process_again)


def acknowledge_before_commit(application):
    """Sends the response, and commits a moment later."""
    from django.core.signals import request_finished, request_started
    from django.db import DatabaseError, close_old_connections, connections, transaction

    # They would close the connection of a transaction that spans the request.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)

    def respond_early(environ, start_response):
        responses = Queue()
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length) if length else b"")

        def serve():
            try:
                with transaction.atomic():
                    responses.put(list(application(environ, start_response)))
                    time.sleep(20 * DELAY)
            except DatabaseError:
                responses.put(None)  # only read if there was no response yet
            finally:
                connections.close_all()

        threading.Thread(target=serve).start()
        response = responses.get()
        if response is None:
            start_response("503 Service Unavailable", [])
        return response or []

    return respond_early


def executes_twice(application):
    """Retries inside the server although the first attempt was committed."""
    reserve = original("reserve")

    def reserve_twice(**wanted):
        reservation = reserve(**wanted)
        if wanted.get("count") and random.random() < 0.2:
            reservation = reserve(**wanted)
        return reservation

    replace("reserve", reserve_twice)


def partial_reservations(application):
    """Sells those of the wanted seats that are free."""
    require_free, free_seats = original("require_free"), original("free_seats")
    current_attempt = original("current_attempt")

    def keep_free_ones(sale):
        wanted = current_attempt().seat_numbers
        show = sale.snapshot
        free = free_seats(show.show, show.now).intersection(wanted)
        if free:
            current_attempt().seat_numbers = sorted(free)
        else:
            require_free(sale)

    replace("require_free", keep_free_ones)


# --- Time ---


def skewed_clocks(application):
    """Holds expire by the clock of each worker, and some clocks are wrong."""
    skew = random.Random(os.getpid()).choice([-1.5, 0, 1.5])

    def as_sql(self, compiler, connection, **context):
        if connection.vendor == "postgresql":
            return f"(STATEMENT_TIMESTAMP() + INTERVAL '{skew} seconds')", []
        return f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'NOW', '{skew:+} seconds')", []

    replace("now", as_sql)


def confirm_ignores_expiry(application):
    """Confirms expired holds."""

    def held_or_booked(bookings):
        return [each for each in bookings if each.booking.status in ("held", "booked")]

    replace("active_bookings", held_or_booked)


def forgets_released_holds(application):
    """Does not count the time of holds that were given back."""
    from booking.models import Booking

    def not_released(show_id, customer_id, ended_after, created_after):
        holds = Booking.objects.of_show(show_id).of_user(customer_id)
        holds = holds.filter(status__in=["held", "expired"], held_until__gt=ended_after)
        return list(holds.values_list("created_at", "held_until"))

    replace("held_intervals", not_released)


def move_extends_hold(application):
    """Moving a held booking lets its hold last longer."""
    update_moved = original("update_moved")

    def extend_too(bookings, **values):
        for each in bookings:
            if each.held_until:
                values["held_until"] = each.held_until + timedelta(seconds=0.5)
        update_moved(bookings, **values)

    replace("update_moved", extend_too)


def stale_seat_map(application):
    """Caches the seat map for two seconds, in each worker."""
    seat_map, cache = original("seat_map"), {}

    def cached(view, request, pk):
        key = (pk, request.user.pk)
        when, response = cache.get(key, (0, None))
        if time.monotonic() - when > 2:
            response = seat_map(view, request, pk)
            cache[key] = (time.monotonic(), response)
        return response

    replace("seat_map", cached)


# --- Status ---


def cancel_revives(application):
    """Cancelling a cancelled booking books it again, if the seat is free."""
    from django.db import IntegrityError, transaction

    from booking.exceptions import AlreadyCancelled
    from booking.models import Booking

    cancel, run_once = original("cancel"), original("run_once")

    def note_booking(*, booking, by):
        try:
            return cancel(booking=booking, by=by)
        except AlreadyCancelled as refusal:
            refusal.booking = booking
            raise

    def revive(claim, fingerprint, act):
        try:
            return run_once(claim, fingerprint, act)
        except AlreadyCancelled as refusal:
            if hasattr(refusal, "booking"):
                try:
                    with transaction.atomic():
                        Booking.objects.filter(pk=refusal.booking.pk).update(status="booked")
                except IntegrityError:
                    pass
            raise

    replace("cancel", note_booking)
    replace("run_once", revive)


def sweeper_frees_booked_seats(application):
    """Confirming keeps `held_until`, and a sweeper expires all bookings whose time is over."""
    from django.db import DatabaseError, close_old_connections
    from django.db.models.functions import Now

    from booking.models import Booking

    update_bookings = original("update_bookings")

    def keep_held_until(bookings, **values):
        if "status" in values:
            values.pop("held_until", None)
        update_bookings(bookings, **values)

    def sweep():
        while True:
            time.sleep(0.5)
            close_old_connections()
            try:
                expired = Booking.objects.exclude(status="cancelled").filter(held_until__lte=Now())
                expired.update(status="expired")
            except DatabaseError:
                pass

    replace("update_bookings", keep_held_until)
    threading.Thread(target=sweep, daemon=True).start()


# --- Events ---


def forgets_events(application):
    """Writes no event of one change in ten."""
    for name in ("insert_events", "insert_events_of_sale"):
        replace(name, _forgetting(original(name)))


def _forgetting(insert):
    def insert_mostly(*args, **kwargs):
        if random.random() > 0.1:
            insert(*args, **kwargs)

    return insert_mostly


ONLY_GUARDED = ("book", "reserve", "map")

MUTANTS = {
    "no_guards": Mutant(no_guards, without_constraint=True),
    "pipeline_without_lock": Mutant(pipeline_without_lock),
    "cancels_without_lock": Mutant(cancels_without_lock),
    "moves_without_lock": Mutant(moves_without_lock, verbs=("book", "move", "cancel", "map")),
    "confirms_and_extends_without_lock": Mutant(confirms_and_extends_without_lock),
    "limit_before_lock": Mutant(limit_before_lock, customers=2),
    "no_idempotency": Mutant(no_idempotency),
    "acknowledge_before_commit": Mutant(acknowledge_before_commit),
    "executes_twice": Mutant(executes_twice),
    "partial_reservations": Mutant(partial_reservations),
    "skewed_clocks": Mutant(skewed_clocks),
    "confirm_ignores_expiry": Mutant(confirm_ignores_expiry),
    "forgets_released_holds": Mutant(
        forgets_released_holds, verbs=("reserve", "cancel", "cancel_reservation"), customers=2
    ),
    "move_extends_hold": Mutant(move_extends_hold),
    "stale_seat_map": Mutant(stale_seat_map),
    "cancel_revives": Mutant(cancel_revives),
    "sweeper_frees_booked_seats": Mutant(sweeper_frees_booked_seats),
    "forgets_events": Mutant(forgets_events),
    "no_constraint": Mutant(no_constraint, is_rejected=False, without_constraint=True),
    "no_lock": Mutant(no_lock, is_rejected=False, verbs=ONLY_GUARDED, exact=False),
}
