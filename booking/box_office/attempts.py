"""What a transaction of the box office tries to do, and whether it has changed anything."""

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Attempt:
    """The seats that a transaction tries to sell, for the refusal if they turn out to be taken."""

    show_id: int = 0
    seat_numbers: list[int] = field(default_factory=list)
    has_changes: bool = False  # False after a repetition, such as a second `confirm`


current_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)
