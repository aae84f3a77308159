"""What a transaction of the box office tries to do, and whether its response is stored."""

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Attempt:
    """The seats that a transaction tries to sell, for the refusal if they turn out to be taken."""

    show_id: int = 0
    seat_numbers: list[int] = field(default_factory=list)
    stores_response: bool = True  # with an Idempotency-Key


current_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


def do_not_store_response() -> None:
    """Do not store the response of this transaction: a late copy of its request is harmless.

    Only where nothing that happens meanwhile lets the copy change anything. A move to the seat
    that the booking has changes nothing now, but would move it back after another move.
    """
    if attempt := current_attempt.get():
        attempt.stores_response = False
