"""Waiting for one's turn: the only place that locks, and what comes of a lock that failed."""

from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from ..exceptions import CustomerNotFound, ShowNotFound
from ..models import Booking, Reservation, Show
from ..models.prepared import ask_together, prepared
from .seats import seats_taken


def wait_for_turn(show_id, *then):
    """Lock the show's row until the transaction ends; answers what is asked `then`, prepared
    questions, by statements of their own after the wait.

    Raises ShowNotFound.
    """
    if connection.features.has_select_for_update and not connection.in_atomic_block:
        raise TransactionManagementError("A lock outside of a transaction is gone at once.")
    locked, *answers = ask_together(lock.about(show_id), *then)
    if not locked:
        raise ShowNotFound
    return answers


@prepared
def lock(show_id):
    return Show.objects.select_for_update().filter(pk=show_id).values_list("pk")


@contextmanager
def turn_of(booking):
    """A transaction in which it is the booking's turn; the booking as it is then."""
    with transaction.atomic():
        wait_for_turn(booking.show_id)
        yield Booking.objects.with_shows().get(pk=booking.pk)


@contextmanager
def turn_of_reservation(reservation):
    """A transaction in which it is the reservation's turn; the reservation as it is then."""
    with transaction.atomic():
        wait_for_turn(reservation.show.pk)
        yield Reservation.find(reservation.reference)


# What the databases say: PostgreSQL names the constraint that was violated, SQLite its columns.
SOLD_TWICE = (
    '"one_active_booking_per_seat"',
    "UNIQUE constraint failed: booking_booking.show_id, booking_booking.seat_number",
)
CUSTOMER_IS_GONE = ("_fk_auth_user_id", "FOREIGN KEY constraint failed")


@contextmanager
def integrity_kept(show_id, seat_numbers):
    """Around a transaction: what a constraint stops is a refusal. A seat is taken, though nobody
    saw it.

    The error must be caught outside of the transaction, which it has spoilt.
    """
    try:
        with customer_kept():
            yield
    except IntegrityError as error:
        if any(words in str(error) for words in SOLD_TWICE):
            show = Show.objects.with_availability().get(pk=show_id)
            raise seats_taken(show, seat_numbers) from error
        raise


@contextmanager
def customer_kept():
    """Around a transaction: CustomerNotFound if the customer's account was deleted meanwhile, which
    only the commit of the outermost one notices."""
    try:
        yield
    except IntegrityError as error:
        if any(words in str(error) for words in CUSTOMER_IS_GONE):
            raise CustomerNotFound from error
        raise
