"""Short tour of the API with the client that was generated from its OpenAPI 3.1 document.

`python tour.py http://127.0.0.1:8000` signs up, books, holds and cancels seats.
"""

import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from generated import AuthenticatedClient, Client
from generated.api.accounts import log_in, log_out, refresh_token, sign_up
from generated.api.bookings import book_seat, cancel_booking, list_my_bookings
from generated.api.movies import list_movie_shows, list_movies
from generated.api.reservations import cancel_reservation, confirm_reservation, reserve_seats
from generated.api.shows import get_seat_map
from generated.api.tickets import get_ticket, get_ticket_pdf
from generated.models import BookSeat, LogIn, Refresh, ReserveSeats, SignUp

host = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
anyone = Client(base_url=host)


def key():
    return str(uuid4())


who = {"username": f"ada-{uuid4().hex[:8]}", "password": "paper-moon-1973"}
account = sign_up.sync(client=anyone, body=SignUp(**who))
tokens = log_in.sync(client=anyone, body=LogIn(**who))
client = AuthenticatedClient(base_url=host, token=tokens.access)
print(f"Signed up and logged in as {account.username}.")

movie = list_movies.sync(client=client, page_size=1)[0]
released = movie.release_date.isoformat() if movie.release_date else "undated"
print(f"{movie.title}, {movie.duration_minutes} minutes, {released}.")

# A show that starts in more than an hour: its seats can still be held and cancelled.
in_an_hour = datetime.now(UTC) + timedelta(hours=1)
shows = list_movie_shows.sync(movie.id, client=client)
later_shows = [each for each in shows if each.date_time > in_an_hour]
show = next(each for each in later_shows if each.is_bookable and each.available_seats >= 8)
seats = get_seat_map.sync(show.id, client=client)
free = min(set(range(1, seats.total_seats + 1)) - {*seats.booked, *seats.held})

chosen = BookSeat(seat_number=free)
booking = book_seat.sync(show.id, client=client, body=chosen, idempotency_key=key())
print(f"Booked seat {booking.seat_label}: {booking.reference}.")

again = book_seat.sync_detailed(show.id, client=client, body=chosen)
print(f"Refused: {again.parsed.code}; near it are free: {len(again.parsed.alternatives)}.")

ticket = get_ticket.sync(booking.id, client=client)
pdf = get_ticket_pdf.sync_detailed(booking.id, client=client).content
print(f"My ticket is good for {ticket.seat_label}; as PDF it begins with {pdf[:4].decode()}.")

wanted = ReserveSeats(count=2, hold=True)
couple = reserve_seats.sync(show.id, client=client, body=wanted, idempotency_key=key())
print(f"Holding {len(couple.bookings)} seats for {couple.expires_in} seconds.")
print(f"Confirmed: {confirm_reservation.sync(couple.reference, client=client).status}.")
cancel_reservation.sync(couple.reference, client=client)
print(cancel_booking.sync(booking.id, client=client).detail)

mine = list_my_bookings.sync(client=client)
print(f"I have {len(mine)} bookings, {sum(each.can_cancel for each in mine)} active.")
log_out.sync_detailed(client=anyone, body=Refresh(refresh=tokens.refresh))
print(f"Logged out: {refresh_token.sync(client=anyone, body=Refresh(tokens.refresh)).code}.")
