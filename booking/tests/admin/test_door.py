from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import TestCase, override_settings
from django.utils import timezone

from booking.models import Booking, Show
from booking.roles import DOOR
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_movie,
    create_screen,
    create_show,
    create_user,
)
from booking.tickets import Ticket, code_of

MINUTE = timedelta(minutes=1)


class DoorTests(TestCase):
    """Gate 1 stands at the door of a show that begins in half an hour."""

    @classmethod
    def setUpTestData(cls):
        cls.gate = create_user("gate1", is_staff=True)
        cls.gate.groups.add(Group.objects.get(name=DOOR))
        cls.alice = create_user("alice", first_name="Alice", last_name="Ng")
        cls.show = create_show(screen=create_screen(layout="sss\nsss"), starts_in=30 * MINUTE)
        cls.booking = create_booking(cls.alice, cls.show, 1, reference="ACDEFGHJ")

    def setUp(self):
        self.client.force_login(self.gate)
        self.path = f"/admin/booking/show/{self.show.pk}/door/"

    def post(self, path=None, **form):
        return self.client.post(path or self.path, form)

    def scan(self, booking=None, path=None):
        return self.post(path, code=code_of(Ticket.of(booking or self.booking)))

    def answer(self, page):
        answer = page.context["answer"]
        return answer.word, answer.sentence, answer.seat_label, answer.lines

    def waiting(self, page):
        return [booking.seat_label for booking in page.context["waiting"]]

    def counts(self, page):
        return [(each.admitted, each.booked) for each in page.context["shows"]]

    def test_scan_lets_in_once(self):
        create_booking(self.alice, self.show, 2, reference="ACDEFGHJ")
        page = self.scan()
        lines = ["Alice Ng", str(self.show), "1 of 2 seats of ACDEFGHJ are in."]
        self.assertEqual(self.answer(page), ("IN", "Welcome.", "A1", lines))
        self.assertContains(page, "✓ IN <b>A1</b>")
        self.assertEqual((self.waiting(page), self.counts(page)), (["A2"], [(1, 2)]))
        self.booking.refresh_from_db()
        self.assertEqual(self.booking.admitted_by, self.gate)
        [entry] = LogEntry.objects.all()
        self.assertEqual((entry.user, entry.object_id), (self.gate, str(self.booking.pk)))
        self.assertEqual(entry.change_message, "Checked in.")

        page = self.scan()
        at = timezone.localtime(self.booking.admitted_at).strftime("%H:%M")
        word, sentence, *_ = self.answer(page)
        self.assertEqual((word, sentence[-15:]), ("USED", f"{at} by gate1."))
        self.assertContains(page, "✕ USED")

    def test_undo_lets_the_ticket_in_again(self):
        page = self.scan()
        self.assertContains(page, f'name="undo" value="{self.booking.pk}"')
        page = self.post(undo=self.booking.pk)
        self.assertEqual(self.answer(page)[:2], ("UNDONE", "A1 is not in any more."))
        self.assertEqual(self.answer(self.scan())[0], "IN")

    def test_refusals_are_sentences(self):
        other = create_show(create_movie("Nosferatu"), starts_in=20 * MINUTE)
        tomorrow = create_show(other.movie, starts_in=timedelta(days=2))
        cancelled = create_booking(
            self.alice, self.show, 4, status="cancelled", cancelled_at=timezone.now()
        )
        held = create_hold(self.alice, self.show, 5)
        for code, sentence in [
            ("nonsense", "This is not a ticket of this cinema."),
            ("x" * 10_000, "This is not a ticket of this cinema."),
            ("\x00", "This is not a ticket of this cinema."),
            ("", "This is not a ticket of this cinema."),
            (code_of(Ticket(0, 1)), "There is no booking for this ticket."),
            (code_of(Ticket(self.booking.pk, 2)), "This booking was moved to seat A1."),
            (code_of(Ticket.of(cancelled)), "This booking was cancelled."),
            (code_of(Ticket.of(held)), "These seats are only held. Confirm them first."),
            (
                code_of(Ticket.of(create_booking(self.alice, other, 1))),
                f"This ticket is for another show: {other}.",
            ),
            (
                code_of(Ticket.of(create_booking(self.alice, tomorrow, 1))),
                f"This ticket is for another show: {tomorrow}.",
            ),
        ]:
            with self.subTest(code[:40]):
                page = self.post(code=code)
                word, found, *_ = self.answer(page)
                self.assertEqual((page.status_code, word), (200, "STOP"))
                self.assertEqual(found, sentence)
        self.assertEqual(Booking.objects.filter(admitted_at__isnull=False).count(), 0)

    def test_reference_lists_the_seats_to_choose_from(self):
        second = create_booking(
            self.alice, self.show, 2, reference="ACDEFGHJ", admitted_at=timezone.now()
        )
        create_booking(self.alice, self.show, 3, reference="ACDEFGHJ", status="cancelled")
        for typed in ("ACDEFGHJ", " acde-fghj\n"):
            page = self.post(code=typed)
            self.assertEqual(
                self.answer(page), ("?", "Ng, Alice: choose who comes in.", "", [str(self.show)])
            )
        self.assertEqual(list(page.context["answer"].choices), [self.booking, second])
        self.assertContains(page, "Check in A1")
        self.assertNotContains(page, "Check in A2")
        page = self.post(admit=self.booking.pk)
        self.assertEqual(self.answer(page)[:3], ("IN", "Welcome.", "A1"))
        page = self.post(code="ACDEFGHK")
        self.assertEqual(self.answer(page)[:2], ("STOP", "No booked seats have this reference."))

    def test_button_of_the_list_lets_in(self):
        page = self.client.get(self.path)
        self.assertContains(page, f'name="admit" value="{self.booking.pk}"')
        page = self.post(admit=self.booking.pk)
        self.assertEqual((self.answer(page)[0], self.waiting(page)), ("IN", []))
        self.assertContains(page, "Everybody who has booked is in.")

    def test_all_shows_of_the_moment(self):
        movie = create_movie("Nosferatu", duration_minutes=94)
        on = create_show(movie, starts_in=-60 * MINUTE)
        create_show(movie, starts_in=-95 * MINUTE)  # over
        create_show(movie, starts_in=61 * MINUTE)  # later
        create_show(movie, starts_in=10 * MINUTE, cancelled_at=timezone.now())
        seat = create_booking(create_user("bob"), on, 3)
        create_hold(self.alice, on, 4)
        path = "/admin/booking/show/door/"
        page = self.client.get(path)
        self.assertEqual([each.show for each in page.context["shows"]], [on, self.show])
        self.assertEqual(self.counts(page), [(0, 1), (0, 1)])
        for booking in (seat, self.booking):
            self.assertEqual(self.answer(self.scan(booking, path))[0], "IN")
        page = self.client.get(path)
        self.assertEqual(self.counts(page), [(1, 1), (1, 1)])

    @override_settings(DOORS_OPEN=timedelta(hours=3))
    def test_shows_of_the_moment_are_those_whose_doors_are_open(self):
        Show.objects.update(date_time=timezone.now() + 170 * MINUTE)
        page = self.client.get("/admin/booking/show/door/")
        self.assertEqual([each.show for each in page.context["shows"]], [self.show])

    def test_without_shows_it_says_so(self):
        Show.objects.update(date_time=timezone.now() + timedelta(days=2))
        page = self.client.get("/admin/booking/show/door/")
        self.assertContains(page, "No show begins within the hour, and none is on.")

    def test_hand_made_forms_change_nothing(self):
        for form in ({}, {"admit": "x"}, {"undo": "x"}, {"admit": "²"}, {"undo": ""}):
            page = self.post(**form)
            self.assertEqual(self.answer(page)[1], "Scan a ticket, or type its code.")
        for form in ({"admit": "99"}, {"undo": "99"}, {"admit": "9" * 40}):
            self.assertEqual(self.post(**form).status_code, 404)
        self.assertEqual(self.client.get("/admin/booking/show/1000000/door/").status_code, 404)
        self.assertEqual(self.scan(path="/admin/booking/show/1000000/door/").status_code, 404)
        self.booking.refresh_from_db()
        self.assertIsNone(self.booking.admitted_at)

    def test_staff_without_role_may_not(self):
        self.client.force_login(create_user("newcomer", is_staff=True))
        for page in (self.client.get(self.path), self.scan()):
            self.assertEqual(page.status_code, 403)

    def test_long_list_is_cut_and_costs_the_same_queries(self):
        show = create_show(self.show.movie, total_seats=600, starts_in=20 * MINUTE)
        for seats in (10, 250):
            Booking.objects.filter(show=show).delete()
            Booking.objects.bulk_create(
                Booking(user=self.alice, show=show, seat_number=seat)
                for seat in range(1, seats + 1)
            )
            with self.subTest(seats=seats), self.assertNumQueries(6):
                page = self.client.get("/admin/booking/show/door/")
        self.assertContains(page, "Not in yet: 251")
        self.assertContains(page, "And 51 more.")


class NoShowTests(TestCase):
    """The first page, the list of bookings and the door list count who did not come."""

    def setUp(self):
        self.client.force_login(create_user("stella", is_staff=True, is_superuser=True))
        self.alice = create_user("alice")
        movie = create_movie(duration_minutes=1)
        self.show = create_show(movie, starts_in=-2 * MINUTE)
        self.came = create_booking(self.alice, self.show, 1, admitted_at=timezone.now())
        self.missed = [create_booking(self.alice, self.show, seat) for seat in (2, 3)]
        create_hold(self.alice, self.show, 4)

    def test_first_page_counts_no_shows_of_shows_that_are_over(self):
        if timezone.localdate(self.show.date_time) != timezone.localdate():
            self.skipTest("the show of two minutes ago was yesterday")
        self.assertContains(self.client.get("/admin/"), "2 no-shows")
        Show.objects.update(date_time=timezone.now())
        page = self.client.get("/admin/")
        self.assertNotContains(page, "no-show")
        self.assertContains(page, ", 1 in")

    def test_no_shows_are_not_counted_where_nobody_was_checked_in(self):
        Booking.objects.update(admitted_at=None)
        self.assertNotContains(self.client.get("/admin/"), "no-show")

    def test_list_of_bookings_is_filtered(self):
        coming = create_booking(self.alice, create_show(self.show.movie), 1)
        for value, expected in [
            ("yes", [self.came]),
            ("no", [coming, *reversed(self.missed)]),
            ("no-show", [*reversed(self.missed)]),
        ]:
            page = self.client.get("/admin/booking/booking/", {"admitted": value})
            self.assertEqual(list(page.context["cl"].result_list), expected)

    def test_door_list_counts_who_is_in(self):
        page = self.client.get(f"/admin/booking/show/{self.show.pk}/door-list/")
        self.assertContains(page, "3 of 10 seats booked, 1 in.")


class TicketTests(TestCase):
    def setUp(self):
        self.client.force_login(create_user("stella", is_staff=True, is_superuser=True))
        self.booking = create_booking(create_user("alice"), create_show(), reference="ACDEFGHJ")

    def get(self, name):
        return self.client.get(f"/admin/booking/booking/{self.booking.pk}/{name}")

    def test_tickets_are_printed(self):
        create_booking(self.booking.user, self.booking.show, 6, reference="ACDEFGHJ")
        for name, file in [
            ("ticket.pdf", "ticket-ACDEFGHJ-A5.pdf"),
            ("tickets.pdf", "ticket-ACDEFGHJ.pdf"),
        ]:
            page = self.get(name)
            self.assertEqual(page["Content-Type"], "application/pdf")
            self.assertEqual(page["Content-Disposition"], f'inline; filename="{file}"')
            self.assertEqual(page.content[:5], b"%PDF-")
        self.assertContains(self.get("change/"), "All tickets of ACDEFGHJ")

    def test_ticket_of_cancelled_booking_is_refused(self):
        Booking.objects.update(status="cancelled", cancelled_at=timezone.now())
        for name in ("ticket.pdf", "tickets.pdf"):
            page = self.client.get(f"/admin/booking/booking/{self.booking.pk}/{name}", follow=True)
            self.assertContains(page, "This booking was cancelled.")
        self.assertNotContains(self.get("change/"), "ticket.pdf")

    def test_ticket_of_unknown_booking_leads_to_the_first_page(self):
        page = self.client.get("/admin/booking/booking/1000000/ticket.pdf")
        self.assertRedirects(page, "/admin/")
