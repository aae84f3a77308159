"""Sending requests over the bad network, with retries, and recording them."""

import http.client
import json
import threading
import time
from contextlib import suppress

from . import counter
from .drawings import MOST_SEATS, SEATS
from .history import Attempt

RESPONSE_TIMEOUT = 8  # seconds; longer than PostgreSQL's time limits
RETRY_AFTER_END = 25  # seconds after the end of a run in which open requests are retried
# Sent as forms of the admin's pages, with the clerk's session.
ON_PAGES = ("counter_sale", "set_aside", "release", "change_hall")
ON_PAGES += ("staff_cancel", "staff_move", "call_off")
AT_THE_DOOR = {"check_in": "/api/check-in/", "undo_check_in": "/api/check-in/undo/"}
WITHOUT_KEY = 1 / 3  # share of the changes; they are sent once, whatever happens
SEND_TWICE = 0.04  # share of successful requests that are sent once more: the double click
READ_AFTER_WRITE = 0.25  # share of successful requests after which the seat map is read


class Sender(threading.Thread):
    """A thread that sends requests; `ended` says when to stop retrying."""

    def _read_seat_map(self, show, mine):
        request = self.history.begin(
            user=self.customer.pk if mine else 0, show=show, kind="map", arguments={}, key=None
        )
        self._send(request, "GET", f"/api/shows/{show}/seats/", None)

    def _remember(self, user, show, reference, bookings):
        self.customer.remember(
            {"user": user, "reference": reference, "show": show, "bookings": bookings}
        )

    def _seat(self):
        """Random seat number, most often in the middle, so that customers conflict."""
        return min(MOST_SEATS, max(1, round(self.random.gauss(SEATS / 2, SEATS / 4))))

    def _change_something(self, *change):
        """Send a change, with or without a key; return the response's body if it was a success."""
        if self.random.random() < WITHOUT_KEY:
            return self._send_without_key(*change)
        return self._send_until_definite(*change)

    def _send_without_key(self, user, show, verb, arguments, path, body):
        """Send once. If the outcome is open, look at my-bookings, as docs/api.md says."""
        request = self.history.begin(user=user, show=show, kind=verb, arguments=arguments, key=None)
        attempt = self._send(request, "POST", path, body)
        if not attempt.is_definite:
            self._read_my_bookings(user, show)
            return None
        return json.loads(attempt.body) if attempt.is_done else None

    def _read_my_bookings(self, user, show):
        request = self.history.begin(user=user, show=show, kind="mine", arguments={}, key=None)
        attempt = self._send(request, "GET", f"/api/my-bookings/?show={show}&page_size=500", None)
        if not attempt.is_done:
            return
        known = {each["reference"] for each in self.customer.reservations}
        found = {}
        for booking in json.loads(attempt.body):
            if booking["status"] in ("held", "booked") and booking["reference"] not in known:
                found.setdefault(booking["reference"], []).append(booking["id"])
        for reference, bookings in found.items():
            self._remember(user, show, reference, bookings)

    def _send_until_definite(self, user, show, verb, arguments, path, body):
        """Send with one key until the response is definite; return its body if it was a success."""
        key = next(self.keys)
        request = self.history.begin(user=user, show=show, kind=verb, arguments=arguments, key=key)
        give_up = None
        while True:
            attempt = self._send(request, "POST", path, body)
            if attempt.is_definite:
                break
            if self.ended.is_set():
                give_up = give_up or time.monotonic() + RETRY_AFTER_END
                if time.monotonic() > give_up:
                    return None
            time.sleep(self.random.uniform(0.01, 0.1))
        if not attempt.is_done:
            return None
        if self.random.random() < SEND_TWICE:
            self._send(request, "POST", path, body)
        if self.random.random() < READ_AFTER_WRITE:
            self._read_seat_map(show, mine=True)
        return json.loads(attempt.body)

    def _send(self, request, method, path, body):
        headers = {
            "Connection": "close",
            "Content-Type": "application/json",
            "X-Request-ID": request.request_id,
        }
        is_page = request.kind in ON_PAGES
        if is_page:
            headers |= counter.headers(self.clerk.session)
        elif request.kind in AT_THE_DOOR:
            headers["Authorization"] = f"Bearer {self.clerk.token}"
        elif request.user:
            headers["Authorization"] = f"Bearer {self.customer.tokens[request.user]}"
        if request.key:
            headers["Idempotency-Key"] = request.key
        attempt = Attempt(sent=time.time())
        self.history.sent(request, attempt)
        # A connection that ends early, in whatever way, gives no response.
        with suppress(OSError, http.client.HTTPException):
            # No body instead of an empty one, which would be sent in chunks.
            text = body if is_page else json.dumps(body) if body else None
            response = self._exchange(method, path, text, headers)
            if is_page:
                attempt.status, answer = counter.as_api(response.status, response.text)
                attempt.body = json.dumps(answer)
            else:
                attempt.status, attempt.body = response.status, response.text
            attempt.replayed = response.headers["Idempotency-Replayed"] == "true"
        attempt.returned = time.time()
        self.history.returned(request, attempt)
        return attempt

    def _exchange(self, method, path, text, headers):
        """The response, with its `text`. Raises OSError or HTTPException if there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=RESPONSE_TIMEOUT)
        try:
            connection.request(method, path, text, headers)
            response = connection.getresponse()
            response.text = response.read().decode()
            return response
        finally:
            connection.close()
