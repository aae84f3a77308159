"""Operations on a show as the checker sees them, and the rules that the model applies."""

from dataclasses import dataclass, field


class Inconsistent(Exception):
    """The model does not allow this response in its present state."""


def expect(condition, *words):
    if not condition:
        raise Inconsistent(" ".join(map(str, words)))


@dataclass(frozen=True)
class Rules:
    seats: int
    limit: int  # seats per customer
    hold_for: float  # seconds
    hold_at_most: float  # of one customer, in each window
    hold_window: float
    tolerance: float = 0.001  # seconds, in comparing clocks
    exact: bool = True  # False: do not check what only the lock guarantees (counts, the limit)


def code_of(body):
    """Code of a refusal, also of an error of a field; None for a success."""
    if not isinstance(body, dict):
        return None
    codes = [code for of_field in body.get("codes", {}).values() for code in of_field]
    return body.get("code") or next(iter(codes), None)


@dataclass(eq=False)
class Operation:
    """A request with its response. `code` is None for a success, else that of the refusal."""

    show: int
    user: int
    kind: str
    arguments: dict
    code: str | None
    body: dict
    sent: float
    returned: float
    after: list = field(default_factory=list)  # operations that must come before it
    is_answered: bool = True  # False: no response arrived, and events show that it was done
    changed: frozenset | None = None  # ids of the bookings that have an event of it; None: unknown

    @property
    def is_read(self):
        """True if it never changes the state."""
        return self.code is not None or self.kind in ("map", "mine", "table")

    def __str__(self):
        outcome = self.code or "done"
        return (
            f"{self.kind} {self.arguments} by user {self.user}, from {self.sent:.4f} to "
            f"{self.returned:.4f}: {outcome} {self.body}"
        )
