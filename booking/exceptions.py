"""Refusals: the reasons why a booking or a change of an account is refused. No Django, no HTTP.

A refusal has a stable `code` for programs, a `message` for customers, and `facts`: values that are
filled into the message and sent to the client. api/errors.py maps refusals to HTTP.
"""

from math import ceil
from typing import Any, ClassVar


class TooBusy(Exception):
    """The work cannot be begun in time; a later request can succeed. No refusal: a 503."""


class NotYourTurn(TooBusy):
    """The customer has a place in the waiting room of a show."""

    def __init__(self, *, wait: int) -> None:
        self.wait = wait  # seconds
        super().__init__(
            f"Many people want seats for this show. Please try again in {duration(wait)}."
        )


class Refusal(Exception):
    """Base class of refusals. Keyword arguments are its facts."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "This is not possible."
    example: ClassVar[dict[str, Any]] = {}  # facts, as the OpenAPI document shows them

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The message with its facts filled in."""
        return self.message.format_map(self.facts)


def count_of(number: int, noun: str) -> str:
    """ "1 seat" or "4 seats"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """A waiting time in words, rounded up: "42 seconds", "12 minutes" or "2 hours"."""
    if seconds <= 90:
        return count_of(ceil(seconds), "second")
    minutes = ceil(seconds / 60)
    if minutes <= 90 and minutes != 60:
        return count_of(minutes, "minute")
    return count_of(ceil(minutes / 60), "hour")


# --- Booking and holding seats ---


class ShowNotFound(Refusal):
    code = "not_found"
    message = "There is no such show."


class ShowCancelled(Refusal):
    code = "show_cancelled"
    message = "This show has been cancelled."
    example = {"cancelled_at": "2026-12-23T09:30:00Z"}


class SalesClosed(Refusal):
    code = "sales_closed"
    message = "Sales for this show have closed."
    example = {"bookable_until": "2026-12-24T19:25:00Z"}


class NoSuchSeat(Refusal):
    code = "no_such_seat"
    message = (
        "There is no seat {seat_number} in this show. Seats are numbered from 1 to {total_seats}."
    )
    example = {"seat_number": 200, "total_seats": 180}


class NotForSale(Refusal):
    code = "not_for_sale"
    message = "This seat is not sold online."
    example = {"seat_numbers": [5]}


class SoldOut(Refusal):
    code = "sold_out"
    message = "This show is sold out."


class SeatTaken(Refusal):
    code = "seat_taken"
    message = "This seat has just been taken."
    example = {"seat_numbers": [5], "alternatives": [4, 6, 3, 7, 17]}


class SeatsTaken(SeatTaken):
    message = "Some of these seats have just been taken."


class NotEnoughSeats(Refusal):
    code = "not_enough_seats"
    message = "Only {available_seats} seats are left."
    example = {"available_seats": 4}

    def sentence(self) -> str:
        return "Only 1 seat is left." if self.facts["available_seats"] == 1 else super().sentence()


class TooManySeats(Refusal):
    code = "too_many_seats"
    message = "You can book at most {at_most} for a show, and you already have {seats}."
    example = {"limit": 10, "seats": 8}

    def sentence(self) -> str:
        at_most = count_of(self.facts["limit"], "seat")
        if not self.facts["seats"]:
            return f"You can book at most {at_most} for a show."
        return self.message.format(at_most=at_most, **self.facts)


class TooManySeatsInAll(TooManySeats):
    message = "You can have at most {at_most} for shows to come, and you already have {seats}."
    example = {"limit": 50, "seats": 48}


class HeldTooSoon(Refusal):
    code = "held_too_soon"
    message = (
        "You held seats for this show a moment ago and the time ran out. "
        "You can hold again in {wait}, or book now."
    )
    example = {"seat_numbers": [5, 6], "retry_after": 42}

    def sentence(self) -> str:
        return self.message.format(wait=duration(self.facts["retry_after"]))


# --- Changing bookings and reservations ---


class ReservationNotFound(Refusal):
    code = "not_found"
    message = "There is no such reservation."


class AlreadyCancelled(Refusal):
    code = "already_cancelled"
    message = "This booking is already cancelled."
    example = {"cancelled_at": "2026-12-23T09:30:00Z"}


class HoldExpired(Refusal):
    code = "hold_expired"
    message = "Your hold has expired."
    example = {"seat_numbers": [5, 6], "still_free": [6]}


class NotHeld(Refusal):
    code = "not_held"
    message = "These seats are already booked, so there is nothing to extend."


class ShowStarted(Refusal):
    code = "show_started"
    message = "The show has started, so this booking can no longer be changed."
    example = {"cancel_until": "2026-12-24T19:15:00Z"}


class CheckedIn(Refusal):
    code = "checked_in"
    message = "This ticket has been used, so the booking can no longer be changed."
    example = {"admitted_at": "2026-12-24T18:58:00Z"}


# --- Tickets, and checking them in at the door ---


class NotBooked(Refusal):
    code = "not_booked"
    message = "These seats are only held. Confirm them first."
    example = {"status": "held"}

    def sentence(self) -> str:
        return HoldExpired.message if self.facts["status"] == "expired" else self.message


class BadTicket(Refusal):
    code = "bad_ticket"
    message = "This is not a ticket of this cinema."


class UnknownTicket(Refusal):
    code = "unknown_ticket"
    message = "There is no booking for this ticket."


class TicketCancelled(Refusal):
    code = "ticket_cancelled"
    message = "This booking was cancelled."
    example = {"cancelled_at": "2026-12-23T09:30:00Z", "show_cancelled": False}

    def sentence(self) -> str:
        called_off = "The show was cancelled, and this booking with it."
        return called_off if self.facts["show_cancelled"] else self.message


class TicketMoved(Refusal):
    code = "ticket_moved"
    message = "This booking was moved to seat {seat_label}."
    example = {"seat_number": 17, "seat_label": "B5"}


class OtherShow(Refusal):
    code = "other_show"
    message = "This ticket is for another show: {movie}, {starts}, {screen_name}."
    example = {
        "show": 7,
        "movie": "Metropolis",
        "screen_name": "Screen 1",
        "date_time": "2026-12-24T19:15:00Z",
        "starts": "Thu 24 Dec 2026, 20:15",
    }


class OtherDay(OtherShow):
    code = "other_day"
    message = "This ticket is for another day: {movie}, {starts}, {screen_name}."


class TooEarly(Refusal):
    code = "too_early"
    message = "The doors open at {opens}."
    example = {"doors_open_at": "2026-12-24T18:15:00Z", "opens": "19:15"}


class ShowEnded(Refusal):
    code = "show_ended"
    message = "This show ended at {ended}."
    example = {"ends_at": "2026-12-24T21:48:00Z", "ended": "22:48"}


class AlreadyAdmitted(Refusal):
    code = "already_admitted"
    message = "This ticket was already used at {at}."
    example = {"admitted_at": "2026-12-24T18:58:00Z", "admitted_by": "gate1", "at": "19:58"}

    def sentence(self) -> str:
        by = self.facts["admitted_by"]
        sentence = self.message.format(at=self.facts["at"])
        return f"{sentence.removesuffix('.')} by {by}." if by else sentence


class NotAdmitted(Refusal):
    code = "not_admitted"
    message = "This ticket is not checked in."


class UndoTooLate(Refusal):
    code = "undo_too_late"
    message = "A check-in can be undone for {minutes} minutes only."
    example = {"undo_until": "2026-12-24T19:03:00Z", "minutes": 5}


# --- Changing a show, in the admin ---


class SeatsInUse(Refusal):
    code = "seats_in_use"
    message = "Seat {highest} is held or booked, so this show needs at least {at_least}."
    example = {"highest": 97}

    def sentence(self) -> str:
        return self.message.format(at_least=count_of(self.facts["highest"], "seat"), **self.facts)


class RowsInUse(Refusal):
    code = "rows_in_use"
    message = (
        "Seats of this show are held or booked, so its rows must keep {seats_per_row} seats each."
    )
    example = {"seats_per_row": 12}


class SeatsWouldMove(Refusal):
    code = "seats_would_move"
    message = (
        "These seats are held or booked, so they must stay where they are and keep their labels: "
        "{labels}."
    )
    example = {"labels": "B3, B4"}


class ScreenInUse(Refusal):
    code = "screen_in_use"
    message = "The screen is in use then, until {free_at}: {show}."
    example = {"show": "Metropolis, Thu 24 Dec 2026, 20:15, Screen 1", "free_at": "22:43"}


class ChangedMeanwhile(Refusal):
    code = "changed_meanwhile"
    message = "This show has been changed meanwhile. Open it again to see how it is now."


# --- Accounts ---


class CustomerNotFound(Refusal):
    code = "user_not_found"
    message = "This account no longer exists."


class UserInactive(Refusal):
    code = "user_inactive"
    message = "This account has been deactivated."


class PasswordChanged(Refusal):
    code = "password_changed"
    message = "Your password has been changed. Please log in again."


class NoActiveAccount(Refusal):
    code = "no_active_account"
    message = "Wrong username or password."


class TokenNotValid(Refusal):
    code = "token_not_valid"
    message = "Your session has ended. Please log in again."


class SessionNotFound(Refusal):
    code = "not_found"
    message = "There is no such session."


class WrongPassword(Refusal):
    code = "wrong_password"
    message = "That is not your current password."


class PasswordRequired(Refusal):
    code = "password_required"
    message = "Enter your password to change your email address."


class ResetTokenNotValid(Refusal):
    code = "reset_token_not_valid"
    message = "This link has expired or has been used. Ask for a new one."


class VerificationTokenNotValid(Refusal):
    code = "verification_token_not_valid"
    message = "This link is no longer valid. Ask for a new one."


class AlreadyVerified(Refusal):
    code = "already_verified"
    message = "Your email address is already verified."


class NoEmailAddress(Refusal):
    code = "no_email_address"
    message = "Your account has no email address. Add one first."


class UsernameTaken(Refusal):
    code = "username_taken"
    message = "This username is already taken."


class ReservedNameTaken(Refusal):
    code = "reserved_name_taken"
    message = "The account {username} belongs to a customer. Give it another username first."
    example = {"username": "walk-in"}
