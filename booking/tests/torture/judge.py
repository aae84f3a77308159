"""The verdict on a run: its evidence, and an order for the operations of each show."""

from collections import Counter
from dataclasses import dataclass

from . import stage
from .checker import LINEARIZABLE, check
from .evidence import gather
from .ledger import Ledger, Rules


@dataclass
class Verdict:
    violations: list  # of what is promised
    breakdowns: list  # of the run, or the system: no promise is broken, and nothing is proved
    counts: Counter

    @property
    def passed(self):
        return not self.violations and not self.breakdowns

    @property
    def refused(self):
        """For a mutant it takes a violation: one that does not work at all proves nothing."""
        return bool(self.violations)


def judge(requests, facts):
    """`facts` are those of run.py; what it says must have happened, must."""
    rules = Rules(
        seats=stage.SEATS,
        limit=stage.LIMIT,
        hold_for=stage.HOLD_FOR,
        hold_at_most=stage.HOLD_AT_MOST,
        # SQLite's clock has milliseconds.
        tolerance=0.001 if facts["vendor"] == "PostgreSQL" else 0.003,
        exact=facts["exact"],
    )
    evidence = gather(requests, facts["tables"], facts["ended"], rules.exact)
    counts = evidence.counts + Counter(facts["counts"])
    for show, operations in evidence.operations.items():
        finding = check(operations, Ledger(rules))
        counts[f"shows {finding.verdict}"] += 1
        counts["steps of the search"] += finding.steps
        if finding.verdict != LINEARIZABLE:
            evidence.violations.append(f"show {show} is {finding.verdict}:\n{finding.trouble}")
    missing = [f"there were no {each}" for each in facts["expected"] if not counts[each]]
    return Verdict(evidence.violations, evidence.breakdowns + facts["breakdowns"] + missing, counts)
