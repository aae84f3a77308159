"""Transactions, their retries, and row locks; nothing else in the application locks."""

import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, connection, models
from django.db.transaction import TransactionManagementError, atomic

from ..db.compiled import BoundQuery, compiled, fetch_all
from ..db.errors import violates_foreign_key, violates_unique, was_rolled_back
from ..db.writing import flush_deferred
from ..exceptions import CustomerNotFound, SeatTaken, ShowNotFound
from ..metrics import RETRIES, SHOW_LOCK_SECONDS
from ..models import Booking, BookingSnapshot, Reservation, Screen, Show
from .attempts import Attempt, current_attempt
from .queries import SeatsFreedMeanwhile, explain_taken_seats

P = ParamSpec("P")
T = TypeVar("T")

MAX_RETRIES = 3
COLUMNS_OF_USERS = ("user_id", "actor_id", "cancelled_by_id")
FIRST_PAUSE = 0.02  # seconds, on average; doubled with each retry


@contextmanager
def transaction() -> Iterator[Attempt]:
    """One transaction of the box office. Inside another one it is a part of it, no savepoint.

    A refusal rolls back the whole of it. A violated constraint becomes a refusal here, outside
    `atomic()`: inside, the transaction is already aborted. The alternatives to a taken seat are
    read here, too, when the lock is released.

    Raises SeatTaken, or CustomerNotFound if the account was deleted meanwhile.
    """
    outer = current_attempt.get()
    # A thread may have a copy of the context, but it has a connection of its own.
    if outer is not None and connection.in_atomic_block:
        with atomic(savepoint=False):  # an error here rolls back the outer one, even if caught
            yield outer
            flush_deferred()  # the outer transaction may need the new primary keys
        return
    attempt = Attempt()
    token = current_attempt.set(attempt)
    try:
        with atomic():
            yield attempt
    except IntegrityError as error:
        if any(violates_foreign_key(error, column) for column in COLUMNS_OF_USERS):
            raise CustomerNotFound from error
        if violates_unique(error, Booking, "one_active_booking_per_seat"):
            raise explain_taken_seats(attempt.show_id, attempt.seat_numbers) from error
        raise
    except SeatTaken as refusal:
        if refusal.facts:
            raise
        raise explain_taken_seats(attempt.show_id, attempt.seat_numbers) from None
    finally:
        current_attempt.reset(token)


def lock_show(show_id: int, *queries: BoundQuery) -> list[list[Any]]:
    """Lock the show's row until the transaction ends; the rows of queries that run after it.

    Raises ShowNotFound, or TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block and connection.features.has_select_for_update:
        raise TransactionManagementError("A lock outside a transaction is released at once.")
    started = time.perf_counter()
    try:
        locked, *results = fetch_all(show_lock.bind(show_id), *queries)
    finally:  # a wait that timed out is one, too
        SHOW_LOCK_SECONDS.observe(time.perf_counter() - started)
    if not locked:
        raise ShowNotFound
    return results


def lock_screens(screen_ids: Collection[int]) -> None:
    """Lock the rows of screens, in ascending order of id, until the transaction ends.

    It is the queue of those who add or change shows. A transaction that locks shows as well locks
    them first.
    """
    screens = Screen.objects.select_for_update().filter(pk__in=screen_ids).order_by("pk")
    list(screens.values_list("pk"))


@compiled
def show_lock(show_id: int) -> models.QuerySet:
    """SELECT … FOR UPDATE of the show's row."""
    return Show.objects.select_for_update().filter(pk=show_id).values_list("pk")


@contextmanager
def locked_booking(booking: Booking, *, wanted: int | None = None) -> Iterator[BookingSnapshot]:
    """A transaction with the booking's show locked; the booking as it is then.

    `wanted` is the seat that the transaction tries to give it.
    """
    with transaction() as attempt:
        attempt.show_id = booking.show_id
        attempt.seat_numbers = [] if wanted is None else [wanted]
        [[found]] = lock_show(booking.show_id, booking_by_id.bind(booking.pk))
        yield found


@compiled
def booking_by_id(booking_id: int) -> models.QuerySet:
    """BookingSnapshot of one booking."""
    return Booking.objects.filter(pk=booking_id).snapshots()


@contextmanager
def locked_reservation(reservation: Reservation) -> Iterator[Reservation]:
    """A transaction with the reservation's show locked; the reservation as it is then."""
    with transaction():
        lock_show(reservation.show.show.pk)
        yield Reservation.find(reservation.reference)


def retry_transaction(transact: Callable[P, T]) -> Callable[P, T]:
    """Decorator for a function that is one transaction: run it again if it was rolled back.

    That is a deadlock, a serialization failure or a prepared statement that is outdated or exists
    already (nothing was committed, even if COMMIT reports it), and seats that were taken and are
    free by now. Other errors leave the outcome open. Inside another transaction nothing is retried:
    the outer one has to be.
    """

    @wraps(transact)
    def with_retries(*args: P.args, **kwargs: P.kwargs) -> T:
        for retry in range(MAX_RETRIES):
            try:
                return transact(*args, **kwargs)
            except SeatsFreedMeanwhile:
                pass
            except DatabaseError as error:
                if connection.in_atomic_block or not was_rolled_back(error):
                    raise
            RETRIES.inc()
            # Random, or two transactions that met would meet again.
            time.sleep(random.uniform(0.5, 1.5) * FIRST_PAUSE * 2**retry)  # noqa: S311 no secret
        try:
            return transact(*args, **kwargs)
        except SeatsFreedMeanwhile as error:
            raise error.refusal from None

    return with_retries
