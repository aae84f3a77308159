"""Reference model of the box office: a dictionary of bookings that predicts every response.

It shares no code with the application, and copies from it only which of several refusals comes
first. Times are whole minutes since the model was created.
"""

from datetime import timedelta

HOLD_FOR, HOLD_AT_MOST, HOLD_WINDOW = 9, 23, 40
SALES_CLOSE_AFTER_START = 10
MAX_SEATS_PER_CUSTOMER, MAX_SEATS_PER_CUSTOMER_IN_ALL = 4, 6

DOORS_OPEN, UNDO_MINUTES = 34, 5

SETTINGS = {
    "DOORS_OPEN": timedelta(minutes=DOORS_OPEN),
    "HOLD_FOR": timedelta(minutes=HOLD_FOR),
    "HOLD_AT_MOST": timedelta(minutes=HOLD_AT_MOST),
    "HOLD_WINDOW": timedelta(minutes=HOLD_WINDOW),
    "SALES_CLOSE_AFTER_START": timedelta(minutes=SALES_CLOSE_AFTER_START),
    "MAX_SEATS_PER_CUSTOMER": MAX_SEATS_PER_CUSTOMER,
    "MAX_SEATS_PER_CUSTOMER_IN_ALL": MAX_SEATS_PER_CUSTOMER_IN_ALL,
}


class Refused(Exception):
    """The response must be 400 with this body, `detail` aside."""

    def __init__(self, **body):
        super().__init__(body)
        self.body = body


class TooEarlyOrLate(Exception):
    """The response must be 400 with this code; or `other_day`, which depends on the time zone."""


class ReferenceModel:
    """State of all shows and bookings. What is refused raises Refused and changes nothing.

    `shows` are the API's representations by name, with all seats free; `users` are ids by name.
    """

    def __init__(self, shows, users):
        self.now = 0
        self.shows = shows
        self.users = users
        self.bookings = {}

    # --- State ---

    def status(self, booking):
        expired = booking["status"] == "held" and booking["held_until"] <= self.now
        return "expired" if expired else booking["status"]

    def is_active(self, booking):
        return self.status(booking) in ["held", "booked"]

    def has_seat(self, booking_id):
        return self.is_active(self.bookings[booking_id])

    def free(self, show):
        """Free seats of a show."""
        taken = {b["seat"] for b in self._filter(show=show) if self.is_active(b)}
        return set(range(1, self.shows[show]["total_seats"] + 1)) - taken

    def owner_and_reference(self, booking_id):
        booking = self.bookings[booking_id]
        return booking["customer"], booking["reference"]

    def sale(self, booking_id):
        """Show, user and seats of a booking's reservation."""
        booking = self.bookings[booking_id]
        seats = {each["seat"] for each in self._filter(reference=booking["reference"])}
        return booking["show"], booking["customer"], sorted(seats)

    def table(self):
        """Expected rows of all bookings, by id: show, user, seat, status."""
        return {
            each["id"]: (
                self.shows[each["show"]]["id"],
                self.users[each["customer"]],
                each["seat"],
                self.status(each),
            )
            for each in self.bookings.values()
        }

    def _filter(self, **values):
        """Bookings with these values, in order of creation."""
        return [b for b in self.bookings.values() if values.items() <= b.items()]

    def _minutes_held(self, show, customer):
        """The minutes in which a user holds any seat of a show, also those to come."""
        return {
            minute
            for each in self._filter(show=show, customer=customer)
            if each["held_until"] is not None  # else it was booked
            for minute in range(
                each["created_at"],
                each["held_until"] if each["cancelled_at"] is None else each["cancelled_at"],
            )
        }

    def _allowance(self, show, customer):
        """For how many minutes from now on a user may hold seats of a show."""
        window = range(self.now - HOLD_WINDOW, self.now)
        return HOLD_AT_MOST - len(self._minutes_held(show, customer).intersection(window))

    def _wait(self, show, customer):
        """Minutes until a user who holds nothing more can hold seats for HOLD_FOR."""
        minutes = self._minutes_held(show, customer)
        time = max([self.now, *(minute + 1 for minute in minutes)])
        while len(minutes.intersection(range(time - HOLD_WINDOW, time))) > HOLD_AT_MOST - HOLD_FOR:
            time += 1
        return time - self.now

    # --- Expected responses ---

    def show_json(self, name):
        show, free = self.shows[name], len(self.free(name))
        closes = show["date_time"] + SALES_CLOSE_AFTER_START
        return show | {
            "available_seats": free,
            "is_bookable": show["cancelled_at"] is None and self.now < closes and free > 0,
            "bookable_until": closes,
            "ends_at": show["date_time"] + show["movie"]["duration_minutes"],
        }

    def booking_json(self, booking_id):
        booking = self.bookings[booking_id]
        return {
            "user": self.users[booking["customer"]],
            "reference": booking["reference"],
            "show": self.show_json(booking["show"]),
            "created_at": booking["created_at"],
            "cancelled_at": booking["cancelled_at"],
            "admitted_at": booking["admitted_at"],
            **self._seat_json(booking),
            **self._policy_json(booking),
        }

    def reservation_json(self, reference):
        bookings = sorted(self._filter(reference=reference), key=lambda b: (b["seat"], b["id"]))
        precedence = ["held", "booked", "expired", "cancelled"]
        leading = min(bookings, key=lambda b: precedence.index(self.status(b)))
        return {
            "reference": reference,
            "user": self.users[leading["customer"]],
            "show": self.show_json(leading["show"]),
            "status": self.status(leading),
            "bookings": [self._seat_json(each) for each in bookings],
            "created_at": leading["created_at"],
            **self._policy_json(leading),
        }

    def my_bookings_json(self, customer, status="", show=None):
        filters = {"customer": customer} | ({"show": show} if show else {})
        newest_first = reversed(self._filter(**filters))
        return [self.booking_json(b["id"]) for b in newest_first if status in ["", self.status(b)]]

    def seat_map_json(self, name, customer=None):
        """With the seats of one customer, if there is one."""
        show, free = self.shows[name], self.free(name)
        active = [each for each in self._filter(show=name) if self.is_active(each)]
        mine = [each for each in active if each["customer"] == customer]
        return {
            "total_seats": show["total_seats"],
            "seats_per_row": show["seats_per_row"],
            "available_seats": len(free),
            "largest_block": self._largest_block(name),
            **self._by_status(active),
            **({"mine": self._by_status(mine)} if customer else {}),
        }

    def _seat_json(self, booking):
        row, place = self._row_and_place(booking["show"], booking["seat"])
        return {
            "id": booking["id"],
            "seat_number": booking["seat"],
            "seat_label": f"{'ABC'[row]}{place + 1}",
            "status": self.status(booking),
            # Nobody else cancels bookings in the sequences.
            "cancelled_by": "me" if booking["cancelled_at"] is not None else None,
        }

    def _policy_json(self, booking):
        is_held = self.status(booking) == "held"
        until = booking["held_until"] if is_held else self.shows[booking["show"]]["date_time"]
        return {
            "expires_at": until if is_held else None,
            "expires_in": until - self.now if is_held else None,
            "can_cancel": self.is_active(booking)
            and self.now < until
            and booking["admitted_at"] is None,
            "cancel_until": until,
            "show_cancelled": self.shows[booking["show"]]["cancelled_at"] is not None,
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

    # --- Operations ---

    def check_seats(self, show, customer, seats, hold=False, field="seat_numbers"):
        """Raise Refused if the user cannot book or hold these seats."""
        self._require_sales_open(show)
        self._require_seats_exist(show, seats, field)
        self._require_not_sold_out(show)
        self._require_free(show, seats)
        if hold:
            self._require_may_hold(show, customer, seats)
        self._require_within_limit(show, customer, len(seats))

    def check_count(self, show, customer, count, hold, picked):
        """Raise Refused if the user cannot book or hold `count` seats of the server's choice.

        `picked` are those that it names in a refusal.
        """
        self._require_sales_open(show)
        self._require_not_sold_out(show)
        free = self.free(show)
        if len(free) < count:
            raise Refused(code="not_enough_seats", available_seats=len(free))
        if hold:
            self._require_may_hold(show, customer, picked)
        self._require_within_limit(show, customer, count)

    def add(self, show, customer, reference, seats, *, hold=False):
        """Add a reservation; `seats` by the ids of their bookings."""
        until = self._hold_until(show, customer)
        for booking_id, seat in sorted(seats.items()):
            self.bookings[booking_id] = {
                "id": booking_id,
                "reference": reference,
                "show": show,
                "customer": customer,
                "seat": seat,
                "status": "held" if hold else "booked",
                "created_at": self.now,
                "held_until": until if hold else None,
                "cancelled_at": None,
                "admitted_at": None,
            }

    def _hold_until(self, show, customer):
        longest = min(HOLD_FOR, self._allowance(show, customer))
        return min(self.now + longest, self.show_json(show)["bookable_until"])

    def change(self, verb, reference):
        verbs = {"confirm": self._confirm, "extend": self._extend, "cancel": self._cancel}
        verbs[verb](self._filter(reference=reference))

    def _confirm(self, bookings):
        active = self._require_active(bookings)
        if active[0]["status"] == "booked":
            return
        self._require_sales_open(active[0]["show"])
        for each in active:
            each.update(status="booked", held_until=None)

    def _extend(self, bookings):
        active = self._require_active(bookings)
        if active[0]["status"] == "booked":
            raise Refused(code="not_held")
        show = active[0]["show"]
        self._require_sales_open(show)
        until = self._hold_until(show, active[0]["customer"])
        for each in active:
            each["held_until"] = until

    def cancel(self, booking_id):
        self._cancel([self.bookings[booking_id]])

    def move(self, booking_id, seat):
        (booking,) = self._require_active([self.bookings[booking_id]])
        show = booking["show"]
        self._require_not_admitted(booking)
        if booking["status"] == "held":
            self._require_sales_open(show)
        self._require_not_cancelled(show)
        self._require_not_started(booking)
        self._require_seats_exist(show, [seat], "seat_number")
        if seat != booking["seat"]:
            self._require_free(show, [seat])
        booking["seat"] = seat

    def _cancel(self, bookings):
        active = self._require_active(bookings)
        for each in sorted(active, key=lambda booking: (booking["seat"], booking["id"])):
            self._require_not_admitted(each)
            self._require_not_started(each)
        for each in active:
            each.update(status="cancelled", cancelled_at=self.now)

    # --- The door ---

    def check_in(self, booking_id, seat, show=None):
        """Admit the ticket of a booking and the seat that it is printed for."""
        booking = self._require_valid_ticket(booking_id, seat)
        its_show = self.shows[booking["show"]]
        if show is not None and show != booking["show"]:
            raise Refused(code="other_show", **self._ticket_facts(its_show))
        if self.now < its_show["date_time"] - DOORS_OPEN:
            raise TooEarlyOrLate("too_early")
        if self.now >= its_show["date_time"] + its_show["movie"]["duration_minutes"]:
            raise TooEarlyOrLate("show_ended")
        self._require_not_cancelled(booking["show"])
        if booking["admitted_at"] is not None:
            raise Refused(
                code="already_admitted",
                admitted_at=booking["admitted_at"],
                admitted_by="stella",
            )
        booking["admitted_at"] = self.now

    def undo_check_in(self, booking_id, seat):
        booking = self._require_valid_ticket(booking_id, seat)
        if booking["admitted_at"] is None:
            raise Refused(code="not_admitted")
        if self.now > booking["admitted_at"] + UNDO_MINUTES:
            until = booking["admitted_at"] + UNDO_MINUTES
            raise Refused(code="undo_too_late", undo_until=until, minutes=UNDO_MINUTES)
        booking["admitted_at"] = None

    def admission_json(self, booking_id):
        booking = self.bookings[booking_id]
        booked = [
            each
            for each in self._filter(reference=booking["reference"])
            if self.status(each) == "booked"
        ]
        show = self.shows[booking["show"]]
        is_in = booking["admitted_at"] is not None
        return {
            "booking": booking_id,
            "reference": booking["reference"],
            **self._ticket_facts(show),
            "seat_number": booking["seat"],
            "seat_label": self._seat_json(booking)["seat_label"],
            "customer_name": "",
            "admitted_at": booking["admitted_at"],
            "admitted_by": "stella" if is_in else None,
            "reservation": {
                "seats": len(booked),
                "admitted": sum(each["admitted_at"] is not None for each in booked),
            },
        }

    def _require_valid_ticket(self, booking_id, seat):
        booking = self.bookings[booking_id]
        status = self.status(booking)
        if status == "cancelled":
            called_off = self.shows[booking["show"]]["cancelled_at"] is not None
            raise Refused(
                code="ticket_cancelled",
                cancelled_at=booking["cancelled_at"],
                show_cancelled=called_off,
            )
        if status != "booked":
            raise Refused(code="not_booked", status=status)
        if seat != booking["seat"]:
            label = self._seat_json(booking)["seat_label"]
            raise Refused(code="ticket_moved", seat_number=booking["seat"], seat_label=label)
        return booking

    def _ticket_facts(self, show):
        return {
            "show": show["id"],
            "movie": show["movie"]["title"],
            "screen_name": show["screen_name"],
            "date_time": show["date_time"],
        }

    def _require_not_admitted(self, booking):
        if booking["admitted_at"] is not None:
            raise Refused(code="checked_in", admitted_at=booking["admitted_at"])

    def _require_active(self, bookings):
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

    def _require_not_cancelled(self, show):
        if self.shows[show]["cancelled_at"] is not None:
            raise Refused(code="show_cancelled", cancelled_at=self.shows[show]["cancelled_at"])

    def _require_sales_open(self, show):
        self._require_not_cancelled(show)
        until = self.show_json(show)["bookable_until"]
        if self.now >= until:
            raise Refused(code="sales_closed", bookable_until=until)

    def _require_not_started(self, booking):
        starts = self.shows[booking["show"]]["date_time"]
        if booking["status"] == "booked" and self.now >= starts:
            raise Refused(code="show_started", cancel_until=starts)

    def _require_not_sold_out(self, show):
        if not self.free(show):
            raise Refused(code="sold_out")

    def _require_may_hold(self, show, customer, seats):
        if self._allowance(show, customer) < HOLD_FOR / 10:
            wait = self._wait(show, customer)
            raise Refused(code="held_too_soon", seat_numbers=sorted(seats), retry_after=wait)

    def _require_within_limit(self, show, customer, more):
        seats = sum(self.is_active(each) for each in self._filter(show=show, customer=customer))
        if seats + more > MAX_SEATS_PER_CUSTOMER:
            raise Refused(code="too_many_seats", limit=MAX_SEATS_PER_CUSTOMER, seats=seats)
        if not self._is_to_come(show):
            return
        mine = [b for b in self._filter(customer=customer) if self._is_to_come(b["show"])]
        seats = sum(map(self.is_active, mine))
        if seats + more > MAX_SEATS_PER_CUSTOMER_IN_ALL:
            limit = MAX_SEATS_PER_CUSTOMER_IN_ALL
            raise Refused(code="too_many_seats", limit=limit, seats=seats)

    def _is_to_come(self, show):
        facts = self.shows[show]
        return facts["cancelled_at"] is None and self.now < facts["date_time"]

    def _require_seats_exist(self, show, seats, field):
        total = self.shows[show]["total_seats"]
        if missing := [seat for seat in seats if seat > total]:
            sentence = (
                f"There is no seat {missing[0]} in this show. Seats are numbered from 1 to {total}."
            )
            raise Refused(**{field: [sentence]}, codes={field: ["no_such_seat"]})

    def _require_free(self, show, seats):
        """Offer the nearest free seats if one is taken; a row counts as far as two places."""
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
