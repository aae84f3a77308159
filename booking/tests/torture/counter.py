"""Pages of the admin on which staff sell, move and cancel seats, change halls, call shows off."""

import re
from urllib.parse import urlencode

from .drawings import SEATS_PER_ROW

CSRF_TOKEN = 32 * "a"
TAKEN = re.compile(r"Taken meanwhile: ([^.<]+)\.(?: Free nearby: ([^.<]+)\.)?")
IN_USE = re.compile(r"Seat (\d+) is held or booked")
WOULD_MOVE = re.compile(r"keep their labels: ([^.<]+)\.")
MESSAGES = re.compile(r'<ul class="messagelist">.*?</ul>', re.DOTALL)  # of the session
SEEN_VERSION = re.compile(r'name="seen_version" value="(\d+)"')
REFUSALS = {
    "There is no customer": "customer_not_found",
    "no longer exists": "customer_not_found",
    "This show is sold out": "sold_out",
    "This show has been cancelled": "show_cancelled",
    "There is no seat": "no_such_seat",
    "has been changed meanwhile": "changed_meanwhile",
    "Tick it to go on": "confirm_first",
}


def headers(session):
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}",
    }


def form(seats, customer, note):
    """The sale of these seats. No other sale has the note: it would be taken for a double click."""
    return urlencode(
        {
            "csrfmiddlewaretoken": CSRF_TOKEN,
            "action": "sell",
            "seats": " ".join(map(str, seats)),
            "customer": customer,
            "note": note,
        }
    )


def set_aside_form(seats, note):
    return urlencode(
        {
            "csrfmiddlewaretoken": CSRF_TOKEN,
            "action": "set_aside",
            "seats": " ".join(map(str, seats)),
            "note": note,
        }
    )


def release_form(seat):
    return urlencode({"csrfmiddlewaretoken": CSRF_TOKEN, "action": "cancel", "seats": seat})


def change_form(fields):
    """Of a show or screen."""
    return urlencode({"csrfmiddlewaretoken": CSRF_TOKEN, "_save": "Save", **fields})


def move_form(seat, new_seat):
    """On the seat plan: whoever has the one seat gets the other."""
    return urlencode(
        {"csrfmiddlewaretoken": CSRF_TOKEN, "action": "move", "seats": f"{seat} {new_seat}"}
    )


def confirmation(reason):
    """Of cancelling a booking, and of calling a show off."""
    return urlencode({"csrfmiddlewaretoken": CSRF_TOKEN, "confirmed": "yes", "reason": reason})


def as_api(status, page):
    """(status, body) that the API would have for the response of the page.

    Its messages are left out: they may be those of another request with the same session.
    """
    page = MESSAGES.sub("", page)
    if status == 302:  # back to the plan
        return 201, {}
    if status != 200:
        return status, {}
    if found := TAKEN.search(page):
        taken, alternatives = found.groups(default="")
        numbers = {"seat_numbers": _numbers(taken), "alternatives": _numbers(alternatives)}
        return 400, {"code": "seat_taken", **numbers}
    if found := IN_USE.search(page):
        return 400, {"code": "seats_in_use", "highest": int(found[1])}
    if found := WOULD_MOVE.search(page):
        return 400, {"code": "seats_would_move", "seat_numbers": _numbers(found[1])}
    codes = [code for words, code in REFUSALS.items() if words in page]
    return 400, {"code": codes[0] if codes else "unknown"}


def _numbers(labels):
    """Seat numbers of labels such as "B3, C1"; a seat that the page did not know has no label."""
    return [
        int(label)
        if label.isdigit()
        else SEATS_PER_ROW * (ord(label[0]) - ord("A")) + int(label[1:])
        for label in filter(None, labels.split(", "))
    ]
