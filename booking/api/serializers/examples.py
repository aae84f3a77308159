"""Example responses in the OpenAPI document."""

MOVIE = {
    "id": 1,
    "title": "Metropolis",
    "duration_minutes": 153,
    "description": "In a city of the future, the son of its master follows a woman underground.",
    "genre": "Science fiction",
    "language": "German",
    "certificate": "Not rated",
    "release_date": "1927-01-10",
    "poster_url": "",
}

LISTED_MOVIE = MOVIE | {"next_show_at": "2026-12-24T19:15:00Z"}

SHOW = {
    "id": 7,
    "movie": MOVIE,
    "screen_name": "Screen 1",
    "date_time": "2026-12-24T19:15:00Z",
    "ends_at": "2026-12-24T21:48:00Z",
    "total_seats": 120,
    "seats_per_row": 12,
    "available_seats": 87,
    "is_bookable": True,
    "bookable_until": "2026-12-24T19:25:00Z",
    "cancelled_at": None,
}

BOOKING = {
    "id": 42,
    "reference": "K7NWX3PD",
    "user": 3,
    "show": SHOW,
    "seat_number": 14,
    "seat_label": "B2",
    "status": "booked",
    "created_at": "2026-12-20T08:05:31.250000Z",
    "cancelled_at": None,
    "expires_at": None,
    "expires_in": None,
    "can_cancel": True,
    "cancel_until": "2026-12-24T19:15:00Z",
    "cancelled_by": None,
    "show_cancelled": False,
    "admitted_at": None,
}

CANCELLED_BOOKING = BOOKING | {
    "status": "cancelled",
    "cancelled_at": "2026-12-23T09:30:00Z",
    "can_cancel": False,
    "cancelled_by": "me",
    "detail": "Booking cancelled.",
}

RESERVATION = {
    "reference": "R3HTC9VA",
    "user": 3,
    "show": SHOW,
    "status": "held",
    "bookings": [
        {
            "id": 43,
            "seat_number": 5,
            "seat_label": "A5",
            "status": "held",
            "cancelled_by": None,
        },
        {
            "id": 44,
            "seat_number": 6,
            "seat_label": "A6",
            "status": "held",
            "cancelled_by": None,
        },
    ],
    "created_at": "2026-12-20T08:09:02.500000Z",
    "expires_at": "2026-12-20T08:19:02.500000Z",
    "expires_in": 600,
    "can_cancel": True,
    "cancel_until": "2026-12-20T08:19:02.500000Z",
    "show_cancelled": False,
}

SEAT_MAP = {
    "total_seats": 120,
    "seats_per_row": 12,
    "available_seats": 115,
    "largest_block": 12,
    "booked": [14, 15, 31],
    "held": [5, 6],
    "mine": {"booked": [14], "held": [5, 6]},
}

LAYOUT = {
    "width": 5,
    "depth": 3,
    "rows": [{"label": "A", "y": 0}, {"label": "B", "y": 2}],
    "seats": [
        {"number": 1, "label": "A1", "row": "A", "x": 0, "y": 0, "kind": "seat"},
        {"number": 2, "label": "A2", "row": "A", "x": 1, "y": 0, "kind": "seat"},
        {"number": 3, "label": "A3", "row": "A", "x": 3, "y": 0, "kind": "wheelchair"},
        {"number": 4, "label": "A4", "row": "A", "x": 4, "y": 0, "kind": "companion"},
        {"number": 5, "label": "B1", "row": "B", "x": 1, "y": 2, "kind": "house"},
    ],
}

PROFILE = {
    "id": 3,
    "username": "ada",
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "",
    "mail_bookings": True,
    "email_verified": False,
}

ACCOUNT = {name: PROFILE[name] for name in ("id", "username", "email")}

SESSION = {
    "id": 12,
    "created_at": "2026-12-20T08:01:12.040000Z",
    "last_used_at": "2026-12-23T18:30:00.250000Z",
    "expires_at": "2026-12-24T18:30:00.250000Z",
    "client_ip": "203.0.113.7",
    "user_agent": "CinemaApp/3.2 (iPhone; iOS 19.1)",
    "is_current": True,
}

TOKENS = {"refresh": "eyJhbGciOiJIUzI1NiIs…", "access": "eyJhbGciOiJIUzI1NiIs…"}

TICKET = {
    "booking": 42,
    "reference": "K7NWX3PD",
    "seat_number": 14,
    "seat_label": "B2",
    "admitted_at": None,
    "code": "443AAAAAAAVAAAAOKHCWUTRW62E5WV52",
    "svg": "/api/bookings/42/ticket.svg",
    "png": "/api/bookings/42/ticket.png",
    "pdf": "/api/bookings/42/ticket.pdf",
    "calendar": "/api/bookings/42/calendar.ics",
}

RESERVATION_TICKETS = {
    "reference": "K7NWX3PD",
    "tickets": [TICKET],
    "pdf": "/api/reservations/K7NWX3PD/ticket.pdf",
    "calendar": "/api/reservations/K7NWX3PD/calendar.ics",
}

ADMISSION = {
    "booking": 42,
    "reference": "K7NWX3PD",
    "show": 7,
    "movie": "Metropolis",
    "screen_name": "Screen 1",
    "date_time": "2026-12-24T19:15:00Z",
    "seat_number": 14,
    "seat_label": "B2",
    "customer_name": "Ada Lovelace",
    "admitted_at": "2026-12-24T18:58:00.125000Z",
    "admitted_by": "gate1",
    "reservation": {"seats": 4, "admitted": 2},
}

ADMISSION_LIST = {
    "show": 7,
    "movie": "Metropolis",
    "screen_name": "Screen 1",
    "date_time": "2026-12-24T19:15:00Z",
    "doors_open_at": "2026-12-24T18:15:00Z",
    "cancelled_at": None,
    "booked": 64,
    "admitted": 12,
    "cursor": "5120",
    "tickets": [
        {
            "booking": 42,
            "reference": "K7NWX3PD",
            "seat_number": 14,
            "seat_label": "B2",
            "customer_name": "Ada Lovelace",
            "hashes": ["f0e4c2f76c58916ec258f246851bea091d14d4247a2fc3e18694461b1816e13b"],
            "admitted_at": "2026-12-24T18:58:00.125000Z",
            "admitted_by": "gate1",
        }
    ],
    "gone": [],
}
