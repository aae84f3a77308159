"""Roles, and what only superusers may change."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import TestCase

from booking import accounts
from booking.roles import BOX_OFFICE, DOOR, MANAGER, PERMISSIONS, create_roles
from booking.tests.factories import create_booking, create_show, create_user

USERS = "/admin/auth/user/"


def permissions_of(name):
    permissions = Group.objects.get(name=name).permissions.all()
    return {f"{each.content_type.app_label}.{each.codename}" for each in permissions}


class RoleTests(TestCase):
    def test_migration_makes_the_roles(self):
        self.assertEqual(set(Group.objects.values_list("name", flat=True)), set(PERMISSIONS))
        for name, permissions in PERMISSIONS.items():
            with self.subTest(name):
                self.assertEqual(permissions_of(name), set(permissions))

    def test_roles_created_again_keep_what_was_added(self):
        more = Permission.objects.get(codename="delete_user")
        Group.objects.get(name=DOOR).permissions.add(more)
        Group.objects.get(name=BOX_OFFICE).delete()
        create_roles()
        self.assertIn("auth.delete_user", permissions_of(DOOR))
        self.assertEqual(permissions_of(BOX_OFFICE), set(PERMISSIONS[BOX_OFFICE]))


class ManagerTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice")
        cls.manager = create_user("manager", is_staff=True)
        cls.manager.groups.add(Group.objects.get(name=MANAGER))
        cls.colleague = create_user("colleague", is_staff=True)
        cls.boss = User.objects.create_superuser("boss")

    def setUp(self):
        self.client.force_login(self.manager)

    def change(self, user, **changes):
        form = {"username": user.username, "email": "", "is_active": "on", **changes}
        return self.client.post(f"{USERS}{user.pk}/change/", form)

    def test_manager_changes_a_customers_name(self):
        self.assertEqual(self.change(self.alice, first_name="Alice").status_code, 302)
        self.alice.refresh_from_db()
        self.assertEqual(self.alice.first_name, "Alice")
        self.assertEqual(LogEntry.objects.get().user, self.manager)

    def test_manager_raises_nobodys_rights(self):
        rights = {
            "is_staff": "on",
            "is_superuser": "on",
            "groups": [Group.objects.get(name=MANAGER).pk],
            "user_permissions": [Permission.objects.first().pk],
        }
        self.assertEqual(self.change(self.alice, **rights).status_code, 302)
        self.alice.refresh_from_db()
        self.assertEqual((self.alice.is_staff, self.alice.is_superuser), (False, False))
        self.assertFalse(self.alice.groups.exists() or self.alice.user_permissions.exists())
        for field in rights:
            self.assertNotContains(self.client.get(f"{USERS}{self.alice.pk}/change/"), field)

    def test_manager_touches_no_account_of_staff(self):
        for user in (self.manager, self.colleague, self.boss):
            with self.subTest(user):
                self.assertEqual(self.change(user, first_name="X").status_code, 403)
                for page in ("password", "erase"):
                    path = f"{USERS}{user.pk}/{page}/"
                    form = {"password1": "paper-moon-1973", "password2": "paper-moon-1973"}
                    self.assertEqual(self.client.post(path, form).status_code, 403)
        selected = {"action": "log_out_everywhere", "_selected_action": [self.boss.pk]}
        page = self.client.post(USERS, selected, follow=True)
        self.assertContains(page, "0 users logged out everywhere.")
        self.assertFalse(User.objects.exclude(first_name="").exists())

    def test_manager_adds_and_deletes_no_users_and_groups(self):
        for path in (
            f"{USERS}add/",
            f"{USERS}{self.alice.pk}/delete/",
            "/admin/auth/group/",
            "/admin/auth/group/add/",
        ):
            with self.subTest(path):
                self.assertEqual(self.client.post(path, {"post": "yes"}).status_code, 403)

    def test_clerk_with_every_permission_of_auth_changes_no_group(self):
        group = Group.objects.get(name=DOOR)
        before = permissions_of(DOOR)
        self.colleague.user_permissions.set(
            Permission.objects.filter(content_type__app_label="auth")
        )
        self.client.force_login(self.colleague)
        self.assertEqual(self.client.get("/admin/auth/group/").status_code, 200)
        everything = list(Permission.objects.values_list("pk", flat=True))
        form = {"name": "All", "permissions": everything}
        for page in ("add", f"{group.pk}/change", f"{group.pk}/delete"):
            with self.subTest(page):
                response = self.client.post(f"/admin/auth/group/{page}/", {**form, "post": "yes"})
                self.assertEqual(response.status_code, 403)
        selected = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
        self.client.post("/admin/auth/group/", selected)
        self.assertEqual(permissions_of(DOOR), before)
        self.assertFalse(Group.objects.filter(name="All").exists())

    def test_manager_erases_a_customer(self):
        booking = create_booking(self.alice, create_show(), note="0170 555")
        path = f"{USERS}{self.alice.pk}/erase/"
        self.assertContains(self.client.get(path), "1 seat of coming shows will be free again.")
        page = self.client.post(path, follow=True)
        self.assertContains(page, "The account alice is erased.")
        self.alice.refresh_from_db()
        booking.refresh_from_db()
        self.assertTrue(self.alice.username.startswith("erased-"))
        self.assertEqual((booking.status, booking.note), ("cancelled", ""))
        self.assertEqual(LogEntry.objects.get().change_message, "Erased.")
        self.assertEqual(self.client.get(f"{USERS}99/erase/").status_code, 302)

    def test_second_click_on_erase_changes_nothing(self):
        path = f"{USERS}{self.alice.pk}/erase/"
        self.client.post(path)
        self.alice.refresh_from_db()
        name = self.alice.username
        self.assertNotContains(self.client.get(f"{USERS}{self.alice.pk}/change/"), path)
        page = self.client.post(path, follow=True)
        self.assertContains(page, "This account is already erased.")
        self.alice.refresh_from_db()
        self.assertEqual(self.alice.username, name)
        self.assertEqual(LogEntry.objects.count(), 1)

    def test_customer_who_cannot_log_in_any_more_is_erased(self):
        gone = create_user("gone", email="gone@example.com", is_active=False)
        path = f"{USERS}{gone.pk}/erase/"
        self.assertContains(self.client.get(f"{USERS}{gone.pk}/change/"), path)
        self.assertContains(self.client.post(path, follow=True), "The account gone is erased.")
        gone.refresh_from_db()
        self.assertTrue(gone.username.startswith("erased-"))
        self.assertEqual(gone.email, "")

    def test_log_of_the_admin_forgets_the_name_of_an_erased_account(self):
        bob = create_user("bob")
        for user in (self.alice, bob):
            self.change(user, first_name="X")
        self.client.post(f"{USERS}{self.alice.pk}/erase/")
        self.alice.refresh_from_db()
        named = LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)
        self.assertEqual(list(named), [self.alice.username, "bob", self.alice.username])


class SuperuserTests(TestCase):
    def setUp(self):
        self.client.force_login(User.objects.create_superuser("boss"))

    def test_accounts_of_the_cinemas_own_are_changed_by_nobody(self):
        for name in accounts.RESERVED_USERNAMES:
            user = accounts.reserved_account(name)
            for page in ("change", "delete", "password", "erase"):
                with self.subTest(f"{name} {page}"):
                    response = self.client.post(f"{USERS}{user.pk}/{page}/", {"post": "yes"})
                    self.assertEqual(response.status_code, 403)
            user.refresh_from_db()
            self.assertFalse(user.has_usable_password())

    def test_user_with_bookings_cannot_be_deleted_and_the_page_says_why(self):
        alice = create_user("alice")
        stella = create_user("stella", is_staff=True)
        create_booking(alice, create_show(), 1)
        create_booking(stella, create_show(), 2)
        for user, offered in ((alice, 1), (stella, 0)):
            with self.subTest(user):
                page = self.client.post(f"{USERS}{user.pk}/delete/", {"post": "yes"})
                self.assertContains(page, f"{user} has bookings, which stay on record")
                self.assertContains(page, f"{USERS}{user.pk}/erase/", offered)
        self.assertTrue(User.objects.filter(pk=alice.pk).exists())

    def test_customers_page_lists_their_bookings(self):
        alice = create_user("alice")
        page = self.client.get(f"{USERS}{alice.pk}/change/")
        self.assertContains(page, "None yet.")
        booking = create_booking(alice, create_show())
        page = self.client.get(f"{USERS}{alice.pk}/change/")
        self.assertContains(page, f"/admin/booking/booking/{booking.pk}/change/")
        self.assertContains(page, f"?user__id__exact={alice.pk}")
