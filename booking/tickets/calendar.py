"""The show of a reservation as an iCalendar file (RFC 5545)."""

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db.models import Count, Q
from django.utils.timezone import localtime
from icalendar import STATUS, Calendar, Event

from ..exceptions import count_of
from ..models import Booking, Reservation, Show
from ..models.booking_events import Kind
from ..models.statuses import Status

PRODUCT = "-//Movie booking//Tickets//EN"


def calendar_of(reservation: Reservation) -> bytes:
    """One event for all booked seats, CANCELLED if none is left. Two queries.

    The UID stays and SEQUENCE grows with each change, so that calendars replace the event.
    """
    show, movie = reservation.show.show, reservation.show.movie
    booked = [each for each in reservation.bookings if each.status == Status.BOOKED]
    takes_place = booked and show.takes_place
    seats = ", ".join(each.seat_label for each in booked)
    first = min((each.booking for each in reservation.bookings), key=lambda booking: booking.pk)
    uid = uuid5(NAMESPACE_URL, f"booking:{first.pk}:{first.reference}:{first.created_at}")
    calendar = Calendar.new(prodid=PRODUCT, method="PUBLISH", uid=uid)
    event = Event.new(
        uid=uid,
        stamp=reservation.show.now,
        sequence=_changes_of(reservation),
        status=STATUS.CONFIRMED if takes_place else STATUS.CANCELLED,
        start=localtime(show.date_time),
        end=localtime(reservation.show.ends_at),
        summary=movie.title,
        location=", ".join(
            filter(None, [settings.CINEMA_NAME, show.screen_name, settings.CINEMA_ADDRESS])
        ),
        description=f"{count_of(len(booked), 'seat')}: {seats}. Reference {reservation.reference}."
        if takes_place
        else f"Cancelled. Reference {reservation.reference}.",
    )
    calendar.add_component(event)
    day = show.date_time.date()
    calendar.add_missing_timezones(day - timedelta(days=366), day + timedelta(days=366))
    return calendar.to_ical()


def _changes_of(reservation: Reservation) -> int:
    """Changes of the show by staff, and of the seats after they were taken."""
    bookings = Booking.objects.filter(pk__in=[each.booking.pk for each in reservation.bookings])
    is_change = Q(events__kind__in=[Kind.CONFIRMED, Kind.MOVED, Kind.CANCELLED])
    changes = bookings.aggregate(count=Count("events", filter=is_change))["count"]
    version = Show.objects.filter(pk=reservation.show.show.pk).values_list("version", flat=True)
    return changes + version.get()
