"""Bookings a second of PostgreSQL, for one show and for many: `python -m benchmarks.row_lock`.

pgbench sends the statements of a booking in the two round trips of the application, without the
application, to measure the row lock of the show and the disk. Prints a table.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from .databases import PostgresServer

CLIENTS = (1, 8, 16, 32)
SHOWS, SEATS = 2_000, 400
SECONDS = 5

# The next seat: one show is filled after the other, or from each show in turn.
HOT = f"1 + :n / {SEATS}", f"1 + :n % {SEATS}"
SPREAD = f"1 + :n % {SHOWS}", f"1 + :n / {SHOWS}"

FILL = f"""
    INSERT INTO auth_user (username, password, is_superuser, first_name, last_name, email, is_staff,
        is_active, date_joined) VALUES ('alice', '!', false, '', '', '', false, true, now());
    INSERT INTO booking_movie (title, duration_minutes, description, genre, language, certificate,
        poster_url) VALUES ('Metropolis', 153, '', '', '', '', '');
    INSERT INTO booking_show (movie_id, screen_name, date_time, total_seats, seats_per_row)
        SELECT 1, 'Screen 1', now() + interval '1 day', {SEATS}, 20
        FROM generate_series(1, {SHOWS});
    CREATE SEQUENCE next_seat MINVALUE 0;
"""  # noqa: S608 constants

BOOK = """
SELECT nextval('next_seat') AS n \\gset
\\set show {show}
\\set seat {seat}
\\startpipeline
BEGIN;
SELECT * FROM booking_show WHERE id = :show FOR UPDATE;
SELECT count(*) FROM booking_booking WHERE show_id = :show AND status IN ('held', 'booked');
\\endpipeline
\\startpipeline
WITH sold AS (
    INSERT INTO booking_booking (user_id, show_id, seat_number, status, reference, created_at, note)
    VALUES (1, :show, :seat, 'booked', lpad(to_hex(:n::bigint), 8, '0'), now(), '') RETURNING id
)
INSERT INTO booking_bookingevent (booking_id, actor_id, kind, created_at, request_id, seat_number)
SELECT id, 1, 'booked', now(), '-', :seat::int FROM sold;
COMMIT;
\\endpipeline
"""


def run(url, script, clients, seconds):
    """Bookings a second, and milliseconds of one on average."""
    done = subprocess.run(
        [
            *("pgbench", "--no-vacuum", "--protocol", "extended", "--file", script),
            *("--client", str(clients), "--jobs", "1", "--time", str(seconds), url),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rate = float(re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)[1])
    return rate, float(re.search(r"^latency average = ([\d.]+)", done.stdout, re.MULTILINE)[1])


def main():
    print("| clients | one show, bookings/s | ms | many shows, bookings/s | ms |")
    print("|---:|---:|---:|---:|---:|")
    with PostgresServer() as server, tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATABASE_URL": server.url, "DEBUG": "on"}
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, check=True, env=environment)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(FILL)
            for clients in CLIENTS:
                row = [str(clients)]
                for show, seat in (HOT, SPREAD):
                    truncate = "TRUNCATE booking_booking, booking_bookingevent CASCADE"
                    connection.execute(truncate)
                    connection.execute("ALTER SEQUENCE next_seat RESTART")
                    connection.execute("ANALYZE")
                    script = Path(folder) / "book.sql"
                    script.write_text(BOOK.format(show=show, seat=seat))
                    rate, latency = run(server.url, script, clients, SECONDS)
                    row += [f"{rate:,.0f}", f"{latency:.1f}"]
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
