"""Pictures of the staff's pages for the docs: `make screenshots` writes docs/images/staff/.

Named for page, width and colour scheme; those without are of the width of a desktop, in light.
"""

from datetime import timedelta

from django.conf import settings
from django.core.management import call_command
from django.db.models import Count
from django.test import override_settings
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from booking import accounts, box_office
from booking.demo import STAFF
from booking.mail.messages import compose
from booking.models import Booking, Mail, Show
from booking.tests.browser.pages import BrowserTestCase
from booking.tests.factories import create_user
from booking.tickets import Ticket, code_of

FOLDER = settings.BASE_DIR / "docs" / "images" / "staff"
SIZES = {"": (1280, 860), "-tablet": (820, 1100), "-phone": (390, 844)}
SCHEMES = {"": "light", "-dark": "dark"}


@override_settings(ALLOWED_HOSTS=[BrowserTestCase.allowed_host], DEBUG=True)
class Screenshots(BrowserTestCase):
    def setUp(self):
        call_command("demo", verbosity=0)
        stella = accounts.users_by_name(STAFF[0]).get()
        noon = timezone.localtime().replace(hour=12, minute=0)
        self.day = (noon + timedelta(days=2)).date()
        shows = Show.objects.on_day(self.day).filter(screen__name="Screen 1")
        self.show = shows.annotate(sold=Count("bookings")).order_by("-sold").first()
        house = accounts.reserved_account(accounts.HOUSE)
        walk_in = accounts.reserved_account(accounts.WALK_IN)
        sell = {"show_id": self.show.pk, "by": stella}
        box_office.reserve(
            **sell, customer=house, seat_numbers=[1, 2], hold=True, hold_for=timedelta(days=99)
        )
        box_office.reserve(
            **sell, customer=walk_in, seat_numbers=[60, 61, 62], hold=True, note="Lang"
        )
        box_office.reserve(**sell, customer=walk_in, seat_numbers=[172, 173], note="0170 555")
        # Tonight's show, with a part of its customers in.
        now = timezone.now()
        self.tonight = Show.objects.filter(date_time__gt=now).order_by("date_time").first()
        Show.objects.filter(pk=self.tonight.pk).update(date_time=now + timedelta(minutes=25))
        box_office.reserve(
            show_id=self.tonight.pk, by=stella, customer=walk_in, count=10, note="Lang"
        )
        booked = Booking.objects.filter(show=self.tonight, status="booked").order_by("seat_number")
        for booking in booked[1::4]:
            box_office.admit(booking_id=booking.pk, seat_number=booking.seat_number, by=stella)
        codes = [code_of(Ticket.of(booking)) for booking in booked]
        self.used, self.good = codes[1], iter(codes[::2])  # one for each picture

    def test_take_pictures_of_mails_and_of_the_page_of_their_link(self):
        alice = create_user("alice", email="alice@example.com")
        reset = Mail.objects.create(kind="password_reset", recipient="alice@example.com")
        sold = box_office.reserve(show_id=self.show.pk, by=alice, count=3)
        booked = Mail.objects.get(reference=sold.reference)
        with self.settings(CINEMA_NAME="Kino Babylon", CINEMA_ADDRESS="Platz 1, Berlin"):
            html = {
                name: compose(mail).alternatives[0].content
                for name, mail in {"mail": reset, "mail-booked": booked}.items()
            }
        link = f"{self.address}/password-reset/?token={accounts.reset_token(alice)}"
        viewport = {"width": 480, "height": 520}
        for scheme, name in SCHEMES.items():
            with self.browsing(viewport=viewport, color_scheme=name) as page:
                for title, content in html.items():
                    page.set_content(content)
                    page.screenshot(path=FOLDER.parent / f"{title}{scheme}.png")
                page.goto(link)
                page.screenshot(path=FOLDER.parent / f"password-reset{scheme}.png")

    @override_settings(STAFF_TWO_FACTOR="required")
    def test_take_pictures_of_the_second_factor(self):
        size = dict(zip(("width", "height"), SIZES[""], strict=True))
        with self.browsing(viewport=size, color_scheme="light") as page:
            self.log_in(page)
            page.get_by_role("heading", name="Set up your second factor").wait_for()
            page.screenshot(path=FOLDER / "second-factor.png")
        TOTPDevice.objects.update(confirmed=True)
        size = dict(zip(("width", "height"), SIZES["-phone"], strict=True))
        with self.browsing(viewport=size, color_scheme="light") as page:
            self.log_in(page)
            page.get_by_role("heading", name="Enter your code").wait_for()
            page.screenshot(path=FOLDER / "second-factor-phone.png")

    def log_in(self, page):
        page.goto(f"{self.address}/admin/")
        page.get_by_label("Username").fill(STAFF[0])
        page.get_by_label("Password").fill(STAFF[1])
        page.get_by_role("button", name="Log in").click()

    def pages(self):
        show = f"booking/show/{self.show.pk}"
        return {
            "first-page": "",
            "seat-plan": f"{show}/seats/",
            "timetable": f"booking/show/timetable/?date={self.day}",
            "planning": "booking/show/plan/",
            "door-list": f"{show}/door-list/",
            "door": f"booking/show/{self.tonight.pk}/door/",
            "door-refused": f"booking/show/{self.tonight.pk}/door/",
            "seats-in": f"booking/show/{self.tonight.pk}/seats/",
            "screen": f"booking/screen/{self.show.screen_id}/change/",
        }

    def test_take_screenshots(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        pages = self.pages()
        for size, (width, height) in SIZES.items():
            for scheme, name in SCHEMES.items():
                viewport = {"width": width, "height": height}
                with self.browsing(viewport=viewport, color_scheme=name) as page:
                    self.log_in(page)
                    page.get_by_text("Welcome,").wait_for()
                    for title, path in pages.items():
                        page.goto(f"{self.address}/admin/{path}")
                        getattr(self, title.replace("-", "_"), lambda page: None)(page)
                        page.screenshot(path=FOLDER / f"{title}{size}{scheme}.png")

    def seat_plan(self, page):
        for label in ("C5", "C6", "C7"):
            page.locator(f'input[data-label="{label}"]').click()
        page.mouse.move(0, 0)

    def door(self, page):
        self.scan(page, next(self.good))

    def door_refused(self, page):
        self.scan(page, self.used)

    def scan(self, page, code):
        page.get_by_label("Ticket code or reference").fill(code)
        page.keyboard.press("Enter")
        page.locator(".answer").wait_for()

    def screen(self, page):
        page.locator("#layout-preview .hall .seat").first.wait_for()

    def planning(self, page):
        """The preview of a plan that meets shows of the demo."""
        page.locator(".plan .select2-selection").click()
        page.keyboard.type("metro")
        page.get_by_role("option", name="Metropolis").click()
        series = page.locator("form.plan").first
        series.get_by_label("Screen 1").check()
        series.get_by_label("Studio").check()
        series.get_by_label("Times").fill("10:00 14:30")
        series.get_by_label("First day").fill(f"{self.day}")
        series.get_by_label("Last day").fill(f"{self.day + timedelta(days=6)}")
        series.get_by_role("button", name="Preview").click()
        page.locator(".preview").wait_for()
