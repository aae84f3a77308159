from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import TestCase
from django.utils import timezone

from booking.models import Booking, Show
from booking.tests.factories import create_booking, create_hold, create_show, create_user


class CallOffTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice, cls.bob = create_user("alice"), create_user("bob")
        cls.stella = User.objects.create_superuser("stella")
        cls.show = create_show()
        cls.path = f"/admin/booking/show/{cls.show.pk}/call-off/"

    def setUp(self):
        self.client.force_login(self.stella)

    def book_three(self):
        create_booking(self.alice, self.show, 1)
        create_booking(self.alice, self.show, 2)
        create_hold(self.bob, self.show, 3)

    def call_off(self, reason="No heating"):
        return self.client.post(self.path, {"reason": reason}, follow=True)

    def test_page_says_how_many_it_touches(self):
        self.book_three()
        create_booking(self.bob, self.show, 4, status="cancelled")
        page = self.client.get(self.path)
        self.assertContains(page, "<b>3 bookings of 2 customers</b> will be cancelled")

    def test_show_and_its_bookings_are_cancelled(self):
        self.book_three()
        page = self.call_off()
        self.assertContains(page, "is called off; 3 bookings cancelled.")
        self.assertContains(page, "No seats are sold.")
        self.assertFalse(Show.objects.get().takes_place)
        self.assertEqual({each.status for each in Booking.objects.all()}, {"cancelled"})
        entry = LogEntry.objects.get()
        self.assertEqual((entry.object_id, entry.user), (str(self.show.pk), self.stella))
        self.assertEqual(entry.change_message, "Called off, with 3 bookings. No heating")

    def test_reason_is_needed_if_there_are_bookings(self):
        self.book_three()
        for reason in ("", "  ", "a\x00", "x" * 201):
            with self.subTest(reason):
                self.assertContains(self.call_off(reason), "errorlist")
        self.assertTrue(Show.objects.get().takes_place)

    def test_show_without_bookings_is_called_off_without_reason(self):
        self.assertContains(self.client.get(self.path), "No seats are booked or held.")
        self.call_off(reason="")
        self.assertFalse(Show.objects.get().takes_place)

    def test_second_call_off_is_a_message(self):
        self.call_off()
        self.assertContains(self.call_off(), "This show has been cancelled.")
        self.assertContains(self.client.get(self.path), "This show was called off on")
        self.assertEqual(LogEntry.objects.count(), 1)

    def test_started_show_can_be_called_off(self):
        Show.objects.update(date_time=timezone.now())
        self.book_three()
        self.call_off(reason="The projector failed")
        self.assertFalse(Booking.objects.active().exists())

    def test_who_may_only_look_cannot_call_off(self):
        door = create_user("door", is_staff=True)
        door.user_permissions.add(Permission.objects.get(codename="view_show"))
        self.client.force_login(door)
        self.assertEqual(self.client.get(self.path).status_code, 403)
        self.assertEqual(self.call_off().status_code, 403)
        self.assertTrue(Show.objects.get().takes_place)

    def test_unknown_show_is_404(self):
        self.assertEqual(self.client.get("/admin/booking/show/1000000/call-off/").status_code, 404)
