"""What staff do to users, and that it ends their sessions."""

from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session as AdminSession
from django.test import Client
from rest_framework.test import APIClient

from booking.models import Session
from booking.tests.admin.test_admin import AdminTestCase
from booking.tests.factories import create_user
from booking.tokens import open_session

USERS = "/admin/auth/user/"


def use_access_token(session):
    headers = {"Authorization": f"Bearer {session.access_token}"}
    return APIClient().get("/api/my-bookings/", headers=headers)


class UserAdminTests(AdminTestCase):
    def setUp(self):
        super().setUp()
        self.bob = create_user("bob")
        self.session, self.bobs = open_session(user=self.alice), open_session(user=self.bob)

    def change(self, user, **differences):
        form = {
            "username": user.username,
            "email": user.email,
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
        }
        form |= {name: "on" for name in ("is_active",) if getattr(user, name)}
        form |= {name: value for name, value in differences.items() if value is not None}
        for name in [name for name, value in differences.items() if value is None]:
            del form[name]
        return self.client.post(f"{USERS}{user.pk}/change/", form)

    def log_out(self, *users):
        selected = {"action": "log_out_everywhere", "_selected_action": [each.pk for each in users]}
        return self.client.post(USERS, selected)

    def assertEnded(self):
        """Alice's sessions have ended, Bob's have not."""
        self.assertEqual(Session.objects.get().user, self.bob)
        self.assertEqual(use_access_token(self.session).status_code, 401)
        self.assertEqual(use_access_token(self.bobs).status_code, 200)

    def logged(self, function, *given, **named):
        with self.assertLogs("booking.security", "INFO") as logged:
            response = function(*given, **named)
        self.assertEqual(response.status_code, 302)
        lines = [each.getMessage() for each in logged.records]
        return [line for line in lines if "event=staff_request" not in line]

    def ended(self, user):
        return f"event=sessions_ended_by_staff user={user.pk} by={self.stella.pk}"

    def test_log_out_everywhere_ends_all_sessions_of_the_selected_users(self):
        open_session(user=self.alice)
        self.assertEqual(self.logged(self.log_out, self.alice), [self.ended(self.alice)])
        self.assertEnded()
        response = self.log_out(self.alice, self.bob)
        self.assertEqual(self.messages(response)[-1], "2 users logged out everywhere.")
        self.assertFalse(Session.objects.exists())

    def test_log_out_everywhere_ends_sessions_in_the_admin(self):
        boss = User.objects.create_superuser("boss")
        browser, other = Client(), Client()
        browser.force_login(boss)
        other.force_login(boss)
        self.log_out(boss)
        for each in (browser, other):
            self.assertEqual(each.get("/admin/").status_code, 302)
        self.assertEqual(AdminSession.objects.count(), 1)  # Stella's
        self.assertEqual(self.client.get("/admin/").status_code, 200)

    def test_log_out_everywhere_of_oneself_leads_to_the_login(self):
        response = self.log_out(self.stella, self.alice)
        self.assertRedirects(response, USERS, target_status_code=302)
        self.assertEqual(self.client.get("/admin/").status_code, 302)
        self.assertFalse(AdminSession.objects.exists())
        self.assertEnded()

    def test_log_out_everywhere_needs_the_change_permission(self):
        doris = create_user("doris", is_staff=True)
        doris.user_permissions.set(Permission.objects.filter(codename="view_user"))
        self.client.force_login(doris)
        self.log_out(self.alice)
        self.assertEqual(use_access_token(self.session).status_code, 200)

    def test_deactivated_user_has_no_sessions(self):
        lines = self.logged(self.change, self.alice, is_active=None)
        self.assertEqual(lines, [self.ended(self.alice)])
        self.assertEnded()
        self.alice.refresh_from_db()
        self.change(self.alice, is_active="on")
        self.assertEqual(use_access_token(self.session).status_code, 401)

    def test_other_changes_keep_the_sessions(self):
        self.assertEqual(self.logged(self.change, self.alice, email="a@example.com"), [])
        self.assertEqual(use_access_token(self.session).status_code, 200)
        gone = create_user("gone", is_active=False)
        self.assertEqual(self.logged(self.change, gone, email="g@example.com"), [])

    def test_password_set_by_staff_ends_the_sessions(self):
        path = f"{USERS}{self.alice.pk}/password/"
        new = {"password1": "silver-screen-1927", "password2": "another"}
        self.assertEqual(self.client.post(path, new).status_code, 200)
        self.assertEqual(use_access_token(self.session).status_code, 200)
        new["password2"] = new["password1"]
        self.assertEqual(self.client.post(path, new | {"usable_password": "true"}).status_code, 302)
        self.assertEnded()

    def test_deleted_user_has_no_sessions(self):
        self.client.post(f"{USERS}{self.alice.pk}/delete/", {"post": "yes"})
        self.assertEnded()
