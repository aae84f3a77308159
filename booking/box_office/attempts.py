"""What a transaction of the box office tries to do, and whether it is safe to repeat."""

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Attempt:
    """The seats that a transaction tries to sell, for the refusal if they turn out to be taken."""

    show_id: int = 0
    seat_numbers: list[int] = field(default_factory=list)
    is_safe_to_repeat: bool = False  # at any time


current_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


def mark_safe_to_repeat() -> None:
    """Mark the current transaction: repeating it never changes anything, whatever happens first.

    A move to the seat that the booking has is not safe: repeated after another move, it would move
    the booking back.
    """
    if attempt := current_attempt.get():
        attempt.is_safe_to_repeat = True
