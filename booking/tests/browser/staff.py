"""What staff do in the admin, in a real browser."""

from datetime import timedelta

from django.contrib.auth.models import Group
from django.test import override_settings
from django.utils import timezone

from booking import box_office
from booking.models import Booking, Mail, Screen, Show
from booking.roles import BOX_OFFICE, MANAGER, create_roles
from booking.tests.browser.pages import BrowserTestCase
from booking.tests.factories import create_movie, create_screen, create_show, create_user

PASSWORD = "paper-moon-1973"
HALL = "sssss.sssss\nsssss.sssss\nwcsss.ssxss"
MONDAY = timezone.localdate() + timedelta(days=14 - timezone.localdate().weekday())


@override_settings(ALLOWED_HOSTS=[BrowserTestCase.allowed_host])
class StaffTestCase(BrowserTestCase):
    role = ""

    def setUp(self):
        create_roles()
        self.user = create_user("stella", is_staff=True)
        self.user.set_password(PASSWORD)
        self.user.save()
        self.user.groups.add(Group.objects.get(name=self.role))
        self.movie = create_movie("Metropolis", duration_minutes=153)

    def log_in(self, page):
        page.goto(f"{self.address}/admin/")
        page.get_by_label("Username").fill("stella")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("Welcome,").wait_for()

    def message(self, page):
        return page.locator(".messagelist li").inner_text()

    def assertNoComplaints(self):
        """Nothing was loaded from elsewhere, and the console has no errors but the icon."""
        self.assertNothingForeignLoaded()
        complaints = [each for each in self.complaints if "404 (Not Found)" not in each]
        self.assertEqual(complaints, [])


class ClerkTests(StaffTestCase):
    role = BOX_OFFICE

    def setUp(self):
        super().setUp()
        self.show = create_show(self.movie, screen=create_screen(layout=HALL))
        self.plan = f"{self.address}/admin/booking/show/{self.show.pk}/seats/"

    def active(self):
        bookings = Booking.objects.active().order_by("seat_number")
        return [(each.seat_label, each.user.username, each.note) for each in bookings]

    def seat(self, page, label):
        return page.locator(f'input[data-label="{label}"]')

    def test_clerk_sells_three_seats_moves_one_and_cancels_one(self):
        with self.browsing() as page:
            self.log_in(page)
            page.goto(self.plan)
            clicks = 0
            for label in ("A2", "A3", "A4"):
                self.seat(page, label).click()
                clicks += 1
            chosen = page.locator("#chosen").inner_text()
            page.get_by_label("Note").fill("Lang")
            page.get_by_role("button", name="Sell", exact=True).click()
            clicks += 1
            sold = self.message(page)
            self.seat(page, "A2").click()
            details = page.locator("#details").inner_text()
            self.seat(page, "B1").click()
            page.get_by_label("Reason").fill("Wanted the aisle")
            page.get_by_role("button", name="Move to the chosen free seat").click()
            moved = self.message(page)
            self.seat(page, "A4").click()
            page.get_by_role("button", name="Cancel or release").click()
            cancelled = self.message(page)
        self.assertEqual((clicks, chosen), (4, "3 seats: A2, A3, A4"))
        reference = Booking.objects.first().reference
        self.assertEqual(sold, f"Sold: A2, A3, A4. The reference is {reference}.")
        self.assertIn("A2, booked by walk-in (Lang)", details)
        self.assertEqual(moved, f"Moved {reference} from A2 to B1.")
        self.assertEqual(cancelled, "Free again: A4.")
        self.assertEqual(self.active(), [("A3", "walk-in", "Lang"), ("B1", "walk-in", "Lang")])
        self.assertNoComplaints()

    def test_clerk_sells_by_keyboard_alone(self):
        with self.browsing() as page:
            self.log_in(page)
            page.goto(self.plan)
            press = page.keyboard.press
            while page.evaluate("document.activeElement.name") != "seat":
                press("Tab")
            press("ArrowDown"), press("ArrowRight"), press("Space")
            press("ArrowRight"), press("Space")
            while page.evaluate("document.activeElement.value") != "sell":
                press("Tab")
            press("Enter")
            sold = self.message(page)
        self.assertIn("Sold: B2, B3.", sold)
        self.assertEqual([label for label, *_ in self.active()], ["B2", "B3"])
        self.assertNoComplaints()

    def test_seat_sold_meanwhile_is_said_and_the_rest_is_kept(self):
        with self.browsing() as page:
            self.log_in(page)
            page.goto(self.plan)
            self.seat(page, "A1").click()
            self.seat(page, "A2").click()
            page.get_by_label("Note").fill("Lang")
            other = page.context.new_page()
            other.goto(self.plan)
            self.seat(other, "A2").click()
            other.get_by_role("button", name="Sell", exact=True).click()
            other.locator(".messagelist li").wait_for()
            page.evaluate("clearTimeout(refreshing)")  # or the page says so before the sale
            page.get_by_role("button", name="Sell", exact=True).click()
            error = page.locator(".errornote").inner_text()
            note = page.get_by_label("Note").input_value()
            is_chosen = self.seat(page, "A1").is_checked()
            page.get_by_role("button", name="Sell", exact=True).click()
            sold = self.message(page)
        self.assertIn("Taken meanwhile: A2. Free nearby: A3,", error)
        self.assertEqual((note, is_chosen), ("Lang", True))
        self.assertIn("Sold: A1.", sold)
        self.assertNoComplaints()

    def test_plan_shows_what_others_sell_while_it_is_open(self):
        with self.browsing() as page:
            self.log_in(page)
            page.goto(self.plan)
            self.seat(page, "A2").click()
            other = page.context.new_page()
            other.goto(self.plan)
            self.seat(other, "A2").click()
            other.get_by_role("button", name="Sell", exact=True).click()
            other.locator(".messagelist li").wait_for()
            page.bring_to_front()
            page.locator("#chosen", has_text="Taken meanwhile: A2.").wait_for()
            state = page.locator("label.seat", has=self.seat(page, "A2")).get_attribute(
                "data-state"
            )
        self.assertEqual(state, "booked")
        self.assertNoComplaints()

    def test_double_click_on_sell_sells_once(self):
        with self.browsing() as page:
            self.log_in(page)
            page.goto(self.plan)
            self.seat(page, "A2").click()
            page.get_by_role("button", name="Sell", exact=True).dblclick(delay=50)
            sold = self.message(page)
        self.assertIn("Sold: A2.", sold)
        self.assertEqual(Booking.objects.count(), 1)

    def test_mail_with_a_long_address_is_sent_again_on_a_phone(self):
        alice = create_user("alice", email=f"{'alice' * 10}@example.com")
        box_office.book(show_id=self.show.pk, seat_number=1, by=alice)
        booking = Booking.objects.get().pk
        Mail.objects.update(sent_at=timezone.now())
        with self.browsing(viewport={"width": 390, "height": 844}) as page:
            self.log_in(page)
            page.goto(f"{self.address}/admin/booking/booking/{booking}/change/")
            button = page.get_by_role("button", name="Send again")
            box = button.bounding_box()
            widths = page.locator(".mails").evaluate(
                "(table) => [table.parentElement.scrollWidth, table.parentElement.clientWidth]"
            )
            button.click()
            said = self.message(page)
        self.assertEqual(said, "The mail will be sent again.")
        self.assertLess(box["x"] + box["width"], 390)
        self.assertLessEqual(*widths)  # nothing is cut off

    def test_plan_works_without_javascript(self):
        with self.browsing(java_script_enabled=False) as page:
            self.log_in(page)
            page.goto(self.plan)
            page.get_by_label("Seats", exact=False).first.wait_for()
            self.seat(page, "A1").check()
            page.locator("#id_seats").fill("A2 3")
            page.get_by_role("button", name="Sell", exact=True).click()
            sold = self.message(page)
        self.assertIn("Sold: A1, A2, A3.", sold)


class ManagerTests(StaffTestCase):
    role = MANAGER

    def draw_screen(self, page, name, layout):
        page.goto(f"{self.address}/admin/booking/screen/add/")
        page.get_by_label("Name").fill(name)
        page.locator("#id_layout").fill(layout)
        page.locator("#layout-preview .hall .seat").first.wait_for()
        seats = page.locator("#layout-preview .hall .seat").count()
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".messagelist .success").wait_for()
        return seats

    def plan(self, page, times):
        page.goto(f"{self.address}/admin/booking/show/plan/")
        page.locator(".plan .select2-selection").click()
        page.keyboard.type("metro")
        page.get_by_role("option", name="Metropolis").click()
        series = page.locator("form.plan").first
        series.get_by_label("Screen 1").check()
        series.get_by_label("Screen 2").check()
        series.get_by_label("Times").fill(times)
        series.get_by_label("First day").fill(f"{MONDAY}")
        series.get_by_label("Last day").fill(f"{MONDAY + timedelta(days=6)}")
        series.get_by_role("button", name="Preview").click()

    def test_manager_draws_a_hall_plans_a_week_and_calls_a_show_off(self):
        with self.browsing() as page:
            self.log_in(page)
            page.goto(f"{self.address}/admin/booking/screen/add/")
            page.locator("#id_layout").fill("ss\nso")
            problem = page.locator("#layout-preview .problems").inner_text()
            drawn = self.draw_screen(page, "Screen 1", HALL)
            self.draw_screen(page, "Screen 2", "ssss\nssss")
            self.plan(page, "14:00 17:30 20:45")
            page.get_by_role("button", name="Add 42 shows").click()
            planned = self.message(page)
            timetable = page.locator(".block").count()
            self.plan(page, "16:00")
            conflicts = page.locator("tr.problem").count()
            page.get_by_role("button", name="Change the plan").click()
            copy = page.locator("form.plan").nth(1)
            copy.get_by_label("Beginning with").fill(f"{MONDAY}")
            copy.get_by_label("To the days from").fill(f"{MONDAY + timedelta(days=7)}")
            copy.get_by_role("button", name="Preview").click()
            page.get_by_role("button", name="Add 42 shows").click()
            copied = self.message(page)
            page.locator(".block").first.click()
            page.get_by_role("link", name="Show", exact=True).click()
            page.get_by_role("link", name="Call off").click()
            page.get_by_label("Reason").fill("No heating")
            page.get_by_role("button", name="Call the show off").click()
            called_off = self.message(page)
        self.assertIn("Line 2, column 2", problem)
        self.assertEqual((drawn, timetable, conflicts), (30, 6, 14))
        self.assertEqual((planned, copied), ("42 shows planned.", "42 shows planned."))
        self.assertIn("is called off; 0 bookings cancelled.", called_off)
        self.assertEqual(Show.objects.count(), 84)
        self.assertEqual(Show.objects.exclude(cancelled_at=None).count(), 1)
        self.assertEqual(Screen.objects.count(), 2)
        self.assertNoComplaints()
