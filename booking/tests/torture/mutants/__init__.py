"""Mutants: deliberately broken versions of the application that tests and checker must reject.

(Two are harmless on purpose: they must pass.) A mutant is a set of patches, applied when a worker
starts. Where an error would show only within microseconds, the patch makes that moment some
milliseconds longer: the test is whether the checker notices, not how often the error happens.

    patching.py        what they patch
    locks.py  transactions.py  times.py  statuses.py  halls.py
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import halls, locks, statuses, times, transactions

TESTS = "booking/tests/"
LOCKS = "box_office/test_locks.py"
WAITING = "box_office/test_waiting.py"


@dataclass(frozen=True)
class Mutant:
    patch: Callable
    tests: tuple = ()  # files or tests, each of which must fail; below booking/tests
    in_torture: bool = True  # False: its clients never do what the mutant breaks
    is_rejected: bool = True  # by the checker
    without_constraint: bool = False
    verbs: tuple | None = None  # operations of the clients; None: all
    exact: bool = True  # False: do not check what only the lock guarantees
    customers: int | None = None  # number of customers; None: all


def apply(name, application):
    """The WSGI application, broken if a mutant is named."""
    return (MUTANTS[name].patch(application) if name else None) or application


ONLY_GUARDED = ("book", "reserve", "map")
IN_HALLS = ("book", "cancel", "change_hall")

MUTANTS = {
    "no_guards": Mutant(locks.no_guards, (LOCKS,), without_constraint=True),
    "pipeline_without_lock": Mutant(locks.pipeline_without_lock, (LOCKS, WAITING)),
    "cancels_without_lock": Mutant(locks.cancels_without_lock, (LOCKS, WAITING), customers=2),
    "moves_without_lock": Mutant(
        locks.moves_without_lock,
        (LOCKS, WAITING),
        verbs=("book", "move", "cancel", "map"),
        customers=2,
    ),
    "admits_without_lock": Mutant(
        locks.admits_without_lock,
        (LOCKS, WAITING),
        verbs=("book", "check_in", "undo_check_in", "cancel", "map"),
        customers=2,
    ),
    "admits_twice": Mutant(
        statuses.admits_twice,
        ("api/test_check_in.py",),
        verbs=("book", "check_in", "undo_check_in", "map"),
        customers=2,
    ),
    "moves_in_two_transactions": Mutant(
        locks.moves_in_two_transactions,
        (LOCKS,),
        verbs=("book", "move", "cancel", "map"),
        customers=2,
    ),
    "confirms_without_lock": Mutant(
        locks.confirms_without_lock,
        (LOCKS, WAITING),
        verbs=("reserve", "confirm", "cancel"),
        customers=2,
    ),
    "extends_without_lock": Mutant(
        locks.extends_without_lock,
        (LOCKS, WAITING),
        verbs=("reserve", "confirm", "extend", "cancel"),
        customers=2,
    ),
    "staff_sell_without_lock": Mutant(locks.staff_sell_without_lock, (LOCKS, WAITING)),
    "changes_halls_without_lock": Mutant(
        # Its UPDATE of the show locks it as well, too late.
        halls.changes_halls_without_lock,
        (WAITING,),
        verbs=IN_HALLS,
        customers=2,
    ),
    "sells_by_old_layout": Mutant(
        halls.sells_by_old_layout,
        (WAITING,),
        verbs=("reserve", *IN_HALLS),
        customers=4,
    ),
    # Its UPDATE of the show locks it as well, microseconds too late: too rare for the torture.
    "calls_off_without_lock": Mutant(
        locks.calls_off_without_lock,
        (WAITING, "concurrency/test_interleavings.py"),
        in_torture=False,
    ),
    "erasing_cancels_without_lock": Mutant(
        locks.erasing_cancels_without_lock, (LOCKS, WAITING), in_torture=False
    ),  # accounts are erased every few seconds only
    "limit_before_lock": Mutant(
        locks.limit_before_lock,
        ("concurrency/test_reservation_races.py::ReservationRaceTests",),
        customers=2,
    ),
    "no_idempotency": Mutant(transactions.no_idempotency, ("api/test_idempotency.py",)),
    "replays_response_of_another_user": Mutant(
        transactions.replays_response_of_another_user,
        ("api/test_idempotency.py",),
    ),
    # Django's test client bypasses the WSGI application that it replaces.
    "acknowledge_before_commit": Mutant(transactions.acknowledge_before_commit),
    "executes_twice": Mutant(transactions.executes_twice, ("api/test_reserve.py",)),
    "partial_reservations": Mutant(transactions.partial_reservations, ("api/test_reserve.py",)),
    "skewed_clocks": Mutant(times.skewed_clocks, ("api/test_reservations.py",)),
    "confirm_ignores_expiry": Mutant(times.confirm_ignores_expiry, ("api/test_reservations.py",)),
    "forgets_released_holds": Mutant(
        times.forgets_released_holds,
        ("api/test_hold_allowance.py",),
        verbs=("reserve", "cancel", "cancel_reservation"),
        customers=2,
    ),
    "move_extends_hold": Mutant(times.move_extends_hold, ("api/test_move.py",)),
    "stale_seat_map": Mutant(times.stale_seat_map, ("api/test_seat_map.py",)),
    "cancel_revives": Mutant(statuses.cancel_revives, ("api/test_cancel.py",)),
    # A thread of each worker, beside the application: there is none in the tests.
    "sweeper_frees_booked_seats": Mutant(statuses.sweeper_frees_booked_seats),
    "forgets_events": Mutant(statuses.forgets_events, ("box_office/test_booking_events.py",)),
    "forgets_mails": Mutant(statuses.forgets_mails, ("mail/test_reservations.py",)),
    "no_constraint": Mutant(locks.no_constraint, is_rejected=False, without_constraint=True),
    "no_lock": Mutant(locks.no_lock, is_rejected=False, verbs=ONLY_GUARDED, exact=False),
}
