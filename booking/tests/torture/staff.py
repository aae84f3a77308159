"""What the clerk does in the admin and at the door."""

import http.client
import json
from contextlib import suppress

from . import counter
from .sending import AT_THE_DOOR, Sender

OLD_TICKET = 0.5  # share of the scans of a ticket that was fetched earlier: a screenshot


class Staff(Sender):
    def _scan(self, reservation, verb):
        """Staff scan a ticket, while other clients of the customer change the booking."""
        if not self.customer.tickets or self.random.random() > OLD_TICKET:
            self._fetch_ticket(reservation)
        if not self.customer.tickets:
            return
        ticket = self.random.choice(self.customer.tickets)
        request = self.history.begin(
            user=ticket["user"],
            show=ticket["show"],
            kind=verb,
            arguments={
                "booking": ticket["booking"],
                "seat": ticket["seat_number"],
                "clerk": self.clerk.pk,
            },
            key=None,
        )
        self._send(request, "POST", AT_THE_DOOR[verb], {"code": ticket["code"]})

    def _fetch_ticket(self, reservation):
        """A ticket, if the seat is booked. Nothing is checked here but what the door says later."""
        user = reservation["user"]
        headers = {"Authorization": f"Bearer {self.customer.tokens[user]}", "Connection": "close"}
        path = f"/api/bookings/{self.random.choice(reservation['bookings'])}/ticket/"
        with suppress(OSError, http.client.HTTPException):
            response = self._exchange("GET", path, None, headers)
            if response.status == 200:
                ticket = json.loads(response.text)
                self.customer.keep(ticket | {"user": user, "show": reservation["show"]})

    def _sell_at_counter(self, show):
        """The clerk sells seats to the customer, in the admin."""
        user = self.customer.pk
        seats = sorted({self._seat() for _ in range(self.random.randint(1, 3))})
        request = self.history.begin(
            user=user,
            show=show,
            kind="counter_sale",
            arguments={"seats": seats, "clerk": self.clerk.pk},
            key=None,
        )
        form = counter.form(seats, self.clerk.usernames[user], request.request_id)
        self._send(request, "POST", f"/admin/booking/show/{show}/seats/", form)
        self._read_my_bookings(user, show)

    def _move_at_counter(self, show):
        """The clerk moves whoever has a seat to another one, if it is free."""
        seats = self._seat(), self._seat()
        request = self.history.begin(
            user=0, show=show, kind="staff_move", arguments={"clerk": self.clerk.pk}, key=None
        )
        self._send_page(request, f"show/{show}/seats/", counter.move_form(*seats))

    def _cancel_at_counter(self, reservation):
        booking = self.random.choice(reservation["bookings"])
        request = self.history.begin(
            user=reservation["user"],
            show=reservation["show"],
            kind="staff_cancel",
            arguments={"booking": booking, "clerk": self.clerk.pk},
            key=None,
        )
        self._send_page(request, f"booking/{booking}/cancel/", counter.confirmation("No heating"))

    def _call_off(self):
        show = self.schedule.to_call_off()
        if show is None:
            return
        request = self.history.begin(
            user=0, show=show, kind="call_off", arguments={"clerk": self.clerk.pk}, key=None
        )
        self._send_page(request, f"show/{show}/call-off/", counter.confirmation("No heating"))

    def _send_page(self, request, path, form):
        self._send(request, "POST", f"/admin/booking/{path}", form)
