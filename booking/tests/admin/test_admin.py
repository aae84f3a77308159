from datetime import timedelta

from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import TestCase
from django.utils import timezone

from booking.admin.bookings import SaleForm
from booking.models import Booking, Movie, Show
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_movie,
    create_show,
    create_user,
)


class AdminTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice")
        cls.stella = User.objects.create_superuser("stella", password="!")

    def setUp(self):
        self.client.force_login(self.stella)

    def messages(self, response):
        return [str(each) for each in get_messages(response.wsgi_request)]


class MovieAdminTests(AdminTestCase):
    def test_movie_pages_are_displayed(self):
        metropolis = create_movie()
        for path in ["", "add/", f"{metropolis.id}/change/"]:
            with self.subTest(path):
                page = self.client.get(f"/admin/booking/movie/{path}")
                self.assertEqual(page.status_code, 200)
        self.assertContains(self.client.get("/admin/booking/movie/"), "153 min")

    def test_movie_with_bookings_cannot_be_deleted(self):
        sold = create_booking(self.alice, create_show())
        page = self.client.post(
            f"/admin/booking/movie/{sold.show.movie_id}/delete/", {"post": "yes"}, follow=True
        )
        self.assertContains(page, "would require deleting the following protected related objects")
        self.assertEqual((Movie.objects.count(), Show.objects.count()), (1, 1))


class ShowAdminTests(AdminTestCase):
    def form(self, show, **changes):
        local = timezone.localtime(show.date_time)
        return {
            "movie": show.movie_id,
            "screen_name": show.screen_name,
            "date_time_0": local.strftime("%Y-%m-%d"),
            "date_time_1": local.strftime("%H:%M:%S"),
            "total_seats": show.total_seats,
            "seats_per_row": show.seats_per_row,
            "seen_version": show.version,
        } | changes

    def change(self, show, **changes):
        return self.client.post(
            f"/admin/booking/show/{show.id}/change/", self.form(show, **changes)
        )

    def test_show_list_has_seats_sold_and_total(self):
        show = create_show(total_seats=50)
        create_booking(self.alice, show, 1)
        create_hold(self.alice, show, 2, ends_in=-timedelta(seconds=1))
        create_booking(self.alice, show, 3, status="cancelled")
        create_show(show.movie, cancelled_at=timezone.now())
        page = self.client.get("/admin/booking/show/")
        self.assertContains(page, '<td class="field-seats_sold">1 / 50</td>', html=True)
        self.assertContains(page, 'alt="True"', count=1)
        self.assertContains(page, 'alt="False"', count=1)

    def test_show_list_of_any_length_costs_the_same(self):
        create_show(create_movie("A"))
        with self.assertNumQueries(8):
            self.client.get("/admin/booking/show/")
        create_show(create_movie("B")), create_booking(self.alice, create_show(create_movie("C")))
        with self.assertNumQueries(8):
            self.client.get("/admin/booking/show/")

    def test_show_filter_lists_cancelled_or_other_shows(self):
        on, off = create_show(), create_show(cancelled_at=timezone.now())
        for state, found in [("on", [on]), ("off", [off]), (None, [on, off])]:
            page = self.client.get("/admin/booking/show/", {"state": state} if state else {})
            self.assertCountEqual(page.context["cl"].queryset, found)

    def test_show_reduced_to_its_last_active_seat_is_saved(self):
        show = create_show(total_seats=50)
        create_booking(self.alice, show, 30)
        create_booking(self.alice, show, 40, status="cancelled")
        create_hold(self.alice, show, 41, ends_in=-timedelta(seconds=1))
        self.assertEqual(self.change(show, total_seats=30).status_code, 302)
        self.assertEqual(Show.objects.get().total_seats, 30)

    def test_show_reduced_below_its_last_active_seat_is_refused(self):
        show = create_show(total_seats=50)
        create_booking(self.alice, show, 30)
        create_hold(self.alice, show, 40)
        page = self.change(show, total_seats=39)
        self.assertEqual(page.status_code, 200)
        self.assertFormError(
            page.context["adminform"],
            "total_seats",
            "Seat 40 is held or booked, so this show needs at least 40 seats.",
        )
        self.assertEqual(Show.objects.get().total_seats, 50)

    def test_show_reduced_ignores_seats_of_other_shows(self):
        show, other = create_show(total_seats=50), create_show(total_seats=50)
        for seat in [20, 30]:
            create_booking(self.alice, show, seat)
        create_booking(self.alice, other, 40)
        page = self.change(show, total_seats=10)
        self.assertFormError(
            page.context["adminform"],
            "total_seats",
            "Seat 30 is held or booked, so this show needs at least 30 seats.",
        )

    def test_seats_per_row_with_active_seats_cannot_change(self):
        show = create_show(total_seats=50, seats_per_row=10)
        self.assertEqual(self.change(show, seats_per_row=12).status_code, 302)
        show.refresh_from_db()
        sold = create_booking(self.alice, show, 30)
        page = self.change(show, seats_per_row=10)
        self.assertFormError(
            page.context["adminform"],
            "seats_per_row",
            "Seats of this show are held or booked, so its rows must keep 12 seats each.",
        )
        sold.status = "cancelled"
        sold.save()
        self.assertEqual(self.change(show, seats_per_row=10).status_code, 302)

    def test_show_with_time_out_of_range_is_refused(self):
        page = self.change(create_show(), date_time_0="9999-12-31")
        self.assertEqual(list(page.context["adminform"].errors), ["date_time"])

    def test_show_with_invalid_size_is_refused(self):
        show = create_show()
        for field in ["total_seats", "seats_per_row"]:
            for size in [0, -1, 10_001, 2**31, 2**63, "x", ""]:
                with self.subTest(field=field, size=size):
                    page = self.change(show, **{field: size})
                    self.assertEqual(list(page.context["adminform"].errors), [field])


class CounterSaleTests(AdminTestCase):
    """Staff sell seats to customers in the admin."""

    def sell(self, show, seat_number, changes=None):
        given = {"user": self.alice.pk, "show": show.pk, "seat_number": seat_number}
        given |= changes or {}
        return self.client.post("/admin/booking/booking/add/", given)

    def assertNotSold(self, page, field, sentence):
        self.assertEqual(page.status_code, 200)
        self.assertFormError(page.context["adminform"], field, sentence)

    def test_sale_books_the_seat(self):
        show = create_show()
        self.assertEqual(self.client.get("/admin/booking/booking/add/").status_code, 200)
        response = self.sell(show, 5)
        sold = Booking.objects.get()
        self.assertEqual(
            (response.status_code, sold.user, sold.show, sold.seat_number, sold.status),
            (302, self.alice, show, 5, "booked"),
        )
        self.assertIn(sold.reference, self.messages(response)[0])

    def test_sale_form_only_validated_books_nothing(self):
        given = {"user": self.alice.pk, "show": create_show().pk, "seat_number": 5}
        form = SaleForm(given)
        self.assertTrue(form.is_valid() and form.is_valid(), form.errors)
        self.assertFalse(Booking.objects.exists())

    def test_sale_of_seat_with_expired_hold_succeeds(self):
        show = create_show()
        expired = create_hold(self.alice, show, 5, ends_in=-timedelta(seconds=1))
        self.assertEqual(self.sell(show, 5).status_code, 302)
        statuses = Booking.objects.order_by("pk").values_list("status", flat=True)
        self.assertEqual(list(statuses), ["expired", "booked"])
        self.assertEqual(Booking.objects.first(), expired)

    def test_sale_beyond_the_customer_limit_succeeds(self):
        show = create_show(total_seats=20)
        for seat in range(1, 11):
            create_booking(self.alice, show, seat)
        self.assertEqual(self.sell(show, 11).status_code, 302)
        self.assertEqual(Booking.objects.count(), 11)

    def test_sale_refused_by_the_box_office_is_a_form_error(self):
        show = create_show(total_seats=5)
        create_booking(self.alice, show, 3)
        taken = "This seat has just been taken. Free nearby: 2, 4, 1, 5."
        self.assertNotSold(self.sell(show, 3), "seat_number", taken)
        beyond = "There is no seat 6 in this show. Seats are numbered from 1 to 5."
        self.assertNotSold(self.sell(show, 6), "seat_number", beyond)
        closed = "Sales for this show have closed."
        self.assertNotSold(self.sell(create_show(starts_in=-timedelta(days=1)), 1), None, closed)
        self.assertEqual(Booking.objects.count(), 1)

    def test_sale_with_invalid_fields_is_refused(self):
        for changes in [{"user": ""}, {"show": "99999"}, {"seat_number": "A1"}, {"seat_number": 0}]:
            with self.subTest(changes):
                page = self.sell(create_show(), 5, changes)
                self.assertEqual(list(page.context["adminform"].errors), list(changes))
        self.assertFalse(Booking.objects.exists())

    def test_sale_without_add_permission_returns_403(self):
        viewer = create_user("viewer", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_booking"))
        self.client.force_login(viewer)
        self.assertEqual(self.sell(create_show(), 5).status_code, 403)
        self.assertFalse(Booking.objects.exists())
