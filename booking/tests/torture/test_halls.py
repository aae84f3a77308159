"""Checker rules for changing halls: seats in use stay, and sales go by the layout."""

from datetime import UTC, datetime
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, VIOLATED, check
from booking.tests.torture.counter import as_api
from booking.tests.torture.drawings import DRAWINGS, drawing_of
from booking.tests.torture.hall_changes import HallChanges
from booking.tests.torture.histories import ALICE, BOB, RULES, moved, operation, sold, taken
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.mails import violations as mail_violations
from booking.tests.torture.model import Hall, ShowModel
from booking.tests.torture.test_door import STELLA

HOUSE = 7
SOLD = sold([2], 0, 1, left=2)


def changed(drawing, sent, *, version=0, code=None, **body):
    arguments = {"version": version, **({"seats": len(drawing)} if code else {})}
    if not code:
        body = {"name": drawing, "drawing": drawing, "read_at": sent}
    return operation("change_hall", arguments, sent, sent + 1, user=0, code=code, **body)


def refused(seats, sent, code, **body):
    return operation("reserve", {"seats": seats}, sent, sent + 1, user=BOB, code=code, **body)


def best(seats, sent, *, left):
    arguments = {"count": len(seats), "hold": False}
    return sold(seats, sent, sent + 1, left=left, arguments=arguments, user=BOB)


def set_aside(seat, sent, until=9999):
    body = {"reference": "H", "read_at": sent, "expires_at": until}
    body["bookings"] = [{"id": 70 + seat, "seat_number": seat, "status": "held"}]
    arguments = {"seats": [seat], "hold": True, "clerk": STELLA}
    found = operation("set_aside", arguments, sent, sent + 1, user=HOUSE, **body)
    found.is_answered = False
    return found


class HallModelTests(TestCase):
    """Three seats in a row; Alice has the one in the middle."""

    def assertVerdicts(self, *cases):
        for *operations, verdict in cases:
            with self.subTest([f"{each.kind} {each.code} {each.body}" for each in operations]):
                found = check([SOLD, *operations], ShowModel(RULES)).verdict
                self.assertEqual(found, verdict)

    def test_change_that_leaves_seats_in_use_where_they_are_is_linearizable(self):
        self.assertVerdicts(
            (changed("ss", 2), LINEARIZABLE),
            (changed("s", 2), VIOLATED),
            (changed("sxss", 2), LINEARIZABLE),
            (changed("s.ss", 2), VIOLATED),
            (changed("s\nss", 2), VIOLATED),
            (changed("ss", 2), changed("sss", 4, version=1), LINEARIZABLE),
            (changed("ss", 2), changed("sss", 4), VIOLATED),
        )

    def test_refused_change_needs_its_reason(self):
        in_use = changed("s", 2, code="seats_in_use", highest=2)
        move = changed("s.ss", 2, code="seats_would_move", seat_numbers=[2])
        del move.arguments["seats"]
        wrong = changed("s.ss", 2, code="seats_would_move", seat_numbers=[1])
        late = changed("ss", 4, code="changed_meanwhile")
        self.assertVerdicts(
            (in_use, LINEARIZABLE),
            (changed("s", 2, code="seats_in_use", highest=3), VIOLATED),
            (changed("ss", 2, code="seats_in_use", highest=2), VIOLATED),
            (move, LINEARIZABLE),
            (wrong, VIOLATED),
            (changed("ss", 2), late, LINEARIZABLE),
            (late, VIOLATED),
            (changed("ss", 2, code="confirm_first"), LINEARIZABLE),
            (changed("ss", 2, code="unknown"), VIOLATED),
        )

    def test_seat_that_is_removed_is_not_sold(self):
        none = refused([3], 4, "no_such_seat")
        self.assertVerdicts(
            (changed("ss", 2), none, LINEARIZABLE),
            (none, VIOLATED),
            (changed("ss", 2), sold([3], 4, 5, left=1, user=BOB), VIOLATED),
            (changed("ss", 2), moved(2, 3, 4, 5, left=1), VIOLATED),
            (changed("ssss", 2), sold([4], 4, 5, left=2, user=BOB), LINEARIZABLE),
            (sold([4], 4, 5, left=2, user=BOB), VIOLATED),
        )

    def test_page_that_knows_no_such_seat_says_so_although_the_show_is_called_off(self):
        called_off = operation("call_off", {}, 2, 3, user=0, read_at=2)
        arguments = {"seats": [4], "clerk": STELLA}
        by_staff = operation("counter_sale", arguments, 4, 5, code="no_such_seat")
        self.assertVerdicts(
            (called_off, by_staff, LINEARIZABLE),
            (called_off, refused([4], 4, "no_such_seat"), VIOLATED),
        )

    def test_house_seat_is_sold_by_staff_only(self):
        by_staff = set_aside(3, 4)
        house = refused([3], 4, "not_for_sale", seat_numbers=[3])
        self.assertVerdicts(
            (changed("ssx", 2), house, LINEARIZABLE),
            (house, VIOLATED),
            (changed("ssx", 2), sold([3], 4, 5, left=1, user=BOB), VIOLATED),
            (changed("ssx", 2), moved(2, 3, 4, 5, left=1), VIOLATED),
            (changed("ssx", 2), by_staff, LINEARIZABLE),
            (changed("ssx", 2), sold([1], 4, 5, left=0, user=BOB), LINEARIZABLE),
            (changed("ssx", 2), sold([1], 4, 5, left=1, user=BOB), VIOLATED),
            (changed("xsx", 2), refused([2], 4, "sold_out"), LINEARIZABLE),
        )

    def test_seats_by_count_are_ordinary_and_side_by_side(self):
        self.assertVerdicts(
            (changed("ssssw", 2), best([3, 4], 4, left=2), LINEARIZABLE),
            (changed("ssssw", 2), best([1, 3], 4, left=2), VIOLATED),
            (changed("ssssw", 2), best([4, 5], 4, left=2), VIOLATED),
            (changed("sss.s", 2), best([1, 3], 4, left=1), LINEARIZABLE),
            (changed("sss.s.ss", 2), best([3, 4], 4, left=3), VIOLATED),
            (changed("sss.s.ss", 2), best([5, 6], 4, left=3), LINEARIZABLE),
            (changed("ssw", 2), refused(None, 4, "sold_out"), VIOLATED),
        )

    def test_alternatives_are_of_the_kind_that_was_taken(self):
        self.assertVerdicts(
            (changed("ssws", 2), taken(2, 4, 5, [1, 4]), LINEARIZABLE),
            (changed("ssws", 2), taken(2, 4, 5, [1, 3, 4]), VIOLATED),
        )

    def test_seat_set_aside_is_held_until_it_is_released(self):
        release = operation("release", {"seat": 3}, 4, 5, user=0, id=73, seat_number=3, read_at=4)
        sale = sold([3], 6, 7, left=1, user=BOB)
        self.assertVerdicts(
            (set_aside(3, 2), taken(3, 6, 7, [1]), LINEARIZABLE),
            (set_aside(3, 2, until=12), VIOLATED),
            (set_aside(3, 2), sale, VIOLATED),
            (set_aside(3, 2), release, sale, LINEARIZABLE),
        )

    def test_seat_map_counts_by_the_layout(self):
        for left, block, verdict in [(2, 1, LINEARIZABLE), (3, 1, VIOLATED), (2, 2, VIOLATED)]:
            body = {"booked": [2], "held": [], "available_seats": left, "largest_block": block}
            seat_map = operation("map", {}, 4, 5, user=0, **body)
            self.assertVerdicts((changed("ss.sx", 2), seat_map, verdict))

    def test_final_row_of_the_show_must_be_that_of_the_last_change(self):
        bookings = {"2": ["R2", ALICE, 2, False, "booked", None]}
        for hall, verdict in [
            ([1, "ssx", "ssx", 3, "ssx"], LINEARIZABLE),
            ([0, "ssx", "ssx", 3, "ssx"], VIOLATED),
            ([1, "ssx", "ssx", 4, "ssx"], VIOLATED),
            ([1, "ssx", "ssx", 3, ""], VIOLATED),
        ]:
            table = operation("table", {}, 6, 6, bookings=bookings, hall=hall)
            self.assertVerdicts((changed("ssx", 2), table, verdict))

    def test_drawings_are_told_by_their_names(self):
        self.assertEqual(drawing_of("Hall of 8 seats"), "ssssss\nss")
        self.assertEqual(drawing_of("Screen 12b drawing 2"), DRAWINGS[2])
        self.assertRaises(ValueError, drawing_of, "Studio")
        plan = Hall(0, "", ".ss.x\n\n.wc").plan
        self.assertEqual(plan.places, {1: (0, 0), 2: (0, 1), 3: (0, 3), 4: (2, 0), 5: (2, 1)})
        self.assertEqual((plan.runs, plan.house), ([[1, 2], [3], [4, 5]], {3}))


class HallChangesTests(TestCase):
    """What the history of a show says of requests to change its hall."""

    AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    ENTRY = {"show": 1, "actor": STELLA, "at": "2026-01-01T00:00:00Z", "name": "Hall of 8 seats"}

    def changes(self, *requests, entries=(ENTRY,), called_off=()):
        """Of requests with (status, version, seats)."""
        made = []
        for number, (status, version, seats) in enumerate(requests):
            attempt = Attempt(self.AT - 1, self.AT + 1, status, "{}")
            arguments = {"version": version, "clerk": STELLA, "seats": seats}
            arguments["name"] = f"Hall of {seats} seats"
            made.append(Request(number, 0, 1, "change_hall", arguments, None, [attempt]))
        return HallChanges(made, entries, dict(called_off), {"1": "Hall of 16 seats"})

    def test_change_is_done_if_the_history_has_it(self):
        for status, returned in [(201, self.AT + 1), (None, self.AT + 9), (503, self.AT + 9)]:
            changes = self.changes((status, 0, 8))
            [done] = changes.operations(self.AT + 9)
            self.assertEqual(list(changes.violations()), [])
            self.assertEqual((done.sent, done.returned), (self.AT, returned))
            self.assertEqual(done.body["drawing"], "ssssss\nss")
        lost = self.changes((None, 0, 8), entries=())
        self.assertEqual((list(lost.violations()), list(lost.operations(9))), ([], []))

    def test_change_that_does_not_fit_the_history_is_a_violation(self):
        unexplained, lost = "a change of a hall without a request", "acknowledged and lost"
        for problems, requests in [
            ([unexplained], []),
            ([unexplained], [(400, 0, 8)]),
            ([unexplained, lost], [(201, 0, 9)]),
            ([unexplained, lost], [(201, 1, 8)]),
            (["2 requests were acknowledged for one change"], [(201, 0, 8), (201, 0, 8)]),
        ]:
            with self.subTest(requests):
                found = [each.split(":")[0] for each in self.changes(*requests).violations()]
                self.assertEqual(found, problems)
        found = self.changes((201, 0, 8), entries=()).violations()
        self.assertEqual([each.split(":")[0] for each in found], [lost])

    def test_calling_off_is_a_change_of_the_show(self):
        changes = self.changes((201, 1, 8), called_off={1: self.AT - 1})
        self.assertEqual(list(changes.violations()), [])
        self.assertEqual(len(list(self.changes((201, 0, 8), called_off={1: 1}).violations())), 2)

    def test_change_to_another_screen_is_mailed_to_who_has_booked(self):
        class Bookings:
            bookings = {1: {"id": 1, "show": 1, "reference": "R1", "user": ALICE}}

        booked = {"booking": 1, "kind": "booked", "request_id": "", "created_at": None}
        for created, count, is_right in [
            ("2025-12-31T00:00:00Z", 1, True),
            ("2025-12-31T00:00:00Z", 0, False),
            ("2025-12-31T00:00:00Z", 2, False),
            ("2026-01-01T00:00:00Z", 0, True),
            ("2026-01-01T00:00:00Z", 1, True),
            ("2026-01-02T00:00:00Z", 0, True),
            ("2026-01-02T00:00:00Z", 1, False),
        ]:
            with self.subTest(created=created, count=count):
                Bookings.of_booking = {1: [booked | {"created_at": created}]}
                renamed = list(self.changes((201, 0, 8)).renamed())
                rows = [*Bookings.bookings.values()]
                mails = [{"reference": "R1", "kind": "booked"}]
                mails += [{"reference": "R1", "kind": "show_moved"}] * count
                found = list(mail_violations(mails, Bookings, rows, set(), renamed))
                self.assertEqual(found == [], is_right, found)


class HallPageTests(TestCase):
    def test_page_of_a_change_is_read_as_a_response_of_the_api(self):
        in_use = "<li>Seat 14 is held or booked, so this show needs at least 14 seats.</li>"
        move = "so they must stay where they are and keep their labels: B3, 17.</li>"
        messages = '<ul class="messagelist">\n<li>This show has been cancelled.</li>\n</ul>'
        for page, answer in [
            (f"{messages}has been changed meanwhile", {"code": "changed_meanwhile"}),
            (in_use, {"code": "seats_in_use", "highest": 14}),
            (move, {"code": "seats_would_move", "seat_numbers": [9, 17]}),
            ("This show has been changed meanwhile by stella", {"code": "changed_meanwhile"}),
            ("as it was. Tick it to go on.", {"code": "confirm_first"}),
            ("There is no seat 17 in this show.", {"code": "no_such_seat"}),
        ]:
            with self.subTest(page):
                self.assertEqual(as_api(200, page), (400, answer))
