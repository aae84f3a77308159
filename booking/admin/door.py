"""The door: check tickets in, by scanner, camera or hand, for one show or all of the moment."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import TemplateView

from .. import box_office
from ..exceptions import AlreadyAdmitted, BadTicket, Refusal
from ..models import Booking, Show
from ..models.bookings import REFERENCE
from ..models.statuses import Status
from ..roles import ADMIT
from ..tickets import read_code
from .door_list import name_of
from .pages import AdminPageMixin

SOON = timedelta(hours=1)
LONGEST = timedelta(hours=12)  # running time of a show that may still be on
MAX_LISTED = 200  # of those who are not in yet; the list is for looking up, not for reading


@dataclass
class Answer:
    """What the page says to a scan: go in, stop, or choose a seat of a reservation."""

    is_good: bool
    word: str
    sentence: str
    seat_label: str = ""
    lines: list[str] = field(default_factory=list)
    undo: int | None = None  # the booking whose check-in can be undone
    choices: Sequence[Booking] = ()  # the seats of a reservation


@dataclass
class ShowAtTheDoor:
    show: Show
    booked: int
    waiting: list[Booking]  # booked seats that are not in yet, by seat

    @property
    def admitted(self) -> int:
        return self.booked - len(self.waiting)


class DoorView(AdminPageMixin, TemplateView):
    """Without `pk`, all shows that begin within the hour or are on.

    It works without JavaScript. With it, the page stays while the answer is exchanged.
    """

    template_name = "admin/booking/show/door.html"
    permission_required = ADMIT

    def get(self, request, pk=None):
        return self.respond(pk)

    def post(self, request, pk=None):
        """A code or reference that was scanned or typed, or the button of a booking."""
        try:
            if (code := request.POST.get("code")) is not None:
                answer = self.check_in(code, pk)
            elif request.POST.get("undo", "").isdecimal():
                answer = self.undo(int(request.POST["undo"]))
            elif request.POST.get("admit", "").isdecimal():
                answer = self.admit_booking(int(request.POST["admit"]), pk)
            else:
                answer = Answer(False, "?", "Scan a ticket, or type its code.")
        except Refusal as refusal:
            answer = Answer(False, "STOP", str(refusal))
            if isinstance(refusal, AlreadyAdmitted):
                answer.word = "USED"
        return self.respond(pk, answer)

    def check_in(self, code, show_id):
        try:
            ticket = read_code(code)
        except BadTicket:
            reference = re.sub(r"[\s-]", "", code).upper()
            if not REFERENCE.fullmatch(reference):
                raise
            return self.choose_seat(reference)
        return self.admit(*ticket, show_id)

    def choose_seat(self, reference):
        """A customer without a ticket, but with the reference: whose seats are listed."""
        bookings = Booking.objects.filter(reference=reference, status=Status.BOOKED)
        bookings = list(bookings.select_related("show__movie", "user").order_by("seat_number"))
        if not bookings:
            return Answer(False, "STOP", "No booked seats have this reference.")
        show, name = bookings[0].show, name_of(bookings[0])
        return Answer(
            False, "?", f"{name}: choose who comes in.", lines=[str(show)], choices=bookings
        )

    def admit_booking(self, booking_id, show_id):
        booking = get_object_or_404(Booking, pk=booking_id)
        return self.admit(booking_id, booking.seat_number, show_id)

    def admit(self, booking_id, seat_number, show_id):
        admission = box_office.admit(
            booking_id=booking_id, seat_number=seat_number, show_id=show_id, by=self.request.user
        )
        self.log(admission, "Checked in.")
        return Answer(
            True,
            "IN",
            "Welcome.",
            seat_label=admission.booking.seat_label,
            lines=self.describe(admission),
            undo=booking_id,
        )

    def undo(self, booking_id):
        booking = get_object_or_404(Booking, pk=booking_id)
        admission = box_office.undo_admission(
            booking_id=booking_id, seat_number=booking.seat_number, by=self.request.user
        )
        self.log(admission, "Undid the check-in.")
        label = admission.booking.seat_label
        return Answer(
            False, "UNDONE", f"{label} is not in any more.", lines=self.describe(admission)
        )

    def describe(self, admission):
        show, of = admission.booking.show.show, admission.reservation
        lines = [admission.customer_name, str(show)]
        if of.seats > 1:
            reference = admission.booking.booking.reference
            lines.append(f"{of.admitted} of {of.seats} seats of {reference} are in.")
        return [line for line in lines if line]

    def log(self, admission, sentence):
        booking = admission.booking.booking
        LogEntry.objects.log_actions(self.request.user.pk, [booking], CHANGE, sentence)

    def respond(self, pk, answer=None):
        show = None
        if pk is not None:
            show = get_object_or_404(Show.objects.select_related("movie"), pk=pk)
        shows = [show] if show else shows_of_the_moment()
        at_the_door = with_bookings(shows)
        waiting = [booking for each in at_the_door for booking in each.waiting]
        return self.render_to_response(
            self.get_context_data(
                title=f"Door: {show}" if show else "Door: all shows of the moment",
                show=show,
                shows=at_the_door,
                answer=answer,
                waiting=waiting[:MAX_LISTED],
                more=max(0, len(waiting) - MAX_LISTED),
            )
        )


def shows_of_the_moment() -> list[Show]:
    """Shows that begin within the hour (or whose doors are open), and those that are on."""
    now = timezone.now()
    shows = Show.objects.starting_from(now - LONGEST)
    shows = shows.starting_before(now + max(SOON, settings.DOORS_OPEN)).filter(cancelled_at=None)
    on = shows.select_related("movie").order_by("date_time", "id")
    return [show for show in on if now < show.ends_at]


def with_bookings(shows: Sequence[Show]) -> list[ShowAtTheDoor]:
    """One query for the booked seats of all shows."""
    booked = Booking.objects.filter(show__in=shows, status=Status.BOOKED)
    by_show: dict[int, list[Booking]] = {show.pk: [] for show in shows}
    for booking in booked.select_related("user").order_by("seat_number"):
        by_show[booking.show_id].append(booking)
    found = []
    for show in shows:
        bookings = by_show[show.pk]
        for booking in bookings:
            booking.show = show  # the labels are of its layout
            booking.name = name_of(booking)
        waiting = [booking for booking in bookings if booking.admitted_at is None]
        found.append(ShowAtTheDoor(show, len(bookings), waiting))
    return found
