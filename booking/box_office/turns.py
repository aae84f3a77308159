"""Waiting for one's turn: the only place that locks, and what comes of a lock that failed."""

from contextlib import contextmanager

from django.db import IntegrityError, transaction

from ..exceptions import ShowNotFound
from ..models import Booking, Reservation, Show
from .seats import seats_taken


def wait_for_turn(show_id):
    """Lock the show's row until the transaction ends; reads nothing that is decided on.

    Raises ShowNotFound.
    """
    try:
        Show.objects.select_for_update().values_list("pk").get(pk=show_id)
    except Show.DoesNotExist:
        raise ShowNotFound from None


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


@contextmanager
def double_sale_refused(show_id, seat_numbers):
    """Around a transaction: what the constraint stops is the same refusal as a taken seat.

    The error must be caught outside of the transaction, which it has spoilt.
    """
    try:
        yield
    except IntegrityError as error:
        # PostgreSQL names the constraint that was violated, SQLite its columns.
        message = str(error)
        if "one_active_booking_per_seat" in message or "booking_booking.seat_number" in message:
            raise seats_taken(Show.objects.get(pk=show_id), seat_numbers) from error
        raise
