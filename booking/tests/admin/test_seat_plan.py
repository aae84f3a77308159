"""The seat plan of a show: looking, selling, holding, setting aside, moving, cancelling."""

from datetime import timedelta
from unittest import mock

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.db import DatabaseError, InterfaceError, OperationalError
from django.test import TestCase
from django.utils import timezone

from booking import accounts
from booking.models import Booking, Show
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_screen,
    create_show,
    create_user,
)

HALL = """\
ss.ss
wcsxs
"""


class SeatPlanTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice", first_name="Alice", last_name="Ng", email="a@example.com")
        cls.stella = User.objects.create_superuser("stella")
        cls.show = create_show(screen=create_screen(layout=HALL))
        cls.path = f"/admin/booking/show/{cls.show.pk}/seats/"

    def setUp(self):
        self.client.force_login(self.stella)

    def press(self, action, *seats, **fields):
        """The page after a button was pressed; redirects are followed."""
        values = {"action": action, "seat": seats, **fields}
        return self.client.post(self.path, values, follow=True)

    def messages(self, page):
        return [str(message) for message in page.context["messages"]]

    def errors(self, page):
        return page.context["form"].non_field_errors()

    def seats(self, **filters):
        bookings = Booking.objects.active().filter(**filters).order_by("seat_number")
        return list(bookings.values_list("seat_number", "status", "user__username", "note"))


class LookingTests(SeatPlanTestCase):
    def test_plan_shows_each_seat_with_its_state(self):
        create_booking(self.alice, self.show, 1)
        create_hold(self.alice, self.show, 2, ends_in=timedelta(minutes=7, seconds=-5))
        create_hold(self.alice, self.show, 3, ends_in=-timedelta(seconds=1))
        create_hold(accounts.reserved_account("house"), self.show, 4)
        walk_in = accounts.reserved_account("walk-in")
        create_booking(walk_in, self.show, 5, note="Ms Lang")
        page = self.client.get(self.path)
        self.assertEqual(
            [each.description for each in page.context["plan"].seats],
            [
                "A1, booked by Alice Ng",
                "A2, held for Alice Ng, 7 min left",
                "A3, free",
                "A4, set aside",
                "B1, wheelchair space, booked by walk-in (Ms Lang)",
                "B2, companion seat, free",
                "B3, free",
                "B4, house seat",
                "B5, free",
            ],
        )
        self.assertEqual(
            [each.mark for each in page.context["plan"].seats],
            ["✕", "7′", "3", "–", "✕", "C", "3", "H", "5"],
        )
        counts = {state: count for state, count, _ in page.context["plan"].counts}
        expected = {"free": 4, "held": 1, "booked": 2, "admitted": 0, "set-aside": 1, "house": 1}
        self.assertEqual(counts, expected)
        self.assertContains(page, 'aria-label="A2, held for Alice Ng, 7 min left"')

    def test_plan_shows_who_is_in(self):
        admitted_at = timezone.now()
        create_booking(self.alice, self.show, 1, admitted_at=admitted_at)
        page = self.client.get(self.path)
        seat = page.context["plan"][1]
        at = timezone.localtime(admitted_at).strftime("%H:%M")
        self.assertEqual((seat.state, seat.mark), ("admitted", "✓"))
        self.assertEqual(seat.description, f"A1, Alice Ng, in since {at}")
        self.assertContains(page, '<b data-count="admitted">1</b> in')

    def test_state_lists_what_is_not_free(self):
        booking = create_booking(self.alice, self.show, 1)
        state = self.client.get(f"{self.path}state/").json()
        since = timezone.localtime(booking.created_at).strftime("%a %-d %b, %H:%M")
        details = f"A1, booked by Alice Ng; {booking.reference}, since {since}"
        self.assertEqual(
            state,
            {
                "counts": {
                    "free": 7,
                    "held": 0,
                    "booked": 1,
                    "admitted": 0,
                    "set-aside": 0,
                    "house": 1,
                },
                "seats": {
                    "1": {
                        "state": "booked",
                        "mark": "✕",
                        "description": "A1, booked by Alice Ng",
                        "details": details,
                    }
                },
            },
        )

    def test_plan_of_600_seats_costs_six_queries(self):
        """Session, user, show twice, bookings, and the name of who is logged in."""
        screen = create_screen("Large", "\n".join(["s" * 30] * 20))
        show = create_show(screen=screen)
        for seat in range(1, 11):
            create_booking(self.alice, show, seat)
        path = f"/admin/booking/show/{show.pk}/seats/"
        for seats in (10, 300):
            Booking.objects.bulk_create(
                Booking(user=self.alice, show=show, seat_number=seat)
                for seat in range(11, seats + 1)
            )
            with self.subTest(seats=seats), self.assertNumQueries(5):
                self.client.get(path)

    def test_plan_of_show_without_screen_is_rows_of_seats(self):
        show = create_show(total_seats=12)
        page = self.client.get(f"/admin/booking/show/{show.pk}/seats/")
        self.assertContains(page, 'aria-label="B2, free"')

    def test_plan_of_called_off_show_says_so(self):
        Show.objects.update(cancelled_at=timezone.now())
        self.assertContains(self.client.get(self.path), "This show was called off on")

    def test_unknown_show_is_404(self):
        for path in ("seats/", "seats/state/"):
            self.assertEqual(
                self.client.get(f"/admin/booking/show/1000000/{path}").status_code, 404
            )

    def test_customers_are_suggested_by_username_name_and_address(self):
        create_user("alina", is_active=False)
        accounts.reserved_account("walk-in")
        for text in ("ali", "ng al", "A@example.com"):
            with self.subTest(text):
                found = self.client.get(self.path, {"suggest": text}).json()
                name = "alice, Alice Ng, a@example.com"
                self.assertEqual(found, {"customers": [{"username": "alice", "name": name}]})
        for text in ("", "a", "\x00", "walk"):
            with self.subTest(text):
                found = self.client.get(self.path, {"suggest": text}).json()
                self.assertEqual(found, {"customers": []})


class SellingTests(SeatPlanTestCase):
    def test_seats_are_sold_to_a_walk_in(self):
        page = self.press("sell", 3, 4, note="Ms Lang, 0170 555")
        reference = Booking.objects.first().reference
        self.assertRedirects(page, self.path)
        self.assertEqual(self.messages(page), [f"Sold: A3, A4. The reference is {reference}."])
        self.assertEqual(
            self.seats(),
            [
                (3, "booked", "walk-in", "Ms Lang, 0170 555"),
                (4, "booked", "walk-in", "Ms Lang, 0170 555"),
            ],
        )
        self.assertEqual(LogEntry.objects.filter(user=self.stella).count(), 2)

    def test_seats_are_sold_to_a_customer_by_labels_and_numbers(self):
        for text, customer in [("a1, 2", "ALICE"), ("B2 b3", "a@example.com"), ("9", "alice ng")]:
            with self.subTest(text):
                page = self.press("sell", seats=text, customer=customer)
                self.assertEqual(self.errors(page), [])
        self.assertEqual(
            [(seat, user) for seat, _, user, _ in self.seats()],
            [(1, "alice"), (2, "alice"), (6, "alice"), (7, "alice"), (9, "alice")],
        )

    def test_house_and_wheelchair_seats_are_sold(self):
        self.press("sell", 5, 8)
        self.assertEqual([seat for seat, *_ in self.seats()], [5, 8])

    def test_seat_taken_meanwhile_keeps_what_was_typed(self):
        create_booking(self.alice, self.show, 3)
        page = self.press("sell", 3, 4, customer="alice", note="Front door")
        self.assertEqual(self.errors(page), ["Taken meanwhile: A3. Free nearby: A2, B3, B5, A1."])
        form = page.context["form"]
        self.assertEqual((form["customer"].value(), form["note"].value()), ("alice", "Front door"))
        self.assertEqual(page.context["chosen"], {4})
        self.assertEqual(len(self.seats()), 1)

    def test_double_click_sells_once(self):
        first, second = (self.press("sell", 3, 4, note="Lang") for _ in range(2))
        self.assertEqual(self.messages(first), self.messages(second))
        self.assertEqual([seat for seat, *_ in self.seats()], [3, 4])

    def test_sale_of_other_or_older_seats_is_no_double_click(self):
        self.press("sell", 3)
        for seats, fields in [((3, 4), {}), ((3,), {"note": "x"}), ((3,), {"customer": "alice"})]:
            page = self.press("sell", *seats, **fields)
            self.assertIn("Taken meanwhile: A3.", self.errors(page)[0])
        Booking.objects.update(created_at=timezone.now() - timedelta(minutes=1))
        self.assertIn("Taken meanwhile: A3.", self.errors(self.press("sell", 3))[0])

    def test_best_seats_are_chosen_and_nothing_is_sold(self):
        page = self.press("best", count=2)
        self.assertEqual(page.context["chosen"], {1, 2})
        self.assertContains(page, "checked", count=2)
        self.assertEqual(self.seats(), [])
        self.assertEqual(self.errors(self.press("best")), ["Enter how many seats."])
        page = self.press("best", count=7)
        self.assertEqual(self.errors(page), ["Only 6 seats for groups left."])

    def test_seats_are_held_for_a_while_and_sold(self):
        page = self.press("hold", 1, 2, customer="alice", minutes=30)
        self.assertIn("Held: A1, A2.", self.messages(page)[0])
        held = Booking.objects.get(seat_number=1)
        self.assertEqual(held.held_until - held.created_at, timedelta(minutes=30))
        page = self.press("confirm", 1)
        self.assertEqual(self.messages(page), ["Sold: A1, A2."])
        self.assertEqual(self.seats(), [(1, "booked", "alice", ""), (2, "booked", "alice", "")])

    def test_seats_are_set_aside_and_released(self):
        self.press("set_aside", 1, 2)
        until = set(Booking.objects.values_list("held_until", flat=True))
        self.assertEqual(until, {self.show.bookable_until})
        self.assertEqual(self.seats(), [(1, "held", "house", ""), (2, "held", "house", "")])
        page = self.press("cancel", 1, 2)
        self.assertEqual(self.messages(page), ["Free again: A1, A2."])
        self.assertEqual(self.seats(), [])

    def test_wrong_input_is_a_sentence_and_changes_nothing(self):
        create_user("alan", first_name="Alice")
        sold = create_booking(self.alice, self.show, 1)
        cases = [
            ("sell", [], {}, "Choose at least one seat."),
            ("sell", [99], {}, "There is no seat 99 in this show."),
            ("sell", ["x\x00"], {}, "There is no seat"),
            ("sell", [], {"seats": "B9 C1"}, "There is no seat B9, C1 in this show."),
            ("sell", [2], {"customer": "nobody"}, "There is no customer “nobody”."),
            ("sell", [2], {"customer": "Alice  "}, None),
            ("sell", [3], {"customer": "al"}, "Several customers match “al”: alan, Alice; alice,"),
            ("sell", [3], {"customer": "a\x00"}, "Null characters are not allowed."),
            ("sell", [3], {"note": "x" * 101}, "at most 100 characters"),
            ("hold", [3], {"minutes": "0"}, "greater than or equal to 1"),
            ("hold", [3], {"minutes": "99999999"}, "less than or equal to"),
            ("best", [], {"count": "1e3"}, "Enter a whole number in plain digits"),
            ("cancel", [3], {}, "Not sold or held: A3."),
            ("confirm", [1], {}, "Not held: A1."),
            ("move", [1], {}, "choose one sold or held seat and one free seat"),
            ("nothing", [3], {}, "Choose one of the buttons."),
        ]
        for action, seats, fields, sentence in cases:
            with self.subTest(f"{action} {seats} {fields}"):
                page = self.press(action, *seats, **fields)
                if sentence is None:
                    self.assertIn("Sold: A2.", self.messages(page)[0])
                else:
                    self.assertContains(page, sentence)
        self.assertEqual(self.seats(), [(1, "booked", "alice", ""), (2, "booked", "alice", "")])
        sold.refresh_from_db()
        self.assertEqual(sold.status, "booked")

    def test_sale_of_called_off_or_closed_show_is_refused(self):
        Show.objects.update(date_time=timezone.now() - timedelta(hours=2))
        page = self.press("sell", 3)
        self.assertEqual(self.errors(page), ["Sales for this show have closed."])
        Show.objects.update(cancelled_at=timezone.now())
        page = self.press("sell", 3)
        self.assertEqual(self.errors(page), ["This show has been cancelled."])


class ChangingTests(SeatPlanTestCase):
    def test_booking_is_moved_after_the_start(self):
        booking = create_booking(self.alice, self.show, 1)
        Show.objects.update(date_time=timezone.now() - timedelta(hours=1))
        page = self.press("move", 1, 8, reason="Broken seat")
        self.assertEqual(self.messages(page), [f"Moved {booking.reference} from A1 to B4."])
        self.assertEqual(self.seats(), [(8, "booked", "alice", "")])
        event = booking.events.get()
        self.assertEqual((event.actor, event.reason), (self.stella, "Broken seat"))

    def test_bookings_are_cancelled_after_the_start(self):
        for seat in (1, 2):
            create_booking(self.alice, self.show, seat)
        Show.objects.update(date_time=timezone.now() - timedelta(hours=1))
        page = self.press("cancel", 1, 2, reason="Projector")
        self.assertEqual(self.messages(page), ["Free again: A1, A2."])
        self.assertEqual(self.seats(), [])
        self.assertEqual(LogEntry.objects.count(), 2)

    def test_hold_that_expired_meanwhile_is_not_sold(self):
        create_hold(self.alice, self.show, 1, ends_in=-timedelta(seconds=1))
        self.assertEqual(self.errors(self.press("confirm", 1)), ["Not held: A1."])


class SessionTests(SeatPlanTestCase):
    """The message of a sale is saved in the session, after the sale."""

    def sell(self, error):
        self.client.raise_request_exception = False
        with mock.patch.object(Session, "save", side_effect=error):
            return self.client.post(self.path, {"action": "sell", "seat": [3]})

    def test_database_that_is_gone_after_the_sale_is_503(self):
        for error in (OperationalError("server closed the connection"), InterfaceError("closed")):
            with self.subTest(error):
                page = self.sell(error)
                self.assertEqual(page.status_code, 503)
                self.assertIn("Retry-After", page)
        self.assertEqual([seat for seat, *_ in self.seats()], [3])

    def test_session_that_was_deleted_meanwhile_is_400(self):
        self.assertEqual(self.sell(DatabaseError("Forced update")).status_code, 400)


class PermissionTests(SeatPlanTestCase):
    def login(self, *permissions):
        clerk = create_user("clerk", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        self.client.force_login(clerk)

    def test_staff_who_may_look_have_no_buttons_and_change_nothing(self):
        self.login("view_show")
        create_booking(self.alice, self.show, 1)
        self.assertNotContains(self.client.get(self.path), 'name="action"')
        for action in ("best", "sell", "hold", "set_aside", "confirm", "move", "cancel"):
            with self.subTest(action):
                page = self.client.post(self.path, {"action": action, "seat": [1]})
                self.assertEqual(page.status_code, 403)
        self.assertEqual(self.client.get(self.path, {"suggest": "ali"}).status_code, 403)
        self.assertEqual(len(self.seats()), 1)

    def test_staff_without_permission_see_nothing(self):
        self.login("view_booking")
        for path in (self.path, f"{self.path}state/"):
            self.assertEqual(self.client.get(path).status_code, 403)

    def test_customers_are_sent_to_the_login(self):
        self.client.force_login(self.alice)
        page = self.client.get(self.path)
        self.assertRedirects(page, f"/admin/login/?next={self.path}")
        self.assertEqual(list(get_messages(page.wsgi_request)), [])
