"""Mails in the admin: on the page of a booking, and sent again."""

from django.contrib.auth.models import Group
from django.utils import timezone

from booking import box_office
from booking.models import Mail
from booking.roles import BOX_OFFICE, DOOR
from booking.tests.admin.test_admin import AdminTestCase
from booking.tests.factories import create_show, create_user


class MailsOfBookingTests(AdminTestCase):
    def setUp(self):
        super().setUp()
        carol = create_user("carol", email="carol@example.com")
        sold = box_office.book(show_id=create_show().pk, seat_number=1, by=carol)
        self.booking, self.mail = sold.booking, Mail.objects.get()
        self.page = f"/admin/booking/booking/{self.booking.pk}/change/"
        self.again = f"/admin/booking/mail/{self.mail.pk}/send-again/"

    def note(self, **state):
        Mail.objects.filter(pk=self.mail.pk).update(**state)

    def log_in_as(self, role):
        clerk = create_user(role.lower(), is_staff=True)
        clerk.groups.add(Group.objects.get(name=role))
        self.client.force_login(clerk)

    def test_page_of_a_booking_lists_its_mails(self):
        page = self.client.get(self.page)
        self.assertContains(page, "<h2>Mails of the reservation</h2>")
        self.assertContains(page, "carol@example.com")
        self.assertNotContains(page, "Send again")  # it waits
        self.note(failed_at=timezone.now(), error="SMTPServerDisconnected: <gone>")
        page = self.client.get(self.page)
        self.assertContains(page, "given up")
        self.assertContains(page, "SMTPServerDisconnected: &lt;gone&gt;")
        self.assertContains(page, f'formaction="{self.again}"')
        self.mail.delete()
        self.assertContains(self.client.get(self.page), "None yet.")

    def test_box_office_sends_a_mail_again_from_the_page_of_its_booking(self):
        self.log_in_as(BOX_OFFICE)
        self.note(sent_at=timezone.now(), tries=1)
        self.assertContains(self.client.get(self.page), "Send again")
        answer = self.client.post(self.again, follow=True)
        self.assertRedirects(answer, self.page)
        self.assertContains(answer, "The mail will be sent again.")
        self.mail.refresh_from_db()
        self.assertEqual((self.mail.state, self.mail.tries), ("waiting", 0))

    def test_mail_that_a_worker_sends_is_left_alone(self):
        self.mail.claim()
        self.assertContains(self.client.post(self.again, follow=True), "The mail is being sent.")

    def test_door_sees_mails_and_sends_none(self):
        self.log_in_as(DOOR)
        self.note(sent_at=timezone.now())
        page = self.client.get(self.page)
        self.assertContains(page, "carol@example.com")
        self.assertNotContains(page, "Send again")
        self.assertEqual(self.client.post(self.again).status_code, 403)
        self.mail.refresh_from_db()
        self.assertEqual(self.mail.state, "sent")

    def test_mail_about_an_account_is_not_sent_again_from_a_booking(self):
        other = Mail.objects.create(kind="password_reset", recipient="carol@example.com")
        path = f"/admin/booking/mail/{other.pk}/send-again/"
        self.assertEqual(self.client.post(path).status_code, 404)
        self.assertEqual(self.client.get(self.again).status_code, 405)
