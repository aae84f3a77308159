from base64 import b32decode, b32encode
from hashlib import sha256

from django.test import SimpleTestCase, override_settings

from booking.exceptions import BadTicket
from booking.tickets import Ticket, code_of, read_code
from booking.tickets.codes import hashes_of

TICKET = Ticket(booking_id=42, seat_number=14)
LARGEST = Ticket(booking_id=2**40 - 1, seat_number=2**24 - 1)


@override_settings(TICKET_KEYS=["first", "second"])
class CodeTests(SimpleTestCase):
    def test_code_is_read_back(self):
        for ticket in (TICKET, LARGEST, Ticket(0, 0)):
            self.assertEqual(read_code(code_of(ticket)), ticket)

    def test_code_is_32_capital_letters_and_digits(self):
        for ticket in (TICKET, LARGEST):
            self.assertRegex(code_of(ticket), r"\A[A-Z2-7]{32}\Z")

    def test_code_is_signed_by_the_first_key_and_read_with_any(self):
        self.assertEqual(code_of(TICKET), code_of(TICKET, "first"))
        self.assertEqual(read_code(code_of(TICKET, "second")), TICKET)
        with self.assertRaises(BadTicket):
            read_code(code_of(TICKET, "third"))

    def test_every_changed_character_is_noticed(self):
        good = code_of(TICKET)
        for at, letter in enumerate(good):
            for other in {"A", "B", "7"} - {letter}:
                with self.assertRaises(BadTicket):
                    read_code(good[:at] + other + good[at + 1 :])

    def test_every_changed_bit_is_noticed(self):
        content = b32decode(code_of(TICKET))
        for bit in range(160):
            changed = (int.from_bytes(content, "big") ^ 1 << bit).to_bytes(20, "big")
            with self.assertRaises(BadTicket):
                read_code(b32encode(changed).decode())

    def test_blanks_hyphens_and_case_do_not_matter(self):
        good = code_of(TICKET)
        for typed in (
            good.lower(),
            f"\n{good}\r\n",
            " ".join(good),
            "-".join([good[:8], good[8:]]),
            good.replace("O", "0").replace("L", "1"),
            f"\u00a0{good}\u2028",
        ):
            self.assertEqual(read_code(typed), TICKET)

    def test_unreadable_text_is_no_ticket(self):
        good = code_of(TICKET)
        bad = ["", good[1:], good + "A", "8" * 32, "=" * 32, "Ａ" * 32, "\ud800" * 32, "\x00" * 32]
        for text in [*bad, good * 320, " " * 10_240, "I" * 31 + "ı"]:
            with self.subTest(text[:40]), self.assertRaises(BadTicket):
                read_code(text)

    def test_forged_codes_and_unknown_keys_are_in_the_security_log(self):
        good = code_of(TICKET)
        last = "A" if good[-1] != "A" else "B"
        for code, event in [
            (good[:-1] + last, "ticket_forged"),
            (code_of(TICKET, "third"), "ticket_of_unknown_key"),
        ]:
            with self.assertLogs("booking.security", "INFO") as logs, self.assertRaises(BadTicket):
                read_code(code)
            self.assertEqual(logs.output, [f"INFO:booking.security:event={event}"])
        with self.assertNoLogs("booking.security"), self.assertRaises(BadTicket):
            read_code("nonsense")

    def test_hashes_are_of_the_codes_by_each_key(self):
        codes = [code_of(TICKET, key) for key in ("first", "second")]
        expected = [sha256(code.encode()).hexdigest() for code in codes]
        self.assertEqual(hashes_of(TICKET), expected)
