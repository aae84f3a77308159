"""The door page on a phone, in a real browser, with a fake camera."""

from base64 import b64decode
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from booking.models import Booking
from booking.roles import DOOR
from booking.tests.browser.staff import StaffTestCase
from booking.tests.factories import create_booking, create_screen, create_show, create_user
from booking.tests.tickets.test_printing import picture_of_svg, scan
from booking.tickets import Ticket, code_of
from booking.tickets.printing import qr_code

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}

# Chromium on Linux has no BarcodeDetector. This one reads the picture of the camera as well, but
# with ZXing, through the function `scan_picture` of the test.
BARCODE_DETECTOR = """
window.BarcodeDetector = class {
    static async getSupportedFormats() { return ["qr_code"]; }
    async detect(video) {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
        canvas.getContext("2d").drawImage(video, 0, 0);
        return (await window.scan_picture(canvas.toDataURL())).map((rawValue) => ({ rawValue }));
    }
};
"""


def write_video(path, picture):
    """A picture as a film of one frame (YUV4MPEG2), for Chromium's fake camera."""
    width, height = 640, 480
    frame = Image.new("L", (width, height), 255)
    frame.paste(picture.convert("L").resize((400, 400)), (120, 40))
    colours = bytes([128]) * (width * height // 2)
    header = f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(header + b"FRAME\n" + frame.tobytes() + colours)


class DoorTests(StaffTestCase):
    role = DOOR

    def setUp(self):
        super().setUp()
        self.show = create_show(
            self.movie,
            screen=create_screen(layout="sssss.sssss\nsssss.sssss"),
            starts_in=timedelta(minutes=20),
        )
        alice = create_user("alice", first_name="Alice", last_name="Ng")
        self.bookings = [
            create_booking(alice, self.show, seat, reference="ACDEFGHJ") for seat in (1, 2, 3)
        ]
        self.codes = [code_of(Ticket.of(booking)) for booking in self.bookings]
        self.door = f"{self.address}/admin/booking/show/{self.show.pk}/door/"

    def admitted(self):
        found = Booking.objects.filter(admitted_at__isnull=False).order_by("seat_number")
        return [booking.seat_label for booking in found]

    def word(self, page):
        return page.locator(".answer .word").inner_text()

    def scan_like_a_keyboard(self, page, code):
        """A keyboard-wedge scanner types into whatever has the focus, and presses Enter."""
        page.keyboard.type(code)
        page.keyboard.press("Enter")

    def test_usher_scans_by_typing(self):
        with self.browsing(**PHONE) as page:
            self.log_in(page)
            page.goto(self.door)
            page.evaluate("window.sameDocument = true")
            words = []
            for code in (self.codes[0], self.codes[1], self.codes[0]):
                with page.expect_response("**/door/"):
                    self.scan_like_a_keyboard(page, code)
                page.locator("#door:not(.busy)").wait_for()
                words.append(self.word(page))
            sentence = page.locator(".answer .sentence").inner_text()
            count = page.locator(".count").inner_text()
            waiting = page.locator("#waiting tbody tr").all_inner_texts()
            self.scan_like_a_keyboard(page, "acde fghj")
            page.locator(".choices").wait_for()
            page.get_by_role("button", name="Check in A3", exact=True).click()
            page.locator(".answer.good").wait_for()
            words.append(self.word(page))
            page.get_by_role("button", name="Undo").click()
            page.get_by_text("A3 is not in any more.").wait_for()
            stayed = page.evaluate("window.sameDocument")
            width = page.evaluate("document.documentElement.scrollWidth")
        self.assertEqual(words, ["✓ IN A1", "✓ IN A2", "✕ USED", "✓ IN A3"])
        self.assertIn("by stella.", sentence)
        self.assertEqual(count, "2 of 3 in")
        self.assertEqual(len(waiting), 1)
        self.assertIn("A3", waiting[0])
        self.assertEqual((stayed, width), (True, 390))
        self.assertEqual(self.admitted(), ["A1", "A2"])
        self.assertNoComplaints()

    def test_usher_checks_in_from_the_list(self):
        with self.browsing(**PHONE) as page:
            self.log_in(page)
            page.goto(self.door)
            page.get_by_label("Find").fill("a2 ng")
            shown = page.locator("#waiting tbody tr:visible").count()
            page.get_by_role("button", name="Check in A2, Ng, Alice").click()
            page.locator(".answer.good").wait_for()
            word = self.word(page)
        self.assertEqual((shown, word), (1, "✓ IN A2"))
        self.assertEqual(self.admitted(), ["A2"])
        self.assertNoComplaints()

    def test_page_says_why_it_cannot_use_the_camera(self):
        with self.browsing(**PHONE) as page:
            self.log_in(page)
            page.goto(self.door)
            page.locator("#no-camera:visible").wait_for()
            sentence = page.locator("#no-camera").inner_text()
            has_button = page.locator("#camera").is_visible()
        self.assertEqual(
            sentence, "This browser cannot read QR codes. Type the code, or use a scanner."
        )
        self.assertFalse(has_button)

    def test_usher_scans_with_the_camera(self):
        with TemporaryDirectory() as folder:
            video = Path(folder) / "ticket.y4m"
            write_video(video, picture_of_svg(qr_code(self.codes[1]).encode()))
            arguments = [
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={video}",
            ]
            with self.browsing(arguments, permissions=["camera"], **PHONE) as page:
                page.expose_function("scan_picture", self.scan_picture)
                page.add_init_script(BARCODE_DETECTOR)
                self.log_in(page)
                page.goto(self.door)
                page.get_by_role("button", name="Scan with the camera").click()
                page.locator(".answer").wait_for()
                word = self.word(page)
                page.wait_for_timeout(1_000)  # the camera sees the same ticket all the time
                later = self.word(page)
                page.get_by_role("button", name="Stop the camera").click()
                has_stopped = page.locator("video").is_hidden()
        self.assertEqual((word, later, has_stopped), ("✓ IN A2", "✓ IN A2", True))
        self.assertEqual(self.admitted(), ["A2"])
        self.assertNoComplaints()

    def scan_picture(self, data_url):
        return scan(Image.open(BytesIO(b64decode(data_url.partition(",")[2]))))

    def test_lost_answer_is_said(self):
        with self.browsing(**PHONE) as page:
            self.log_in(page)
            page.goto(self.door)
            page.route("**/door/", lambda route: route.abort())
            self.scan_like_a_keyboard(page, self.codes[0])
            page.locator(".answer.bad").wait_for()
            word = self.word(page)
        self.assertEqual(word, "✕ NO ANSWER")

    def test_without_javascript_it_is_a_plain_form(self):
        with self.browsing(java_script_enabled=False, **PHONE) as page:
            self.log_in(page)
            page.goto(self.door)
            page.get_by_label("Ticket code or reference").fill(self.codes[0])
            page.get_by_role("button", name="Check in", exact=True).first.click()
            word = self.word(page)
        self.assertEqual(word, "✓ IN A1")
        self.assertEqual(self.admitted(), ["A1"])
