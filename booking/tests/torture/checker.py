"""The search for an order in which the clerk of the ledger would have given every answer.

Linearizability after Wing & Gong ("Testing and Verifying Concurrent Objects", 1993), with Lowe's
memory of what was tried ("Testing for linearizability", 2017): an operation may be put next if
none that is still to be put had returned before it was sent. One show is one object: seat by seat
a reservation could be torn without anybody noticing.

What only looks (a refusal, a seat map) and is justified now is put now: leaving it for later can
only make it harder.
"""

from dataclasses import dataclass

from .ledger import Contradiction

LINEARIZABLE, VIOLATED, UNDECIDED = "linearizable", "violated", "undecided"


@dataclass
class Finding:
    verdict: str
    steps: int
    trouble: str = ""


class Waiting:
    """The operations that are still to be put, in the order in which they were sent: a list whose
    links remember where an operation was, so that it can be put back."""

    def __init__(self, operations):
        end = len(operations)
        self.operations = operations
        self.next = [*range(1, end + 1), 0]  # the last entry stands for the list itself
        self.previous = [end, *range(end)]

    def take(self, number):
        before, after = self.previous[number], self.next[number]
        self.next[before], self.previous[after] = after, before

    def put_back(self, number):
        self.next[self.previous[number]] = self.previous[self.next[number]] = number

    def candidates(self):
        """Those that may come next."""
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
    def __init__(self, operations, ledger, most_steps):
        self.operations = sorted(operations, key=lambda each: each.sent)
        numbers = {id(each): number for number, each in enumerate(self.operations)}
        self.after = [
            sum(1 << numbers[id(other)] for other in each.after) for each in self.operations
        ]
        self.ledger = ledger
        self.waiting = Waiting(self.operations)
        self.put = 0  # as bits
        self.seen = set()
        self.steps = 0
        self.most_steps = most_steps
        self.farthest, self.trouble = -1, ""

    def run(self):
        """Depth first. Each entry of the path: what was put, how to undo it, what else to try."""
        path = []
        alternatives = self._alternatives()
        while len(path) < len(self.operations):
            if self.steps > self.most_steps:
                return Finding(UNDECIDED, self.steps, self.trouble)
            for number, changes in alternatives:
                before = self._put(number, changes)
                state = (self.put, self.ledger.fingerprint)
                if state not in self.seen:
                    self.seen.add(state)
                    path.append((number, before, alternatives))
                    alternatives = self._alternatives()
                    break
                self._take_back(number, before)
            else:
                if not path:
                    return Finding(VIOLATED, self.steps, self.trouble)
                number, before, alternatives = path.pop()
                self._take_back(number, before)
        return Finding(LINEARIZABLE, self.steps)

    def _alternatives(self):
        """What can be put next, as (number, changes)."""
        possible, contradictions = [], []
        for number in self.waiting.candidates():
            self.steps += 1
            if self.after[number] & ~self.put:
                continue
            try:
                changes = self.ledger.changes(self.operations[number])
            except Contradiction as contradiction:
                contradictions.append((number, contradiction))
                continue
            if self.operations[number].only_looks:
                return iter([(number, changes)])
            possible.append((number, changes))
        if not possible:
            self._remember(contradictions)
        possible.sort(key=lambda each: self.operations[each[0]].returned)
        return iter(possible)

    def _put(self, number, changes):
        self.put |= 1 << number
        self.waiting.take(number)
        return self.ledger.enter(changes)

    def _take_back(self, number, before):
        self.ledger.undo(before)
        self.waiting.put_back(number)
        self.put &= ~(1 << number)

    def _remember(self, contradictions):
        """Why it went no farther, from where it got farthest."""
        reached = self.put.bit_count()
        if reached > self.farthest:
            self.farthest = reached
            reasons = [f"    {self.operations[n]}\n      but {why}" for n, why in contradictions]
            self.trouble = f"  after {reached} operations none of these can be next:\n" + "\n".join(
                reasons
            )


def check(operations, ledger, most_steps=500_000):
    """Whether there is an order for all the operations of one show; UNDECIDED if there were too
    many to try."""
    return Search(operations, ledger, most_steps).run()
