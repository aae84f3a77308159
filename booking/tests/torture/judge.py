"""The verdict on a run: its evidence, and an order for the operations of each show."""

from collections import Counter
from dataclasses import dataclass

from . import stage
from .checker import LINEARIZABLE, check
from .evidence import gather
from .ledger import Ledger, Rules


@dataclass
class Verdict:
    troubles: list
    counts: Counter

    @property
    def passed(self):
        return not self.troubles


def judge(requests, facts):
    rules = Rules(
        seats=stage.SEATS,
        limit=stage.LIMIT,
        hold_for=stage.HOLD_FOR,
        hold_at_most=stage.HOLD_AT_MOST,
        # SQLite's clock has milliseconds.
        tolerance=0.001 if facts["vendor"] == "PostgreSQL" else 0.003,
        exact=facts["exact"],
    )
    evidence = gather(requests, facts["tables"], facts["ended"])
    troubles = facts["troubles"] + evidence.troubles
    counts = evidence.counts + Counter(facts["counts"])
    for show, operations in evidence.operations.items():
        finding = check(operations, Ledger(rules))
        counts[f"shows {finding.verdict}"] += 1
        counts["steps of the search"] += finding.steps
        if finding.verdict != LINEARIZABLE:
            troubles.append(f"show {show} is {finding.verdict}:\n{finding.trouble}")
    return Verdict(troubles, counts)
