"""Retrieve, confirm, extend and cancel a reservation."""

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.utils import timezone

from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    create_booking,
    create_hold,
    create_show,
    iso,
    reservation_json,
)

UNKNOWN = {"detail": "There is no such reservation.", "code": "not_found"}
NOT_YOURS = {"detail": "You do not have access to this booking.", "code": "not_yours"}


class ReservationTestCase(ApiTestCase):
    """Alice has reservation RRRRRRRR of seats 5 and 6; Bob has seat 8."""

    def setUp(self):
        super().setUp()
        self.show = create_show(total_seats=20)
        create_booking(self.bob, self.show, 8)

    def held(self, ends_in=timedelta(minutes=5), **more):
        until = timezone.now() + ends_in
        more = {"status": "held", "held_until": until, "reference": "RRRRRRRR"} | more
        more.setdefault("created_at", timezone.now() - timedelta(minutes=5))
        return [create_booking(self.alice, self.show, seat, **more) for seat in (5, 6)]

    def booked(self, **more):
        now = timezone.now()
        more = {"reference": "RRRRRRRR", "created_at": now} | more
        return [create_booking(self.alice, self.show, seat, **more) for seat in (5, 6)]

    def post(self, verb, by=None, reference="RRRRRRRR"):
        return (by or self.alice_client).post(f"/api/reservations/{reference}/{verb}/")

    def statuses(self):
        return list(
            Booking.objects.filter(reference="RRRRRRRR")
            .order_by("seat_number")
            .values_list("status", flat=True)
        )

    def assertExpired(self, response, still_free):
        expired = {
            "detail": "Your hold has expired.",
            "code": "hold_expired",
            "seat_numbers": [5, 6],
            "still_free": still_free,
        }
        self.assertResponse(response, 400, expired)

    def assertRefused(self, response, detail, code, **facts):
        self.assertResponse(response, 400, {"detail": detail, "code": code, **facts})


class RetrieveTests(ReservationTestCase):
    def get(self, reference="RRRRRRRR", by=None):
        return (by or self.alice_client).get(f"/api/reservations/{reference}/")

    def test_booked_reservation_is_returned(self):
        mine = self.booked()
        self.assertResponse(self.get(), 200, reservation_json(mine, available_seats=17))

    def test_reference_in_lower_case_is_accepted(self):
        mine = self.booked()
        response = self.get("rrrrrrrr")
        self.assertResponse(response, 200, reservation_json(mine, available_seats=17))

    def test_held_reservation_has_its_expiry(self):
        mine = self.held()
        response = self.get()
        seconds = response.json()["expires_in"]
        self.assertIn(seconds, range(290, 301))
        expected = reservation_json(
            mine,
            available_seats=17,
            status="held",
            expires_at=iso(mine[0].held_until),
            expires_in=seconds,
            cancel_until=iso(mine[0].held_until),
        )
        self.assertResponse(response, 200, expected)

    def test_expired_reservation_has_status_expired_before_and_after_cleanup(self):
        mine = self.held(ends_in=-timedelta(seconds=1))
        expired = reservation_json(mine, available_seats=19, status="expired", can_cancel=False)
        self.assertResponse(self.get(), 200, expired)
        Booking.objects.filter(reference="RRRRRRRR").update(status="expired")
        self.assertResponse(self.get(), 200, expired)

    def test_reservation_with_some_seats_cancelled_is_booked(self):
        five, six = self.booked()
        self.alice_client.post(f"/api/bookings/{five.id}/cancel/")
        body = self.get().json()
        self.assertEqual(body["status"], "booked")
        self.assertEqual([s["status"] for s in body["bookings"]], ["cancelled", "booked"])
        self.alice_client.post(f"/api/bookings/{six.id}/cancel/")
        self.assertEqual(self.get().json()["status"], "cancelled")

    def test_seats_after_a_move_are_in_order(self):
        five, _ = self.booked()
        self.alice_client.post(f"/api/bookings/{five.id}/move/", {"seat_number": 10})
        seats = [each["seat_number"] for each in self.get().json()["bookings"]]
        self.assertEqual(seats, [6, 10])

    def test_single_booking_is_a_reservation_of_one_seat(self):
        booked = self.alice_client.post(
            f"/api/shows/{self.show.id}/book/", {"seat_number": 1}
        ).json()
        response = self.get(booked["reference"])
        one = Booking.objects.get(pk=booked["id"])
        self.assertResponse(response, 200, reservation_json([one], available_seats=18))

    def test_reservation_costs_two_queries(self):
        self.booked()
        with self.assertNumQueries(2):
            self.get()

    def test_reservation_without_access_is_refused(self):
        self.booked()
        self.assertResponse(self.get(by=self.bob_client), 403, NOT_YOURS)
        self.assertResponse(self.get(by=self.client), 401, NO_TOKEN)

    def test_unknown_or_invalid_reference_returns_404(self):
        nothing = {"detail": "No such endpoint.", "code": "not_found"}
        self.assertResponse(self.get("X" * 8), 404, UNKNOWN)
        self.assertResponse(self.get("X" * 500), 404, UNKNOWN)
        for odd in ["%00", "a-b", "é", "%ED%A0%80"]:
            with self.subTest(odd):
                self.assertResponse(self.get(odd), 404, nothing)


class ConfirmTests(ReservationTestCase):
    def test_confirm_hold_books_its_seats_and_can_be_repeated(self):
        mine = self.held()
        first, second = self.post("confirm"), self.post("confirm")
        confirmed = reservation_json(mine, available_seats=17)
        self.assertResponse(first, 200, confirmed)
        self.assertResponse(second, 200, confirmed)
        self.assertEqual(self.statuses(), ["booked", "booked"])
        self.assertFalse(Booking.objects.filter(held_until__isnull=False).exists())

    def test_confirm_repeated_after_sales_closed_succeeds(self):
        self.held()
        self.post("confirm")
        self.show.date_time = timezone.now() - timedelta(hours=1)
        self.show.save()
        again = self.post("confirm")
        self.assertEqual((again.status_code, again.json()["status"]), (200, "booked"))

    def test_confirm_expired_hold_is_refused_with_free_seats(self):
        """The refusal lists which of the seats are still free."""
        five, six = self.held(ends_in=-timedelta(seconds=1))
        self.assertExpired(self.post("confirm"), still_free=[5, 6])
        self.bob_client.post(f"/api/shows/{self.show.id}/book/", {"seat_number": 6})
        self.assertExpired(self.post("confirm"), still_free=[5])
        five.refresh_from_db(), six.refresh_from_db()
        self.assertEqual((five.status, six.status), ("held", "expired"))

    def test_confirm_cancelled_reservation_is_refused(self):
        now = timezone.now()
        self.booked(status="cancelled", cancelled_at=now)
        self.assertRefused(
            self.post("confirm"),
            "This booking is already cancelled.",
            "already_cancelled",
            cancelled_at=iso(now),
        )

    def test_confirm_or_extend_after_sales_closed_is_refused(self):
        self.held()
        self.show.date_time = timezone.now() - timedelta(hours=1)
        self.show.save()
        until = iso(self.show.bookable_until)
        for verb in ["confirm", "extend"]:
            self.assertRefused(
                self.post(verb),
                "Sales for this show have closed.",
                "sales_closed",
                bookable_until=until,
            )
        self.assertEqual(self.statuses(), ["held", "held"])

    def test_confirm_or_extend_after_show_was_cancelled_is_refused(self):
        self.held()
        self.show.cancelled_at = timezone.now()
        self.show.save()
        for verb in ["confirm", "extend"]:
            self.assertRefused(
                self.post(verb),
                "This show has been cancelled.",
                "show_cancelled",
                cancelled_at=iso(self.show.cancelled_at),
            )
        self.assertEqual(self.statuses(), ["held", "held"])


class ExtendTests(ReservationTestCase):
    def test_extend_hold_restarts_its_time(self):
        mine = self.held(ends_in=timedelta(seconds=30))
        response = self.post("extend")
        for each in mine:
            each.refresh_from_db()
        expected = reservation_json(
            mine,
            available_seats=17,
            status="held",
            expires_at=iso(mine[0].held_until),
            expires_in=600,
            cancel_until=iso(mine[0].held_until),
        )
        self.assertResponse(response, 200, expected)
        self.assertEqual(mine[0].held_until, mine[1].held_until)

    def test_extend_repeatedly_stops_at_thirty_minutes(self):
        taken = timezone.now() - timedelta(minutes=25)
        self.held(created_at=taken, ends_in=timedelta(minutes=4))
        limit = iso(taken + timedelta(minutes=30))
        self.assertEqual(self.post("extend").json()["expires_at"], limit)
        self.assertEqual(self.post("extend").json()["expires_at"], limit)

    def test_extend_booked_reservation_is_refused(self):
        self.booked()
        self.assertRefused(
            self.post("extend"),
            "These seats are already booked, so there is nothing to extend.",
            "not_held",
        )

    def test_extend_expired_or_cancelled_reservation_is_refused(self):
        self.held(ends_in=-timedelta(seconds=1))
        self.assertExpired(self.post("extend"), still_free=[5, 6])
        Booking.objects.filter(reference="RRRRRRRR").update(status="cancelled")
        self.assertRefused(
            self.post("extend"),
            "This booking is already cancelled.",
            "already_cancelled",
            cancelled_at=None,
        )


class CancelTests(ReservationTestCase):
    def test_cancel_hold_releases_its_seats(self):
        mine = self.held()
        response = self.post("cancel")
        expected = reservation_json(
            mine, available_seats=19, status="cancelled", cancelled_by="me", can_cancel=False
        )
        self.assertResponse(response, 200, expected)
        self.assertEqual(self.statuses(), ["cancelled", "cancelled"])
        seats = {"seat_numbers": [5, 6]}
        again = self.bob_client.post(f"/api/shows/{self.show.id}/reservations/", seats)
        self.assertEqual(again.status_code, 201)

    def test_cancel_with_one_seat_already_cancelled_cancels_the_rest(self):
        mine = self.booked()
        self.alice_client.post(f"/api/bookings/{mine[0].id}/cancel/")
        self.assertEqual(self.post("cancel").json()["show"]["available_seats"], 19)
        self.assertEqual(self.statuses(), ["cancelled", "cancelled"])
        self.assertEqual(Booking.objects.active().get().user, self.bob)

    def test_cancel_twice_is_refused(self):
        self.booked()
        self.post("cancel")
        when = Booking.objects.filter(reference="RRRRRRRR").first().cancelled_at
        self.assertRefused(
            self.post("cancel"),
            "This booking is already cancelled.",
            "already_cancelled",
            cancelled_at=iso(when),
        )

    def test_cancel_expired_hold_is_refused(self):
        self.held(ends_in=-timedelta(seconds=1))
        self.assertExpired(self.post("cancel"), still_free=[5, 6])

    def test_cancel_after_show_started_is_refused(self):
        self.booked()
        self.show.date_time = timezone.now() - timedelta(seconds=1)
        self.show.save()
        self.assertRefused(
            self.post("cancel"),
            "The show has started, so this booking can no longer be changed.",
            "show_started",
            cancel_until=iso(self.show.date_time),
        )
        self.assertEqual(self.statuses(), ["booked", "booked"])


class PartlyCancelledTests(ReservationTestCase):
    """One of two held seats was cancelled before; its row must not change."""

    def setUp(self):
        super().setUp()
        five, self.six = self.held()
        self.alice_client.post(f"/api/bookings/{five.id}/cancel/")
        self.five = Booking.objects.values().get(pk=five.pk)

    def assertFiveUnchanged(self):
        self.assertEqual(Booking.objects.values().get(pk=self.five["id"]), self.five)

    def test_confirm_leaves_the_cancelled_seat_alone(self):
        self.assertEqual(self.post("confirm").status_code, 200)
        self.assertEqual(self.statuses(), ["cancelled", "booked"])
        self.assertFiveUnchanged()

    def test_extend_leaves_the_cancelled_seat_alone(self):
        self.assertEqual(self.post("extend").json()["expires_in"], 600)
        self.assertFiveUnchanged()

    def test_cancel_leaves_the_cancelled_seat_alone(self):
        self.assertEqual(self.post("cancel").json()["show"]["available_seats"], 19)
        self.assertEqual(self.statuses(), ["cancelled", "cancelled"])
        self.assertFiveUnchanged()

    def test_expired_hold_lists_only_its_held_seat(self):
        Booking.objects.filter(pk=self.six.pk).update(held_until=timezone.now())
        expired = {
            "detail": "Your hold has expired.",
            "code": "hold_expired",
            "seat_numbers": [6],
            "still_free": [6],
        }
        for verb in ["confirm", "extend", "cancel"]:
            self.assertResponse(self.post(verb), 400, expired)
        body = self.alice_client.get("/api/reservations/RRRRRRRR/").json()
        self.assertEqual(body["status"], "expired")


class SharedReferenceTests(ReservationTestCase):
    def test_cancel_with_shared_reference_leaves_other_users_seats_alone(self):
        """Two customers share a reference only by accident, such as a manual change."""
        self.booked()
        bobs_booking = create_booking(self.bob, create_show(), 9, reference="RRRRRRRR")
        body = self.post("cancel").json()
        self.assertEqual([each["seat_number"] for each in body["bookings"]], [5, 6])
        bobs_booking.refresh_from_db()
        self.assertEqual(bobs_booking.status, "booked")


class StartedShowTests(ReservationTestCase):
    def setUp(self):
        super().setUp()
        self.show.date_time = timezone.now() - timedelta(minutes=2)
        self.show.save()

    def test_cancel_hold_after_show_started_succeeds(self):
        self.held()
        self.assertTrue(self.alice_client.get("/api/reservations/RRRRRRRR/").json()["can_cancel"])
        self.assertEqual(self.post("cancel").json()["status"], "cancelled")

    def test_extend_after_show_started_ends_when_sales_close(self):
        self.held()
        body = self.post("extend").json()
        self.assertEqual(body["expires_at"], body["show"]["bookable_until"])


class AccessTests(ReservationTestCase):
    def test_change_without_access_is_refused(self):
        self.held()
        for verb in ["confirm", "extend", "cancel"]:
            with self.subTest(verb):
                self.assertResponse(self.post(verb, by=self.bob_client), 403, NOT_YOURS)
                self.assertResponse(self.post(verb, by=self.client), 401, NO_TOKEN)
                self.assertResponse(self.post(verb, reference="XXXXXXXX"), 404, UNKNOWN)
        self.assertEqual(self.statuses(), ["held", "held"])


class ExpireHoldsTests(ReservationTestCase):
    def test_expire_holds_marks_expired_holds_only(self):
        self.held(ends_in=-timedelta(seconds=1))
        other = create_hold(self.bob, create_show(), 1, ends_in=-timedelta(seconds=1))
        alive = create_hold(self.bob, self.show, 1)
        out = StringIO()
        call_command("expire_holds", stdout=out)
        self.assertEqual(out.getvalue(), "Seats with an expired hold: 3.\n")
        self.assertEqual(self.statuses(), ["expired", "expired"])
        other.refresh_from_db(), alive.refresh_from_db()
        self.assertEqual((other.status, alive.status), ("expired", "held"))
        call_command("expire_holds", stdout=out)
        self.assertIn("expired hold: 0.", out.getvalue())
