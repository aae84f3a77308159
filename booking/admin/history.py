"""The history of a booking as a table: when, who, what, request ID."""

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime

from ..models import Booking
from ..models.booking_events import Kind

MAX_EVENTS = 100  # shown; a customer may move to and fro for days

WORDS = {
    Kind.HELD: "Held {seat}",
    Kind.BOOKED: "Booked {seat}",
    Kind.CONFIRMED: "Confirmed {seat}",
    Kind.EXTENDED: "Extended the hold of {seat}",
    Kind.MOVED: "Moved from {before} to {seat}",
    Kind.CANCELLED: "Cancelled {seat}",
    Kind.ADMITTED: "Checked in {seat}",
    Kind.UNDONE: "Undid the check-in of {seat}",
}


# Names and request IDs may be long words; on a phone they are broken.
ROW = """<tr>
<td>{}</td>
<td style="overflow-wrap: anywhere; min-width: 6em">{}</td>
<td style="overflow-wrap: anywhere">{}<br><small class="quiet">{}</small></td>
</tr>"""


def history_table(booking):
    """HTML of the booking's events, oldest first, and of the end of a hold that has expired.

    One query. `booking` comes from `BookingAdmin.get_queryset`.
    """
    newest_first = booking.events.select_related("actor").order_by("-pk")[: MAX_EVENTS + 1]
    events = list(newest_first)[::-1]
    rows = []
    if len(events) > MAX_EVENTS:
        rows.append(("…", "", f"Only the last {MAX_EVENTS} changes are listed.", ""))
        events = events[1:]
    rows += [
        (_moment(each.created_at), _actor(each, booking), _words(each, booking), each.request_id)
        for each in events
    ]
    if booking.current_status == Booking.Status.EXPIRED and booking.held_until:
        rows.append((_moment(booking.held_until), "", "The hold expired", ""))
    if not rows:
        return "No changes on record: it is older than the record."
    return format_html(
        "<table><thead><tr><th>When</th><th>Who</th><th>What, and the request ID</th></tr></thead>"
        "<tbody>{}</tbody></table>",
        format_html_join("", ROW, rows),
    )


def _moment(moment):
    return date_format(localtime(moment), "j\N{NO-BREAK SPACE}M\N{NO-BREAK SPACE}Y, H:i:s")


def _actor(event, booking):
    if event.actor is None:
        return "a deleted account"
    name = event.actor.get_username()
    return f"{name} (customer)" if event.actor_id == booking.user_id else name


def _words(event, booking):
    seat, before = (
        f"seat {number}\N{NO-BREAK SPACE}({booking.show.seating.label(number)})" if number else ""
        for number in (event.seat_number, event.moved_from)
    )
    words = WORDS[event.kind].format(seat=seat, before=before)
    return f"{words}: {event.reason}" if event.reason else words
