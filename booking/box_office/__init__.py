"""The box office: every change to a seat, and the only place that takes locks.

A verb (`book`, `reserve`, `confirm`, `extend`, `cancel`, `move`, …) is one transaction:

1. It locks the row of the show (locking.py). Customers of one show queue for it; those of
   different shows never meet. A transaction locks one show; one that needs several takes them in
   ascending order of id.
2. Whatever it decides is read after the lock, in a statement of its own (queries.py). Under READ
   COMMITTED, the statement that waited for the lock still sees the rows as they were before it
   waited. The time is read there, too, once, by the database's clock: a reservation expires as a
   whole.
3. It checks, in a fixed order; each check raises a refusal (checks.py).
4. It writes. Expired holds are free seats to every read, so nothing has to sweep them; a sale
   of such a seat marks them `expired` first, because a constraint cannot depend on the time.

The lock is the queue, the constraint `one_active_booking_per_seat` is the truth: should anything
get past the lock, the constraint stops it, and the refusal is `seat_taken` all the same.

On SQLite `select_for_update` does nothing. Its transactions begin IMMEDIATE (SQLITE_OPTIONS in the
settings): one queue for the whole file.
"""

from .admitting import admit, undo_admission
from .cancelling import call_off, cancel, cancel_all, cancel_reservation
from .halls import delete_show, overlapping_shows, schedule
from .holding import confirm, expire_holds, extend
from .locking import retry_transaction, transaction
from .moving import move
from .selling import book, forget_notes, reserve

__all__ = [
    "admit",
    "book",
    "call_off",
    "cancel",
    "cancel_all",
    "cancel_reservation",
    "confirm",
    "delete_show",
    "expire_holds",
    "extend",
    "forget_notes",
    "move",
    "overlapping_shows",
    "reserve",
    "retry_transaction",
    "schedule",
    "transaction",
    "undo_admission",
]
