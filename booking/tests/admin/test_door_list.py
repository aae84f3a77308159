from django.contrib.auth.models import User
from django.test import TestCase

from booking import accounts
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_screen,
    create_show,
    create_user,
)


class DoorListTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("stella"))
        self.show = create_show(screen=create_screen(layout="ss\nss"))
        self.path = f"/admin/booking/show/{self.show.pk}/door-list/"

    def listed(self, **query):
        page = self.client.get(self.path, query)
        return [(booking.seat_label, booking.name) for booking in page.context["bookings"]]

    def test_booked_seats_are_listed_by_seat_and_by_name(self):
        alice = create_user("alice", first_name="Alice", last_name="Ng")
        create_booking(alice, self.show, 3)
        create_booking(alice, self.show, 1, status="cancelled")
        create_booking(accounts.reserved_account("walk-in"), self.show, 2, note="Lang, 0170")
        create_booking(create_user("bob"), self.show, 4, note="Wheelchair")
        create_hold(alice, self.show, 1)
        by_seat = [("A2", "Lang, 0170"), ("B1", "Ng, Alice"), ("B2", "bob (Wheelchair)")]
        self.assertEqual(self.listed(), by_seat)
        self.assertEqual(self.listed(by="name"), [by_seat[2], by_seat[0], by_seat[1]])
        self.assertContains(self.client.get(self.path), "3 of 4 seats booked.")

    def test_names_are_sorted_regardless_of_accents_and_case(self):
        for seat, name in enumerate(("Zorn", "Öz", "Élan", "eco"), 1):
            create_booking(create_user(f"u{seat}", last_name=name), self.show, seat)
        self.assertEqual(
            [name for _, name in self.listed(by="name")], ["eco", "Élan", "Öz", "Zorn"]
        )

    def test_empty_list_says_so(self):
        self.assertContains(self.client.get(self.path), "Nobody has booked yet.")

    def test_list_of_any_length_costs_four_queries(self):
        alice = create_user("alice")
        for seats in ([1], [2, 3, 4]):
            for seat in seats:
                create_booking(alice, self.show, seat)
            with self.subTest(seats=len(seats)), self.assertNumQueries(4):
                self.client.get(self.path)

    def test_unknown_show_is_404(self):
        self.assertEqual(self.client.get("/admin/booking/show/1000000/door-list/").status_code, 404)
