from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.core.cache import caches
from django.test import TestCase
from django.utils import timezone

from booking import accounts
from booking.admin.first_page import SALES_KEY
from booking.roles import BOX_OFFICE, DOOR, MANAGER
from booking.tests.factories import (
    create_booking,
    create_movie,
    create_screen,
    create_show,
    create_user,
)


class FirstPageTests(TestCase):
    def setUp(self):
        caches["local"].delete(SALES_KEY)
        self.addCleanup(caches["local"].delete, SALES_KEY)
        self.stella = User.objects.create_superuser("stella")
        self.client.force_login(self.stella)

    def login(self, role):
        user = create_user(f"staff-{role}", is_staff=True)
        if role:
            user.groups.add(Group.objects.get(name=role))
        self.client.force_login(user)

    def test_shows_of_today_and_tomorrow_have_occupancy(self):
        tomorrow = create_show(starts_in=timedelta(days=1))
        create_show(starts_in=timedelta(days=3))
        for seat in (1, 2, 3):
            create_booking(self.stella, tomorrow, seat)
        page = self.client.get("/admin/")
        [(name, _, [show])] = page.context["days"]
        self.assertEqual((name, show, show.taken, show.percent), ("Tomorrow", tomorrow, 3, 30))
        self.assertContains(page, 'aria-label="3 of 10 seats taken"')
        self.assertContains(page, f"/admin/booking/show/{tomorrow.pk}/seats/")

    def test_shows_that_begin_soon_are_on_top(self):
        soon = create_show(starts_in=timedelta(minutes=5))
        create_show(starts_in=timedelta(minutes=6), cancelled_at=timezone.now())
        page = self.client.get("/admin/")
        self.assertEqual(page.context["soon"], [soon])
        self.assertEqual(page.context["following"], soon)

    def test_seats_sold_by_day(self):
        show = create_show(total_seats=20)
        today = timezone.now()
        for seat, days in enumerate((0, 0, 1, 13, 14), 1):
            create_booking(self.stella, show, seat, created_at=today - timedelta(days=days))
        create_booking(self.stella, show, 9, status="cancelled")
        create_booking(accounts.reserved_account("house"), show, 10)
        chart = self.client.get("/admin/").context["chart"]
        seats = [bar["seats"] for bar in chart["bars"]]
        self.assertEqual(seats, [1] + [0] * 11 + [1, 2])
        self.assertEqual((chart["sum"], chart["bars"][-1]["height"]), (4, 100))

    def test_empty_cinema_says_what_to_do_first(self):
        steps = [
            ("Draw your first screen", create_screen),
            ("Add the first movie", create_movie),
            ("Plan the first shows", create_show),
        ]
        for sentence, create in steps:
            self.assertContains(self.client.get("/admin/"), sentence)
            create()
        for sentence, _ in steps:
            self.assertNotContains(self.client.get("/admin/"), sentence)

    def test_staff_without_role_see_a_sentence_and_nothing_else(self):
        create_show()
        self.login("")
        page = self.client.get("/admin/")
        self.assertContains(page, "You have no role yet. Ask an administrator for one:")
        for word in ("Timetable", "Metropolis", "Find a booking", "Seats sold"):
            self.assertNotContains(page, word)

    def test_links_are_those_of_the_role(self):
        create_show(starts_in=timedelta(minutes=5))
        links = ["Sell for the next show", "Timetable", "Plan shows", "Find a booking"]
        for role, shown in [
            (DOOR, [False, True, False, True]),
            (BOX_OFFICE, [True, True, False, True]),
            (MANAGER, [True, True, True, True]),
        ]:
            self.login(role)
            page = self.client.get("/admin/").content.decode()
            with self.subTest(role):
                self.assertEqual([link in page for link in links], shown)

    def test_first_page_of_any_length_costs_the_same(self):
        """Session, user, shows, sales, and the user's recent actions."""
        movie = create_movie()
        for shows in (1, 3):
            for _ in range(shows):
                create_booking(self.stella, create_show(movie, starts_in=timedelta(minutes=5)))
            caches["local"].delete(SALES_KEY)
            with self.subTest(shows=shows), self.assertNumQueries(4):
                self.client.get("/admin/")
