"""The box office: every change to a seat goes through here, and only here are locks taken.

What is scarce is the seat. What is locked is the row of the show: whoever wants any seat of a
show waits for that row's turn, so the buyers of one show stand in one queue and those of
different shows never meet. A transaction locks one show; one that ever needs two must take
them in ascending order of id.

Everything that is decided is read after the lock, in a statement of its own. Under READ
COMMITTED the statement that waited for the lock still sees the rows as they were before it
waited: a count made in it would miss the very booking it waited for. Time is read then, too,
once, from the database (`show.as_of`): a reservation lapses as a whole, and by one clock.

Nobody sweeps lapsed holds. To every read they are free seats, and whoever wants one notes first
that it has expired, because the constraint cannot know the time.

The lock is the queue; the truth is the constraint `one_active_booking_per_seat`. Should
anything ever get past the lock, the constraint stops it, and the buyer hears `seat_taken`.

On SQLite `select_for_update` does nothing. There every transaction begins IMMEDIATE
(settings.SQLITE_OPTIONS): the same queue, one for the whole file.
"""

from .changing import cancel, cancel_everything, cancel_reservation, move
from .holding import confirm, expire_holds, extend
from .selling import book, reserve
from .sizing import check_new_hall
from .turns import customer_kept

__all__ = [
    "book",
    "cancel",
    "cancel_everything",
    "cancel_reservation",
    "check_new_hall",
    "confirm",
    "customer_kept",
    "expire_holds",
    "extend",
    "move",
    "reserve",
]
