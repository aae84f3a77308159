"""Tour of the API with the client that was generated from the schema.

`python tour.py http://127.0.0.1:8000` signs up, lists movies and shows, books and cancels seats.
"""

import re
import sys
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from movie_booking_client import (
    AccountsApi,
    ApiClient,
    BookingsApi,
    BookSeat,
    Configuration,
    LogIn,
    MoviesApi,
    Refresh,
    ReservationsApi,
    ReserveSeats,
    ShowsApi,
    SignUp,
    TicketsApi,
)
from movie_booking_client.exceptions import ApiException
from urllib3.exceptions import HTTPError

host = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
configuration = Configuration(host=host, api_key_prefix={"Bearer": "Bearer"})
client = ApiClient(configuration)
accounts, movies, shows = AccountsApi(client), MoviesApi(client), ShowsApi(client)
bookings, reservations = BookingsApi(client), ReservationsApi(client)


def error_of(call, *arguments):
    """Return the error of a call that must fail."""
    try:
        call(*arguments)
    except ApiException as refused:
        return refused.data
    raise AssertionError("The call succeeded.")


def retry(call, *arguments):
    """Send a change until there is a response. Thanks to the key it is done only once."""
    key = str(uuid4())
    for attempt in range(6):
        try:
            return call(*arguments, idempotency_key=key)
        except (ApiException, HTTPError) as failure:
            seconds = retry_delay(failure, attempt)
            if seconds is None:
                raise
            time.sleep(seconds)


def retry_delay(failure, attempt):
    """Seconds to wait before the next attempt; None if another attempt would not help."""
    if attempt == 5:
        return None
    if isinstance(failure, HTTPError):  # no response
        return 2**attempt
    if failure.status not in (409, 429, 500, 503):
        return None
    seconds = int(failure.headers.get("Retry-After", 2**attempt))
    return seconds if seconds <= 30 else None  # longer than a customer waits


who = {"username": f"ada-{uuid4().hex[:8]}", "password": "paper-moon-1973"}
account = accounts.sign_up(SignUp(**who))
tokens = accounts.log_in(LogIn(**who))
configuration.api_key["Bearer"] = tokens.access
print(f"Signed up and logged in as {account.username}.")

page = movies.list_movies_with_http_info(page_size=1)
movie = page.data[0]
print(f"{movie.title}, {movie.duration_minutes} minutes, {movie.release_date or 'undated'}.")
following = re.search(r'<([^>]+)>; rel="next"', page.headers.get("Link", ""))
if following:
    cursor = parse_qs(urlsplit(following[1]).query)["cursor"][0]
    print(f"On the next page: {movies.list_movies(page_size=1, cursor=cursor)[0].title}.")

# A show that starts in more than an hour: its seats can still be held and cancelled.
in_an_hour = datetime.now(UTC) + timedelta(hours=1)
later_shows = [each for each in movies.list_movie_shows(movie.id) if each.date_time > in_an_hour]
show = next(each for each in later_shows if each.is_bookable and each.available_seats >= 8)
print(f"{show.screen_name}: {show.available_seats} seats are free.")

before = shows.get_seat_map(show.id)
free = sorted(set(range(1, before.total_seats + 1)) - set(before.booked) - set(before.held))

booking = retry(bookings.book_seat, show.id, BookSeat(seat_number=free[0]))
print(f"Booked seat {booking.seat_label}: {booking.reference}.")

refused = error_of(bookings.book_seat, show.id, BookSeat(seat_number=booking.seat_number))
print(f"Refused: {refused.code}; near it are free: {len(refused.alternatives)}.")

couple = retry(reservations.reserve_seats, show.id, ReserveSeats(count=2, hold=True))
print(f"Holding {len(couple.bookings)} seats for {couple.expires_in} seconds.")
print(f"Confirmed: {retry(reservations.confirm_reservation, couple.reference).status}.")

tickets = TicketsApi(client)
ticket = tickets.get_ticket(booking.id)
pdf = tickets.get_ticket_pdf(booking.id)
print(f"My ticket is good for {ticket.seat_label}; as PDF it begins with {pdf[:4].decode()}.")

taken = shows.get_seat_map(show.id).mine.booked
print(f"Mine are {len(taken)} seats.")

another = next(seat for seat in free if seat not in taken)
moved = retry(bookings.move_booking, booking.id, BookSeat(seat_number=another))
print(f"Moved to another seat: {str(moved.seat_number != booking.seat_number).lower()}.")

print(retry(bookings.cancel_booking, booking.id).detail)
print(f"Refused: {error_of(bookings.cancel_booking, booking.id).code}.")
print(f"The reservation is {retry(reservations.cancel_reservation, couple.reference).status}.")

mine = bookings.list_my_bookings()
print(f"I have {len(mine)} bookings, {sum(each.can_cancel for each in mine)} active.")

fresh = accounts.refresh_token(Refresh(refresh=tokens.refresh))
accounts.log_out(Refresh(refresh=fresh.refresh))
configuration.api_key.clear()
print(f"Logged out: {error_of(bookings.list_my_bookings).code}.")
