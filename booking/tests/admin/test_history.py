import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.utils import timezone

from booking import box_office
from booking.models import Booking, BookingEvent
from booking.tests.admin.test_admin import AdminTestCase
from booking.tests.factories import (
    api_client,
    create_booking,
    create_hold,
    create_show,
    create_user,
)


class HistoryTests(AdminTestCase):
    """What staff read on the page of a booking about who did what to it."""

    def page(self, booking):
        return self.client.get(f"/admin/booking/booking/{booking.pk}/change/")

    def rows(self, booking):
        """Who, what and request ID of each row; without the time."""
        page = self.page(booking).content.decode()
        rows = re.findall(r"<tr>\n(.*?)</tr>", page, re.DOTALL)
        cells = r"<td[^>]*>(.*)</td>\n<td[^>]*>(.*)<br><small[^>]*>(.*)</small></td>"
        return [re.search(cells, row).groups() for row in rows]

    def event(self, booking, kind, actor=None, *, request_id="-", moved_from=None):
        return BookingEvent.objects.create(
            booking=booking,
            kind=kind,
            actor=actor or self.alice,
            created_at=timezone.now(),
            request_id=request_id,
            seat_number=booking.seat_number,
            moved_from=moved_from,
        )

    def test_history_lists_who_did_what_oldest_first(self):
        alice_client, show = api_client(self.alice), create_show()
        seats = {"seat_numbers": [5], "hold": True}
        path = f"/api/shows/{show.pk}/reservations/"
        alice_client.post(path, seats, "json", headers={"X-Request-ID": "phone-1"})
        booking = Booking.objects.get()
        for verb in ("extend", "confirm"):
            path = f"/api/reservations/{booking.reference}/{verb}/"
            alice_client.post(path, headers={"X-Request-ID": f"phone-{verb}"})
        path = f"/api/bookings/{booking.pk}/move/"
        alice_client.post(path, {"seat_number": 7}, headers={"X-Request-ID": "phone-move"})
        box_office.cancel(booking=booking, by=self.stella)
        self.assertEqual(
            self.rows(booking),
            [
                ("alice (customer)", "Held seat 5\xa0(A5)", "phone-1"),
                ("alice (customer)", "Extended the hold of seat 5\xa0(A5)", "phone-extend"),
                ("alice (customer)", "Confirmed seat 5\xa0(A5)", "phone-confirm"),
                ("alice (customer)", "Moved from seat 5\xa0(A5) to seat 7\xa0(A7)", "phone-move"),
                ("stella", "Cancelled seat 7\xa0(A7)", "-"),
            ],
        )

    def test_history_has_the_time_of_the_cinema_with_seconds(self):
        booking = create_booking(self.alice, create_show())
        self.event(booking, "booked")
        moment = datetime(2026, 12, 20, 8, 5, 31, tzinfo=UTC)
        BookingEvent.objects.update(created_at=moment)
        with timezone.override(ZoneInfo("Europe/Berlin")):
            self.assertContains(self.page(booking), "20\xa0Dec\xa02026, 09:05:31")

    def test_history_of_an_expired_hold_ends_with_its_expiry(self):
        show = create_show()
        over = create_hold(self.alice, show, 5, ends_in=-timedelta(seconds=1))
        marked = create_hold(self.alice, show, 6, ends_in=-timedelta(seconds=1))
        Booking.objects.filter(pk=marked.pk).update(status="expired")
        running = create_hold(self.alice, show, 7)
        for each in (over, marked, running):
            self.event(each, "held")
        held = ("alice (customer)", "Held seat 5\xa0(A5)", "-")
        self.assertEqual(self.rows(over), [held, ("", "The hold expired", "")])
        self.assertEqual(self.rows(marked)[1:], [("", "The hold expired", "")])
        self.assertEqual(len(self.rows(running)), 1)
        expired_at = timezone.localtime(over.held_until).strftime("%H:%M:%S")
        self.assertContains(self.page(over), expired_at)

    def test_history_of_an_old_booking_says_that_there_is_none(self):
        page = self.page(create_booking(self.alice, create_show()))
        self.assertContains(page, "No changes on record")

    def test_history_escapes_names_and_shows_a_deleted_account(self):
        booking = create_booking(create_user("<b>bob"), create_show())
        self.event(booking, "booked", booking.user, request_id="<i>")
        self.event(booking, "cancelled")
        BookingEvent.objects.filter(kind="cancelled").update(actor=None)
        self.assertEqual(
            self.rows(booking),
            [
                ("&lt;b&gt;bob (customer)", "Booked seat 5\xa0(A5)", "&lt;i&gt;"),
                ("a deleted account", "Cancelled seat 5\xa0(A5)", "-"),
            ],
        )

    def test_history_of_any_length_costs_the_same(self):
        booking = create_booking(self.alice, create_show())
        self.page(booking)
        for more in (1, 2, 150):
            for _ in range(more):
                self.event(booking, "moved", create_user(f"staff{uuid4()}"), moved_from=5)
            with self.assertNumQueries(5):
                rows = self.rows(booking)
        note = ("", "Only the last 100 changes are listed.", "")
        self.assertEqual((len(rows), rows[0]), (101, note))

    def test_history_cannot_be_changed(self):
        booking = create_booking(self.alice, create_show())
        self.event(booking, "booked")
        before = list(BookingEvent.objects.values())
        self.client.post(
            f"/admin/booking/booking/{booking.pk}/change/",
            {"history": "", "events-0-kind": "cancelled", "events-0-DELETE": "on"},
        )
        self.assertEqual(list(BookingEvent.objects.values()), before)
        self.assertFalse(admin.site.is_registered(BookingEvent))
