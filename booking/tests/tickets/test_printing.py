"""Tickets are read back by ZXing, which has nothing in common with what draws them."""

import random
from datetime import UTC, datetime
from io import BytesIO

import pypdfium2
import typst
import zxingcpp
from django.contrib.auth.models import User
from django.test import SimpleTestCase, override_settings
from PIL import Image, ImageDraw

from booking.models import Booking, Movie, Show
from booking.tickets import Ticket, code_of
from booking.tickets.printing import print_tickets, qr_code

CENTIMETRE = 300 / 2.54  # pixels, of a printer or scanner with 300 dots per inch
REFERENCE = "K7NWX3PD"
MODULES = 37  # 29, and a quiet zone of four on each side
TITLES = [
    "Metropolis",
    "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb",
    "W" * 200,
    "The Lord of the Rings: The Fellowship of the Ring " * 4,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "千と千尋の神隠し 센과 치히로의 행방불명 千与千寻",
    "متروبوليس 2027 (Metropolis) الجزء الثاني",
    'הסרט "Metropolis" 3',
    "मेट्रोपोलिस தமிழ் বাংলা ภาพยนตร์ไทย ქართული Հայերեն አማርኛ",
    "🎬🍿 Kino unter Sternen 👩‍👩‍👧 🇩🇪 ❤️",
    "Z̸̢͝a̵l̷g̶o̴ e\u0301\u0323",
    '#set page(fill: red)\n*bold* $x^2$ "quotes" \\ <script>&amp; #panic()',
    "",
]


def snapshot_of(title="Metropolis", seat_number=14, screen_name="Screen 1"):
    movie = Movie(pk=1, title=title, duration_minutes=153)
    starts = datetime(2026, 12, 24, 19, 15, tzinfo=UTC)
    show = Show(
        pk=7, movie=movie, screen_name=screen_name, date_time=starts, total_seats=999
    ).snapshot(available_seats=5, now=starts)
    return Booking(
        pk=42, user=User(pk=3), show=show.show, seat_number=seat_number, reference=REFERENCE
    ).snapshot(show)


def pages_of(pdf, scale=3):
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=scale).to_pil() for page in document]


def text_of(pdf):
    return "\n".join(
        page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)
    ).replace("\r", "")


def scan(image):
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return [each.text for each in found]


def picture_of_svg(svg):
    """An SVG as a picture, by the only renderer of SVG that there is without a browser."""
    page = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        '#image(bytes(sys.inputs.svg), format: "svg")'
    )
    png = typst.compile(page.encode(), format="png", ppi=200, sys_inputs={"svg": svg.decode()})
    return Image.open(BytesIO(png))


class PrintingTests(SimpleTestCase):
    def setUp(self):
        self.code = code_of(Ticket(42, 14))

    def print(self, form="pdf", name="Ada Lovelace", **fields):
        return print_tickets([snapshot_of(**fields)], name=name, form=form)

    def test_qr_code_of_every_form_is_read_back(self):
        [page] = pages_of(self.print("pdf"))
        self.assertEqual(scan(page), [self.code])
        self.assertEqual(scan(Image.open(BytesIO(self.print("png")))), [self.code])
        self.assertEqual(scan(picture_of_svg(self.print("svg"))), [self.code])

    def test_pdf_has_a_page_for_each_seat(self):
        bookings = [snapshot_of(seat_number=seat) for seat in (14, 15, 999)]
        pdf = print_tickets(bookings, name="", form="pdf")
        expected = [[code_of(Ticket(42, seat))] for seat in (14, 15, 999)]
        self.assertEqual([scan(page) for page in pages_of(pdf)], expected)

    @override_settings(
        TIME_ZONE="Europe/Berlin", CINEMA_NAME="Kino Babylon", CINEMA_ADDRESS="Platz 1, Berlin"
    )
    def test_pdf_says_what_a_customer_and_an_usher_look_for(self):
        text = text_of(self.print())
        for expected in (
            *("Kino Babylon", "Platz 1, Berlin", "Metropolis", "Thursday", "24 Dec 2026"),
            *("20:15", "Doors open at 19:15", "Screen 1", "B4", "Ada Lovelace"),
            f"Reference {REFERENCE}",
            " ".join(self.code[at : at + 4] for at in range(0, 32, 4)),
        ):
            self.assertIn(expected, text)

    def test_any_title_name_and_screen_fit(self):
        """Nothing of one ticket runs into another page, over the QR code or over the edge."""
        for title in TITLES:
            with self.subTest(title[:40]):
                pdf = self.print(title=title, name=title[:60], screen_name=title[:100])
                [page] = pages_of(pdf)
                self.assertEqual(scan(page), [self.code])
                edge = 8  # pixels
                for box in (
                    (0, 0, page.width, edge),
                    (0, page.height - edge, page.width, page.height),
                    (0, 0, edge, page.height),
                    (page.width - edge, 0, page.width, page.height),
                ):
                    self.assertEqual(page.crop(box).convert("L").getextrema(), (255, 255))

    def test_every_letter_has_a_glyph(self):
        """A letter that no font has is drawn as the same box as another one."""
        missing = self.print("png", title="\U0010ffff")
        for letter in "AßЖΩאبहதবไ千あ한ქՀአ🎬❤€∞♥":
            with self.subTest(letter):
                self.assertNotEqual(self.print("png", title=letter), missing)

    def test_ticket_is_the_same_on_every_call(self):
        for form in ("png", "svg"):
            self.assertEqual(self.print(form), self.print(form))


class QrCodeTests(SimpleTestCase):
    """At a print size of 2 cm with the quiet zone, scanned at 300 dots per inch."""

    def setUp(self):
        self.code = code_of(Ticket(42, 14))
        self.picture = self.draw()

    def draw(self):
        svg = qr_code(self.code).encode()
        side = round(2 * CENTIMETRE)
        return picture_of_svg(svg).convert("L").resize((side, side), Image.Resampling.LANCZOS)

    def stained(self, left, top, side, colour):
        """A square of `side` modules, its corner at a module of the code."""
        stained = self.picture.copy()
        module = stained.width / MODULES
        box = [(at + 4) * module for at in (left, top, left + side, top + side)]
        ImageDraw.Draw(stained).rectangle(box, fill=colour)
        return stained

    def test_qr_code_of_2_cm_is_read(self):
        self.assertEqual(scan(self.picture), [self.code])
        for angle in (7, 90, 181):
            turned = self.picture.rotate(angle, expand=True, fillcolor=255)
            self.assertEqual(scan(turned), [self.code])

    def test_qr_code_with_a_tenth_of_its_modules_covered_is_read(self):
        """A stain of 9 × 9 of 29 × 29 modules, outside of the three corners that find the code."""
        for left, top in ((10, 10), (15, 12), (9, 18), (18, 9), (11, 5), (19, 19)):
            for colour in (0, 255):
                with self.subTest(left=left, top=top, colour=colour):
                    self.assertEqual(scan(self.stained(left, top, 9, colour)), [self.code])

    def test_qr_code_with_scattered_damage_is_read(self):
        """One module in thirty, at random, has become white.

        A tenth would be too much for every QR code: a module spoils the eight of its codeword, and
        at most 30 % of the codewords can be corrected.
        """
        module = self.picture.width / MODULES
        inner = [(x, y) for x in range(29) for y in range(29) if 8 < x < 21 or 8 < y < 21]
        for seed in range(5):
            bleached = self.picture.copy()
            draw = ImageDraw.Draw(bleached)
            for x, y in random.Random(seed).sample(inner, 28):
                left, top = (x + 4) * module, (y + 4) * module
                draw.rectangle([left, top, left + module, top + module], fill=255)
            with self.subTest(seed=seed):
                self.assertEqual(scan(bleached), [self.code])
