"""The ways to break the system that the checker must notice, and two that must not matter.

Each is a patch, applied when a worker starts. Where a mistake would show in a moment of a few
microseconds only, the patch makes that moment a few milliseconds longer: what is tested here is
whether the checker sees it, not whether it happens often.
"""

import os
import random
import threading
import time
from dataclasses import dataclass
from io import BytesIO
from queue import Queue

MOMENT = 0.005  # seconds


@dataclass(frozen=True)
class Mutant:
    patch: callable
    refused: bool = True
    without_constraint: bool = False
    verbs: tuple | None = None  # what the clients do; everything, if it does not say
    exact: bool = True  # whether what only the lock can promise is judged
    customers: int | None = None  # how many there are, if few


def applied(name, application):
    """The WSGI application, broken if a mutant is named."""
    return (MUTANTS[name].patch(application) if name else None) or application


# --- Guards ---


def _without_lock():
    from django.db.models import QuerySet

    from booking.box_office import selling

    QuerySet.select_for_update = lambda queryset: queryset
    sell = selling._sell

    def hesitant(*args):
        time.sleep(MOMENT)
        return sell(*args)

    selling._sell = hesitant


def no_guards(application):
    """Neither lock nor constraint."""
    _without_lock()


def no_lock(application):
    """The constraint alone, which keeps seats from being sold twice and nothing else: so seats are
    only booked, reserved and held, and neither counts nor the limit are judged."""
    _without_lock()


def no_constraint(application):
    """The lock alone."""


def limit_before_lock(application):
    """How many seats a customer has is counted before it is the customer's turn."""
    from booking.box_office import selling
    from booking.models import Show

    wait, check = selling.wait_for_turn, selling.check_limit
    counted = threading.local()
    reserve = selling.reserve

    def count_first(**wanted):
        shows = Show.objects.with_seats_of(wanted["by"].pk).filter(pk=wanted["show_id"])
        counted.seats = shows.values_list("seats_of_customer", flat=True)[0]
        return reserve(**wanted)

    def hesitate(show_id, *then):
        time.sleep(4 * MOMENT)
        return wait(show_id, *then)

    def check_what_was_counted(show, more):
        show.seats_of_customer = counted.seats
        check(show, more)

    from booking import box_office

    selling.reserve = box_office.reserve = count_first
    selling.wait_for_turn, selling.check_limit = hesitate, check_what_was_counted


# --- Transactions ---


def no_idempotency(application):
    """Every retry is done as if it were the first; the last answer is kept."""
    from booking.api import idempotency
    from booking.models import IdempotencyKey

    def do_again(claim, fingerprint, act):
        response = act()
        answer = idempotency._json(response.status_code, idempotency.as_json(response.data))
        kept = {"fingerprint": fingerprint, "status": 201, "body": answer.content.decode()}
        IdempotencyKey.objects.update_or_create(**claim, defaults=kept)
        return answer

    idempotency._do_or_repeat = do_again


def acknowledge_before_commit(application):
    """The answer leaves; the transaction commits a moment later."""
    from django.core.signals import request_finished, request_started
    from django.db import DatabaseError, close_old_connections, connections, transaction

    # Which would close the connection of a transaction that spans the request.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)

    def early(environ, start_response):
        answers = Queue()
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length) if length else b"")

        def serve():
            try:
                with transaction.atomic():
                    answers.put(list(application(environ, start_response)))
                    time.sleep(20 * MOMENT)
            except DatabaseError:
                answers.put(None)  # heard only if there was no answer yet
            finally:
                connections.close_all()

        threading.Thread(target=serve).start()
        answer = answers.get()
        if answer is None:
            start_response("503 Service Unavailable", [])
        return answer or []

    return early


def executes_twice(application):
    """A retry inside the server that does not know that the first try was committed."""
    from booking import box_office
    from booking.box_office import selling

    reserve = selling.reserve

    def reserve_and_again(**wanted):
        reservation = reserve(**wanted)
        if wanted.get("count") and random.random() < 0.2:
            reservation = reserve(**wanted)
        return reservation

    box_office.reserve = reserve_and_again


def partial_reservations(application):
    """Sells those of the wanted seats that are free."""
    from booking.box_office import selling
    from booking.box_office.seats import free_seats

    check = selling._check_are_free

    def take_what_there_is(show, seat_numbers):
        if free := free_seats(show).intersection(seat_numbers):
            seat_numbers[:] = sorted(free)
        show.seats_are_taken = not free
        check(show, seat_numbers)

    selling._check_are_free = take_what_there_is


# --- Time ---


def skewed_clocks(application):
    """Holds lapse by the clock of each worker, of which some are wrong."""
    from booking.models.clock import Now

    skew = random.Random(os.getpid()).choice([-1.5, 0, 1.5])

    def as_sql(self, compiler, connection, **context):
        if connection.vendor == "postgresql":
            return f"(STATEMENT_TIMESTAMP() + INTERVAL '{skew} seconds')", []
        return f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'NOW', '{skew:+} seconds')", []

    Now.as_sql = Now.as_postgresql = Now.as_sqlite = as_sql


def confirm_ignores_expiry(application):
    from booking.box_office import holding

    def still_there(bookings):
        return [each for each in bookings if each.status in ("held", "booked")]

    holding.those_active = still_there


def stale_seat_map(application):
    """The seat map is kept for two seconds, by each worker."""
    from booking.api.views.catalogue import SeatMapViewSet

    retrieve, kept = SeatMapViewSet.retrieve, {}

    def from_memory(view, request, pk):
        key = (pk, request.user.pk)
        when, answer = kept.get(key, (0, None))
        if time.monotonic() - when > 2:
            answer = retrieve(view, request, pk)
            kept[key] = (time.monotonic(), answer)
        return answer

    SeatMapViewSet.retrieve = from_memory


# --- Status ---


def cancel_revives(application):
    """Cancelling what is cancelled makes it booked again, if the seat is free."""
    from django.db import IntegrityError, transaction

    from booking import box_office
    from booking.api import idempotency
    from booking.exceptions import AlreadyCancelled
    from booking.models import Booking

    cancel, do = box_office.cancel, idempotency._do_or_repeat

    def toggle(*, booking, by):
        try:
            return cancel(booking=booking, by=by)
        except AlreadyCancelled as refusal:
            refusal.booking = booking
            raise

    def revive(claim, fingerprint, act):
        try:
            return do(claim, fingerprint, act)
        except AlreadyCancelled as refusal:
            if hasattr(refusal, "booking"):
                try:
                    with transaction.atomic():
                        Booking.objects.filter(pk=refusal.booking.pk).update(status="booked")
                except IntegrityError:
                    pass
            raise

    box_office.cancel, idempotency._do_or_repeat = toggle, revive


def sweeper_frees_booked_seats(application):
    """Confirming leaves the end of the hold where it is, and a sweeper looks at nothing else."""
    from django.db import DatabaseError, close_old_connections
    from django.db.models.functions import Now

    from booking.box_office import holding
    from booking.models import Booking

    change = holding.change

    def forgetful(bookings, **values):
        if "status" in values:
            values.pop("held_until", None)
        change(bookings, **values)

    holding.change = forgetful

    def sweep():
        while True:
            time.sleep(0.5)
            close_old_connections()
            try:
                lapsed = Booking.objects.exclude(status="cancelled").filter(held_until__lte=Now())
                lapsed.update(status="expired")
            except DatabaseError:
                pass

    threading.Thread(target=sweep, daemon=True).start()


GUARDS_ONLY = ("book", "reserve", "map")

MUTANTS = {
    "no_guards": Mutant(no_guards, without_constraint=True),
    "limit_before_lock": Mutant(limit_before_lock, customers=2),
    "no_idempotency": Mutant(no_idempotency),
    "acknowledge_before_commit": Mutant(acknowledge_before_commit),
    "executes_twice": Mutant(executes_twice),
    "partial_reservations": Mutant(partial_reservations),
    "skewed_clocks": Mutant(skewed_clocks),
    "confirm_ignores_expiry": Mutant(confirm_ignores_expiry),
    "stale_seat_map": Mutant(stale_seat_map),
    "cancel_revives": Mutant(cancel_revives),
    "sweeper_frees_booked_seats": Mutant(sweeper_frees_booked_seats),
    "no_constraint": Mutant(no_constraint, refused=False, without_constraint=True),
    "no_lock": Mutant(no_lock, refused=False, verbs=GUARDS_ONLY, exact=False),
}
