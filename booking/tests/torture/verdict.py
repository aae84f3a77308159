"""Verdict on a run: reconcile its history, then check each show for linearizability."""

from collections import Counter
from dataclasses import dataclass

from . import fixture
from .checker import LINEARIZABLE, check
from .drawings import drawing_of
from .model import Hall, ShowModel
from .operations import Rules
from .reconcile import reconcile


@dataclass
class Verdict:
    violations: list  # broken promises
    faults: list  # defects of the run or the system that break no promise, but prove nothing either
    counts: Counter

    @property
    def passed(self):
        return not self.violations and not self.faults

    @property
    def rejected(self):
        """True if a promise is broken. A mutant that merely does not work is not rejected."""
        return bool(self.violations)


def judge(requests, facts):
    """Verdict on a run; `facts` are those that run.py has written. Expected events must occur."""
    rules = Rules(
        seats=fixture.SEATS,
        limit=fixture.LIMIT,
        hold_for=fixture.HOLD_FOR,
        hold_at_most=fixture.HOLD_AT_MOST,
        hold_window=fixture.HOLD_WINDOW,
        # SQLite's clock has milliseconds.
        tolerance=0.001 if facts["vendor"] == "PostgreSQL" else 0.003,
        exact=facts["exact"],
    )
    reconciled = reconcile(requests, facts["tables"], facts["ended"], rules.exact)
    counts = reconciled.counts + Counter(facts["counts"])
    first_halls = facts["tables"].get("first_halls", {})
    for show, operations in reconciled.operations.items():
        name = first_halls.get(str(show))
        hall = name and Hall(0, name, drawing_of(name))
        finding = check(operations, ShowModel(rules, hall))
        counts[f"shows {finding.verdict}"] += 1
        counts["steps of the search"] += finding.steps
        if finding.verdict != LINEARIZABLE:
            reconciled.violations.append(
                f"show {show} is {finding.verdict}:\n{finding.explanation}"
            )
    missing = [f"there were no {each}" for each in facts["expected"] if not counts[each]]
    faults = reconciled.faults + facts["faults"] + missing
    return Verdict(reconciled.violations, faults, counts)
