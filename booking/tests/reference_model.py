"""The box office on paper: a dictionary of bookings, and by it what the API must answer.

It shares no code with the application; which of several refusals comes first it has from there. Its
times are whole minutes since it was opened.
"""

from datetime import timedelta

HOLD_FOR, HOLD_AT_MOST, HOLD_AGAIN_AFTER = 10, 23, 15
SALES_CLOSE_AFTER_START = 10
MAX_SEATS_PER_CUSTOMER = 4

SETTINGS = {
    "HOLD_FOR": timedelta(minutes=HOLD_FOR),
    "HOLD_AT_MOST": timedelta(minutes=HOLD_AT_MOST),
    "HOLD_AGAIN_AFTER": timedelta(minutes=HOLD_AGAIN_AFTER),
    "SALES_CLOSE_AFTER_START": timedelta(minutes=SALES_CLOSE_AFTER_START),
    "MAX_SEATS_PER_CUSTOMER": MAX_SEATS_PER_CUSTOMER,
}


class Refused(Exception):
    """The answer must be 400 with this body, apart from the sentence for people."""

    def __init__(self, **body):
        super().__init__(body)
        self.body = body


class Ledger:
    """`shows` by name, as the API shows them with all their seats free; `people`, their ids by
    name. Whatever is refused raises Refused and changes nothing."""

    def __init__(self, shows, people):
        self.now = 0
        self.shows = shows
        self.people = people
        self.bookings = {}

    # --- What it tells ---

    def status(self, booking):
        lapsed = booking["status"] == "held" and booking["held_until"] <= self.now
        return "expired" if lapsed else booking["status"]

    def is_active(self, booking):
        return self.status(booking) in ["held", "booked"]

    def has_seat(self, booking_id):
        return self.is_active(self.bookings[booking_id])

    def free(self, show):
        """The seats of a show that are free."""
        taken = {b["seat"] for b in self._of(show=show) if self.is_active(b)}
        return set(range(1, self.shows[show]["total_seats"] + 1)) - taken

    def choice(self, show, who, hold):
        """The seats that may be picked for somebody who asks for any."""
        return self.free(show) - (self.too_soon(show, who) if hold else set())

    def too_soon(self, show, who):
        """The seats that somebody has let lapse, and may not hold yet."""
        return self._wait(show, who)[1]

    def owner_and_reference(self, booking_id):
        booking = self.bookings[booking_id]
        return booking["who"], booking["reference"]

    def sale(self, booking_id):
        """Show, customer and seats of the reservation of a booking."""
        booking = self.bookings[booking_id]
        seats = {each["seat"] for each in self._of(reference=booking["reference"])}
        return booking["show"], booking["who"], sorted(seats)

    def table(self):
        """Every booking by its id, as the database should know it: show, user, seat, status."""
        return {
            each["id"]: (
                self.shows[each["show"]]["id"],
                self.people[each["who"]],
                each["seat"],
                self.status(each),
            )
            for each in self.bookings.values()
        }

    def _of(self, **facts):
        """The bookings of which these facts are true, in the order in which they were made."""
        return [b for b in self.bookings.values() if facts.items() <= b.items()]

    def _wait(self, show, who):
        """For how many minutes somebody may not hold again what they let lapse; and what it is."""
        holds = self._of(show=show, who=who, status="held")
        lapsed = [b for b in holds if self.now - HOLD_AT_MOST <= b["held_until"] <= self.now]
        seats = {each["seat"] for each in lapsed}
        again = [
            each["created_at"] + HOLD_AGAIN_AFTER - self.now
            for each in holds
            if any(b["seat"] == each["seat"] and b["id"] < each["id"] for b in lapsed)
        ]
        wait = max(again, default=0)
        return (wait, seats) if wait > 0 else (0, set())

    # --- What the API must show ---

    def show_json(self, name):
        show, free = self.shows[name], len(self.free(name))
        closes = show["date_time"] + SALES_CLOSE_AFTER_START
        return show | {
            "available_seats": free,
            "is_bookable": show["cancelled_at"] is None and self.now < closes and free > 0,
            "bookable_until": closes,
        }

    def booking_json(self, booking_id):
        booking = self.bookings[booking_id]
        return {
            "user": self.people[booking["who"]],
            "reference": booking["reference"],
            "show": self.show_json(booking["show"]),
            "created_at": booking["created_at"],
            "cancelled_at": booking["cancelled_at"],
            **self._seat_json(booking),
            **self._policy_json(booking),
        }

    def reservation_json(self, reference):
        bookings = sorted(self._of(reference=reference), key=lambda b: (b["seat"], b["id"]))
        precedence = ["held", "booked", "expired", "cancelled"]
        leading = min(bookings, key=lambda b: precedence.index(self.status(b)))
        return {
            "reference": reference,
            "user": self.people[leading["who"]],
            "show": self.show_json(leading["show"]),
            "status": self.status(leading),
            "bookings": [self._seat_json(each) for each in bookings],
            "created_at": leading["created_at"],
            **self._policy_json(leading),
        }

    def my_bookings_json(self, who, status="", show=None):
        asked = {"who": who} | ({"show": show} if show else {})
        newest_first = reversed(self._of(**asked))
        return [self.booking_json(b["id"]) for b in newest_first if status in ["", self.status(b)]]

    def seat_map_json(self, name, who=None):
        """With the seats of one customer, if there is one."""
        show, free = self.shows[name], self.free(name)
        active = [each for each in self._of(show=name) if self.is_active(each)]
        mine = [each for each in active if each["who"] == who]
        return {
            "total_seats": show["total_seats"],
            "seats_per_row": show["seats_per_row"],
            "available_seats": len(free),
            "largest_block": self._largest_block(name),
            **self._by_status(active),
            **({"mine": self._by_status(mine)} if who else {}),
        }

    def _seat_json(self, booking):
        row, place = self._row_and_place(booking["show"], booking["seat"])
        return {
            "id": booking["id"],
            "seat_number": booking["seat"],
            "seat_label": f"{'ABC'[row]}{place + 1}",
            "status": self.status(booking),
        }

    def _policy_json(self, booking):
        is_held = self.status(booking) == "held"
        until = booking["held_until"] if is_held else self.shows[booking["show"]]["date_time"]
        return {
            "expires_at": until if is_held else None,
            "expires_in": until - self.now if is_held else None,
            "can_cancel": self.is_active(booking) and self.now < until,
            "cancel_until": until,
        }

    def _by_status(self, bookings):
        return {
            status: sorted(each["seat"] for each in bookings if each["status"] == status)
            for status in ["booked", "held"]
        }

    def _row_and_place(self, show, seat):
        return divmod(seat - 1, self.shows[show]["seats_per_row"])

    def _largest_block(self, show):
        longest = length = 0
        for seat in range(1, self.shows[show]["total_seats"] + 1):
            _, place = self._row_and_place(show, seat)
            length = seat in self.free(show) and (length if place else 0) + 1
            longest = max(longest, length)
        return longest

    # --- What happens ---

    def check_seats(self, show, who, seats, hold=False, field="seat_numbers"):
        """Refuse these seats."""
        self._check_sales_are_open(show)
        self._check_seats_exist(show, seats, field)
        self._check_not_sold_out(show)
        self._check_are_free(show, seats)
        if hold:
            self._check_not_too_soon(show, who, self.too_soon(show, who).intersection(seats))
        self._check_limit(show, who, len(seats))

    def check_pick(self, show, who, count, hold):
        """Refuse any so many seats."""
        self._check_sales_are_open(show)
        self._check_not_sold_out(show)
        free = self.free(show)
        if len(free) < count:
            raise Refused(code="not_enough_seats", available_seats=len(free))
        if len(self.choice(show, who, hold)) < count:
            self._check_not_too_soon(show, who, self.too_soon(show, who) & free)
        self._check_limit(show, who, count)

    def enter(self, show, who, reference, seats, *, hold=False):
        """Write down a sale: `seats` by the ids of their bookings."""
        until = min(self.now + HOLD_FOR, self.show_json(show)["bookable_until"])
        for booking_id, seat in sorted(seats.items()):
            self.bookings[booking_id] = {
                "id": booking_id,
                "reference": reference,
                "show": show,
                "who": who,
                "seat": seat,
                "status": "held" if hold else "booked",
                "created_at": self.now,
                "held_until": until if hold else None,
                "cancelled_at": None,
            }

    def change(self, verb, reference):
        verbs = {"confirm": self._confirm, "extend": self._extend, "cancel": self._give_back}
        verbs[verb](self._of(reference=reference))

    def _confirm(self, bookings):
        active = self._those_active(bookings)
        if active[0]["status"] == "booked":
            return
        self._check_sales_are_open(active[0]["show"])
        for each in active:
            each.update(status="booked", held_until=None)

    def _extend(self, bookings):
        active = self._those_active(bookings)
        if active[0]["status"] == "booked":
            raise Refused(code="not_held")
        show = active[0]["show"]
        self._check_sales_are_open(show)
        longest = active[0]["created_at"] + HOLD_AT_MOST
        until = min(self.now + HOLD_FOR, longest, self.show_json(show)["bookable_until"])
        for each in active:
            each["held_until"] = until

    def cancel(self, booking_id):
        self._give_back([self.bookings[booking_id]])

    def move(self, booking_id, seat):
        (booking,) = self._those_active([self.bookings[booking_id]])
        show = booking["show"]
        if booking["status"] == "held":
            raise Refused(code="not_booked")
        self._check_takes_place(show)
        self._check_not_started(booking)
        self._check_seats_exist(show, [seat], "seat_number")
        if seat != booking["seat"]:
            self._check_are_free(show, [seat])
        booking["seat"] = seat

    def _give_back(self, bookings):
        active = self._those_active(bookings)
        self._check_not_started(active[0])
        for each in active:
            each.update(status="cancelled", cancelled_at=self.now)

    def _those_active(self, bookings):
        active = [each for each in bookings if self.is_active(each)]
        if active:
            return active
        expired = sorted(b["seat"] for b in bookings if self.status(b) == "expired")
        if not expired:
            raise Refused(
                code="already_cancelled", cancelled_at=max(b["cancelled_at"] for b in bookings)
            )
        free = self.free(bookings[0]["show"])
        still_free = [seat for seat in expired if seat in free]
        raise Refused(code="hold_expired", seat_numbers=expired, still_free=still_free)

    def _check_takes_place(self, show):
        if self.shows[show]["cancelled_at"] is not None:
            raise Refused(code="show_cancelled", cancelled_at=self.shows[show]["cancelled_at"])

    def _check_sales_are_open(self, show):
        self._check_takes_place(show)
        until = self.show_json(show)["bookable_until"]
        if self.now >= until:
            raise Refused(code="sales_closed", bookable_until=until)

    def _check_not_started(self, booking):
        starts = self.shows[booking["show"]]["date_time"]
        if booking["status"] == "booked" and self.now >= starts:
            raise Refused(code="show_started", cancel_until=starts)

    def _check_not_sold_out(self, show):
        if not self.free(show):
            raise Refused(code="sold_out")

    def _check_not_too_soon(self, show, who, seats):
        if seats:
            wait, _ = self._wait(show, who)
            raise Refused(code="held_too_soon", seat_numbers=sorted(seats), retry_after=wait)

    def _check_limit(self, show, who, more):
        seats = sum(self.is_active(each) for each in self._of(show=show, who=who))
        if seats + more > MAX_SEATS_PER_CUSTOMER:
            raise Refused(code="too_many_seats", limit=MAX_SEATS_PER_CUSTOMER, seats=seats)

    def _check_seats_exist(self, show, seats, field):
        total = self.shows[show]["total_seats"]
        if missing := [seat for seat in seats if seat > total]:
            sentence = (
                f"There is no seat {missing[0]} in this show. Seats are numbered from 1 to {total}."
            )
            raise Refused(**{field: [sentence]})

    def _check_are_free(self, show, seats):
        """Refuse if one is taken, and offer the nearest others; a row is as deep as two places."""
        free = self.free(show)
        taken = [seat for seat in seats if seat not in free]
        if not taken:
            return
        where = [self._row_and_place(show, seat) for seat in taken]

        def distance(seat):
            row, place = self._row_and_place(show, seat)
            return min((2 * (row - r)) ** 2 + (place - p) ** 2 for r, p in where), seat

        nearest = sorted(free.difference(seats), key=distance)[:5]
        raise Refused(code="seat_taken", seat_numbers=taken, alternatives=nearest)
