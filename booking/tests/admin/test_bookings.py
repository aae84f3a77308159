"""The list of bookings: search, filters, cancelling, export."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from unittest import mock

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import box_office
from booking.models import Booking, slices
from booking.tests.admin.test_admin import AdminTestCase
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_movie,
    create_screen,
    create_show,
    create_user,
)


class BookingAdminTests(AdminTestCase):
    def cancel(self, *bookings, **more):
        selected = [each.pk for each in bookings]
        form = {"action": "cancel_selected", "_selected_action": selected, **more}
        return self.client.post("/admin/booking/booking/", form)

    def test_booking_list_of_any_length_costs_the_same(self):
        create_booking(self.alice, create_show(create_movie("A")))
        with self.assertNumQueries(6):
            self.client.get("/admin/booking/booking/")
        (
            create_booking(create_user("bob"), create_show(create_movie("B"))),
            create_booking(create_user("carol"), create_show(create_movie("C"))),
        )
        with self.assertNumQueries(6):
            self.client.get("/admin/booking/booking/")

    def test_booking_search_finds_by_reference(self):
        sold = create_booking(self.alice, create_show())
        create_booking(self.alice, create_show(create_movie("Alien")))
        page = self.client.get(f"/admin/booking/booking/?q={sold.reference}")
        self.assertEqual([each.pk for each in page.context["cl"].queryset], [sold.pk])

    def test_status_filter_lists_expired_holds_as_expired(self):
        show = create_show()
        held = create_hold(self.alice, show, 1)
        expired = [
            create_hold(self.alice, show, 2, ends_in=-timedelta(seconds=1)),
            create_booking(self.alice, show, 3, status="expired"),
        ]
        booked = create_booking(self.alice, show, 4)
        every = [held, *expired, booked]
        expected = {"held": [held], "expired": expired, "booked": [booked], "cancelled": []}
        for status, found in [*expected.items(), (None, every)]:
            with self.subTest(status):
                query = {"status": status} if status else {}
                page = self.client.get("/admin/booking/booking/", query)
                self.assertCountEqual(page.context["cl"].queryset, found)
        page = self.client.get(f"/admin/booking/booking/{expired[0].pk}/change/")
        self.assertContains(page, "Expired")

    def test_booking_page_is_read_only(self):
        sold = create_booking(self.alice, create_show())
        before = Booking.objects.values().get()
        path = f"/admin/booking/booking/{sold.pk}/change/"
        page = self.client.get(path)
        self.assertEqual(list(page.context["adminform"].form.fields), [])
        self.assertNotContains(page, "Save")
        changes = {"user": self.stella.pk, "seat_number": 9, "status": "cancelled"}
        self.client.post(path, changes)
        self.assertEqual(Booking.objects.values().get(), before)

    def test_booking_cannot_be_deleted(self):
        sold = create_booking(self.alice, create_show())
        delete = self.client.post(f"/admin/booking/booking/{sold.pk}/delete/", {"post": "yes"})
        self.assertEqual(delete.status_code, 403)
        self.assertEqual(Booking.objects.count(), 1)

    def test_cancel_selected_cancels_bookings_and_reports_each_refusal(self):
        show = create_show()
        first, second = (
            create_booking(self.alice, show, 1),
            create_booking(self.alice, show, 2),
        )
        already = create_booking(self.alice, show, 3, status="cancelled")
        started = create_booking(self.alice, create_show(starts_in=-timedelta(minutes=1)), 4)
        untouched = create_booking(self.alice, show, 5)
        asked = self.cancel(first, second, already, started)
        self.assertContains(asked, "4 bookings will be cancelled")
        self.assertContains(asked, f"{first.reference}, seat A1")
        self.assertEqual(Booking.objects.filter(status="booked").count(), 4)
        response = self.cancel(first, second, already, started, confirmed="1", reason="No heating")
        self.assertEqual(
            sorted(self.messages(response)),
            sorted(
                [
                    "Cancelled 3 bookings.",
                    f"{already.reference}, seat 3: This booking is already cancelled.",
                ]
            ),
        )
        booked = Booking.objects.filter(status="booked")
        self.assertEqual(list(booked), [untouched])
        self.assertEqual(LogEntry.objects.filter(change_message="Cancelled. No heating").count(), 3)
        self.assertEqual({each.reason for each in first.events.all()}, {"No heating"})

    def test_booking_is_cancelled_from_its_page(self):
        sold = create_booking(self.alice, create_show())
        path = f"/admin/booking/booking/{sold.pk}/cancel/"
        self.assertContains(self.client.get(path), "1 booking will be cancelled")
        page = self.client.post(path, {"confirmed": "1", "reason": "Ill"}, follow=True)
        self.assertContains(page, "Cancelled 1 booking.")
        self.assertContains(page, "Cancelled seat 5\N{NO-BREAK SPACE}(A5): Ill")
        self.assertEqual(self.client.get("/admin/booking/booking/1000000/cancel/").status_code, 302)

    def test_cancel_selected_without_change_permission_does_nothing(self):
        sold = create_booking(self.alice, create_show())
        viewer = create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_booking"))
        self.client.force_login(viewer)
        self.assertEqual(self.client.get("/admin/booking/booking/").status_code, 200)
        self.cancel(sold)
        self.assertEqual(Booking.objects.get().status, "booked")


class SearchTests(AdminTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.bob = create_user("bob", first_name="Bob", last_name="Ng", email="bob@example.com")
        cls.screens = [create_screen("Screen 1"), create_screen("Screen 2")]
        alien = create_show(create_movie("Alien"), screen=cls.screens[0])
        later = create_show(starts_in=timedelta(days=30), screen=cls.screens[1])
        cls.first = create_booking(cls.alice, alien, 1, note="0170 555")
        cls.second = create_booking(cls.bob, later, 2)

    def found(self, **query):
        return list(self.client.get("/admin/booking/booking/", query).context["cl"].queryset)

    def test_reference_is_found_in_any_case_with_blanks(self):
        reference = self.first.reference
        typed = f" {reference[:4].lower()} {reference[4:]}"
        for text in (reference, reference.lower(), typed, f"{reference[:4]}-{reference[4:]}"):
            with self.subTest(text):
                self.assertEqual(self.found(q=text), [self.first])

    def test_reference_is_looked_up_by_its_index(self):
        self.client.get("/admin/booking/booking/")
        with CaptureQueriesContext(connection) as queries:
            self.found(q=self.first.reference)
        self.assertNotIn("LIKE", str(queries.captured_queries).upper())

    def test_search_by_customer_note_and_movie(self):
        for text in ("bob", "BOB@example.com", "ng", "bob metropolis"):
            with self.subTest(text):
                self.assertEqual(self.found(q=text), [self.second])
        for text in ("alien", "0170", "alice 555"):
            with self.subTest(text):
                self.assertEqual(self.found(q=text), [self.first])
        for text in ("nobody", "alice metropolis", "AAAAAAAA"):
            with self.subTest(text):
                self.assertEqual(self.found(q=text), [])

    def test_filters(self):
        tomorrow = timezone.localdate(self.first.show.date_time)
        for query, found in [
            ({"day": "tomorrow"}, [self.first]),
            ({"day": "today"}, []),
            ({"day": "week"}, [self.first]),
            ({"day": f"{tomorrow}"}, [self.first]),
            ({"day": "9999-99-99"}, [self.second, self.first]),
            ({"screen": self.screens[1].pk}, [self.second]),
            ({"movie": self.first.show.movie_id}, [self.first]),
            ({"show__id__exact": self.second.show_id}, [self.second]),
            ({"user__id__exact": self.bob.pk}, [self.second]),
        ]:
            with self.subTest(query):
                self.assertEqual(self.found(**query), found)

    def test_list_says_who_sold_it(self):
        show = create_show()
        box_office.book(show_id=show.pk, seat_number=1, by=self.stella, customer=self.bob)
        box_office.book(show_id=show.pk, seat_number=2, by=self.bob)
        page = self.client.get("/admin/booking/booking/", {"show__id__exact": show.pk})
        self.assertContains(page, '<td class="field-sold_by">customer</td>', html=True)
        self.assertContains(page, '<td class="field-sold_by">stella</td>', html=True)


class ExportTests(AdminTestCase):
    def rows(self, **query):
        page = self.client.get("/admin/booking/booking/export/", query)
        text = b"".join(page.streaming_content).decode()
        self.assertEqual(page["Content-Type"], "text/csv; charset=utf-8")
        self.assertTrue(text.startswith("\ufeffreference,"))
        return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))

    @override_settings(TIME_ZONE="Europe/Berlin")
    def test_export_has_what_is_filtered(self):
        starts = datetime(2083, 7, 1, 18, 15, tzinfo=UTC)
        sold = create_booking(self.alice, create_show(date_time=starts), 3, created_at=starts)
        create_booking(self.alice, create_show(), 1, status="cancelled")
        row = {
            "reference": sold.reference,
            "status": "booked",
            "movie": "Metropolis",
            "screen": "Screen 1",
            "show": "2083-07-01 20:15+02:00",
            "seat": "3",
            "label": "A3",
            "username": "alice",
            "first_name": "",
            "last_name": "",
            "email": "",
            "note": "",
            "sold_by": "",
            "created_at": "2083-07-01 20:15+02:00",
            "cancelled_at": "",
            "admitted_at": "",
        }
        self.assertEqual(self.rows(status="booked"), [row])
        self.assertEqual(len(self.rows()), 2)

    def test_export_defuses_formulas(self):
        show = create_show(create_movie("=cmd|'/C calc'!A0"))
        for seat, note in enumerate(("+1", "-1", "@x", "=1+1", "＝1", "fine, 1"), 1):
            create_booking(self.alice, show, seat, note=note)
        rows = self.rows()
        notes = ["'+1", "'-1", "'@x", "'=1+1", "'＝1", "fine, 1"]
        self.assertEqual([row["note"] for row in rows], notes)
        self.assertEqual(rows[0]["movie"], "'=cmd|'/C calc'!A0")

    def test_export_of_any_length_costs_the_same(self):
        show = create_show(total_seats=50)
        for seats in ([1], range(2, 40)):
            for seat in seats:
                create_booking(self.alice, show, seat)
            with self.subTest(seats=len(seats)), self.assertNumQueries(7):
                self.rows()

    def test_export_is_read_in_slices(self):
        for seat in (3, 1, 2):
            create_booking(self.alice, create_show(), seat)
        for size in (1, 2, 3):
            with self.subTest(size), mock.patch.object(slices, "SLICE_SIZE", size):
                self.assertEqual([row["seat"] for row in self.rows()], ["3", "1", "2"])
