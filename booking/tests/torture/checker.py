"""Linearizability checker: searches for an order in which the model gives every response.

The algorithm is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with Lowe's
cache of visited states ("Testing for linearizability", 2017): an operation may come next if no
pending operation had returned before it was sent. One show is one object: seat by seat, a partial
reservation would not be noticed.

A read (a seat map, also a refusal) that is possible now is taken now: it changes no state, so no
order is lost.
"""

from dataclasses import dataclass

from .operations import Inconsistent

LINEARIZABLE, VIOLATED, UNDECIDED = "linearizable", "violated", "undecided"


@dataclass
class Finding:
    verdict: str
    steps: int
    explanation: str = ""


class PendingOperations:
    """Operations that have no place in the order yet, sorted by time of sending.

    A doubly linked list, from which an operation is removed and restored in constant time.
    """

    def __init__(self, operations):
        end = len(operations)
        self.operations = operations
        self.next = [*range(1, end + 1), 0]  # the last entry is the head of the list
        self.previous = [end, *range(end)]

    def remove(self, number):
        before, after = self.previous[number], self.next[number]
        self.next[before], self.previous[after] = after, before

    def restore(self, number):
        self.next[self.previous[number]] = self.previous[self.next[number]] = number

    def candidates(self):
        """Operations that may come next."""
        end = len(self.operations)
        first_return = float("inf")
        number = self.next[end]
        found = []
        while number != end and self.operations[number].sent <= first_return:
            first_return = min(first_return, self.operations[number].returned)
            found.append(number)
            number = self.next[number]
        return [each for each in found if self.operations[each].sent <= first_return]


class Search:
    def __init__(self, operations, model, max_steps):
        self.operations = sorted(operations, key=lambda each: each.sent)
        numbers = {id(each): number for number, each in enumerate(self.operations)}
        self.after = [
            sum(1 << numbers[id(other)] for other in each.after) for each in self.operations
        ]
        self.model = model
        self.pending = PendingOperations(self.operations)
        self.linearized = 0  # a bit for each operation
        self.visited = set()
        self.steps = 0
        self.max_steps = max_steps
        self.furthest, self.explanation = -1, ""

    def run(self):
        """Depth-first search; the path holds operations, how to undo them, alternatives left."""
        path = []
        alternatives = self._alternatives()
        while len(path) < len(self.operations):
            if self.steps > self.max_steps:
                return Finding(UNDECIDED, self.steps, self.explanation)
            for number, changes in alternatives:
                before = self._apply(number, changes)
                state = (self.linearized, self.model.fingerprint)
                if state not in self.visited:
                    self.visited.add(state)
                    path.append((number, before, alternatives))
                    alternatives = self._alternatives()
                    break
                self._undo(number, before)
            else:
                if not path:
                    return Finding(VIOLATED, self.steps, self.explanation)
                number, before, alternatives = path.pop()
                self._undo(number, before)
        return Finding(LINEARIZABLE, self.steps)

    def _alternatives(self):
        """Iterator of (number, changes) of operations that the model accepts next."""
        possible, rejected = [], []
        for number in self.pending.candidates():
            self.steps += 1
            if self.after[number] & ~self.linearized:
                continue
            try:
                changes = self.model.changes(self.operations[number])
            except Inconsistent as reason:
                rejected.append((number, reason))
                continue
            if self.operations[number].is_read:
                return iter([(number, changes)])
            possible.append((number, changes))
        if not possible:
            self._explain(rejected)
        possible.sort(key=lambda each: self.operations[each[0]].returned)
        return iter(possible)

    def _apply(self, number, changes):
        self.linearized |= 1 << number
        self.pending.remove(number)
        return self.model.apply(changes)

    def _undo(self, number, before):
        self.model.undo(before)
        self.pending.restore(number)
        self.linearized &= ~(1 << number)

    def _explain(self, rejected):
        """Keep the reasons at the point where the search came furthest."""
        reached = self.linearized.bit_count()
        if reached > self.furthest:
            self.furthest = reached
            reasons = [f"    {self.operations[n]}\n      but {why}" for n, why in rejected]
            self.explanation = (
                f"  after {reached} operations none of these can be next:\n" + "\n".join(reasons)
            )


def check(operations, model, max_steps=500_000):
    """Check the operations of one show; UNDECIDED after too many steps."""
    return Search(operations, model, max_steps).run()
