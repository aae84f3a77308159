"""Addresses, searches and selections of lists that somebody has made by hand."""

from urllib.parse import urlencode

from django.contrib.messages import get_messages

from booking.models import Booking
from booking.tests.admin.test_admin import AdminTestCase
from booking.tests.factories import create_booking, create_hold, create_screen, create_show

LISTS = [f"booking/{name}" for name in ("booking", "movie", "screen", "show")]
LISTS += ["auth/user", "auth/group"]
EXPORT = "booking/booking/export"
HUGE = "9" * 30
UNREADABLE = "That address could not be read, so everything is listed."


class AddressTests(AdminTestCase):
    def setUp(self):
        super().setUp()
        self.sold = create_booking(self.alice, create_show())
        create_screen()

    def get(self, page, **query):
        return self.client.get(f"/admin/{page}/?{urlencode(query)}")

    def assertUnreadable(self, page, **query):
        """A redirect to the whole list, which says why."""
        with self.subTest(page=page, **query):
            response = self.get(page, **query)
            expected = f"/admin/{page.removesuffix('/export')}/"
            self.assertRedirects(response, expected, fetch_redirect_response=False)
            said = [str(each) for each in get_messages(response.wsgi_request)]
            self.assertEqual(set(said), {UNREADABLE})

    def test_wrong_values_of_filters_list_everything(self):
        for page in ("booking/booking", EXPORT):
            for query in (
                {"screen": "abc"},
                {"screen": "1,2"},
                {"movie": "abc"},
                {"movie": "\x00"},
                {"user__id__exact": "abc"},
                {"show": "abc"},
                {"created_at__iso_year": "99999"},
                {"created_at__year__gte": "99999"},
                {"created_at__date": "soon"},
                {"note__regex": "("},
                {"note__iregex": "(a+)+$"},
                {"nothing": "1"},
            ):
                self.assertUnreadable(page, **query)

    def test_wrong_lookups_of_any_list_list_everything(self):
        for page in LISTS:
            for query in ({"id__range": "1"}, {"id__in": "a"}, {"id__regex": "("}, {"x": "1"}):
                self.assertUnreadable(page, **query)

    def test_values_that_no_row_has_are_no_error(self):
        for page in (*LISTS, EXPORT):
            for query in ({"id": HUGE}, {"screen": HUGE}, {"user__in": HUGE}, {"status": "x"}):
                with self.subTest(page=page, **query):
                    self.assertIn(self.get(page, **query).status_code, (200, 302))

    def test_search_of_very_many_words_is_answered(self):
        for page in LISTS:
            with self.subTest(page):
                self.assertEqual(self.get(page, q="a " * 3000).status_code, 200)
        autocomplete = {"app_label": "booking", "model_name": "booking", "field_name": "user"}
        found = self.get("autocomplete", **autocomplete, term="alice " * 3000).json()
        self.assertEqual([each["id"] for each in found["results"]], [str(self.alice.pk)])
        found = self.get("booking/booking", q="alice " * 3000).context["cl"].queryset
        self.assertEqual(list(found), [self.sold])

    def test_selected_rows_that_are_no_ids_are_not_changed(self):
        hold = create_hold(self.alice, self.sold.show, 2)
        for page in LISTS:
            for action in ("cancel_selected", "delete_selected", "log_out_everywhere"):
                for wrong in ("abc", "\x00", "-1", "", HUGE):
                    with self.subTest(page=page, action=action, wrong=wrong):
                        form = {"action": action, "_selected_action": [hold.pk, wrong]}
                        form |= {"confirmed": "1", "post": "yes"}
                        response = self.client.post(f"/admin/{page}/", form)
                        self.assertEqual(response.status_code, 302)
        self.assertEqual(Booking.objects.active().count(), 2)

    def test_selection_of_very_many_rows_changes_nothing(self):
        show = create_show(total_seats=300)
        seats = range(1, 200)
        Booking.objects.bulk_create(
            Booking(user=self.alice, show=show, seat_number=number) for number in seats
        )
        form = {"action": "cancel_selected", "_selected_action": [self.sold.pk]}
        form |= {"select_across": "1", "index": "0"}
        page = self.client.post("/admin/booking/booking/", form)
        self.assertContains(page, "200 bookings will be cancelled")
        create_booking(self.alice, show, 300)
        page = self.client.post("/admin/booking/booking/", form, follow=True)
        self.assertContains(page, "Select at most 200 at once. Nothing was changed.")
        users = {"action": "log_out_everywhere", "_selected_action": [self.alice.pk]}
        page = self.client.post("/admin/auth/user/?username=alice", users | {"select_across": "1"})
        self.assertEqual(self.messages(page)[-1], "1 user logged out everywhere.")
        self.assertEqual(Booking.objects.active().count(), 201)
