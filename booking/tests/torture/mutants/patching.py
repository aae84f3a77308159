"""What mutants patch, and how."""

from pkgutil import resolve_name

# All internals of the application that mutants patch or call. After a renaming, change this table
# (and the arguments of the wrappers in the other modules). Every place under which a caller finds
# the function:
INTERNALS = {
    # patched
    "select_for_update": ["django.db.models:QuerySet.select_for_update"],
    "lock_show": ["booking.box_office.selling:lock_show"],  # (show_id, *queries)
    "lock_show_to_cancel_all": ["booking.box_office.cancelling:lock_show"],  # (show_id)
    "lock_show_to_change_hall": ["booking.box_office.halls:lock_show"],  # (show_id)
    "require_seats_stay": ["booking.box_office.halls:require_seats_stay"],  # (show)
    "cancel_all": ["booking.box_office:cancel_all"],
    "call_off": ["booking.box_office:call_off"],
    "confirm": ["booking.box_office:confirm"],
    "extend": ["booking.box_office:extend"],
    "convert": ["booking.db.pipeline:Pipeline.convert"],  # (statements)
    # (booking, *, wanted)
    "booking_to_cancel": ["booking.box_office.cancelling:locked_booking"],
    "booking_to_move": ["booking.box_office.moving:locked_booking"],
    "admit": ["booking.box_office:admit"],
    "booking_to_admit": ["booking.box_office.admitting:locked_booking"],
    # (reservation)
    "reservation_to_cancel": ["booking.box_office.cancelling:locked_reservation"],
    "reservation_to_confirm": ["booking.box_office.holding:locked_reservation"],
    "insert_bookings": ["booking.box_office.selling:_insert_bookings"],
    "sell": ["booking.box_office.selling:_sell"],
    "reserve": ["booking.box_office:reserve"],
    "require_within_limit": [
        "booking.box_office.selling:require_within_seat_limit"
    ],  # (sale, more)
    "require_free": ["booking.box_office.selling:require_seats_free"],  # (sale)
    "cancel": ["booking.box_office:cancel"],
    "active_bookings": ["booking.box_office.holding:require_active"],  # (snapshots)
    "update_bookings": ["booking.box_office.holding:update_bookings"],  # (bookings, **values)
    "insert_events": ["booking.box_office.queries:defer_insert"],
    "insert_events_of_sale": ["booking.box_office.selling:defer_insert_from"],
    # (bookings, kind)
    "mail_customers": [
        "booking.box_office.cancelling:mail_customers",
        "booking.box_office.holding:mail_customers",
        "booking.box_office.moving:mail_customers",
    ],
    "update_moved": ["booking.box_office.moving:update_bookings"],  # (bookings, **values)
    "held_intervals": [
        "booking.box_office.queries:held_intervals"
    ],  # (show_id, customer_id, ended_after, created_after)
    "run_once": ["booking.api.idempotency:_perform_or_repeat"],  # (claim, fingerprint, act)
    "seat_map": ["booking.api.views.shows:SeatMapViewSet.retrieve"],
    "now": [
        "booking.models.clock:Now.as_sql",
        "booking.models.clock:Now.as_postgresql",
        "booking.models.clock:Now.as_sqlite",
    ],
    # called
    "current_attempt": ["booking.box_office.attempts:current_attempt.get"],  # ()
    "free_seats": ["booking.box_office.queries:free_seats"],  # (show, now)
    "json_response": ["booking.api.idempotency:_json_response"],
}

DELAY = 0.005  # seconds


def original(name):
    return resolve_name(INTERNALS[name][0])


def replace(name, function):
    """Replace an internal function at every place where callers find it."""
    for place in INTERNALS[name]:
        module, _, path = place.partition(":")
        *owner, attribute = path.split(".")
        setattr(resolve_name(f"{module}:{'.'.join(owner)}"), attribute, function)
