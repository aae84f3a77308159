import json

from django.core.management.base import BaseCommand, CommandError

from booking.audit import INVARIANTS, audit, consistent_snapshot
from booking.models import Show


class Command(BaseCommand):
    help = (
        f"Check {len(INVARIANTS)} invariants of the tables, and say what is wrong: seats sold "
        "twice, histories that do not explain their booking, missing constraints and more. Reads "
        "one moment of the database, changes nothing and blocks no sale. The exit code is 1 if "
        "something is wrong. What to do then: docs/operations.md."
    )

    def add_arguments(self, parser):
        parser.add_argument("--show", type=int, metavar="ID", help="Check one show only.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *, show, **options):
        self.is_json, self.verbosity = options["json"], options["verbosity"]
        with consistent_snapshot():
            if show is not None and not Show.objects.filter(pk=show).exists():
                raise CommandError(f"There is no show {show}.", returncode=2)
            findings = []
            for each in audit(show_id=show, on_start=self.write_progress):
                findings.append(each)
                self.write(each)
        if self.is_json:
            self.stdout.write(json.dumps(as_json(show, findings), indent=2))
        if wrong := sum(each.violations > 0 for each in findings):
            raise CommandError(f"{wrong} of {len(findings)} invariants do not hold.")

    def write_progress(self, invariant):
        if self.verbosity > 1:
            self.stderr.write(f"Checking {invariant.name} …")

    def write(self, finding):
        if self.is_json:
            return
        name = finding.invariant.name.replace("_", " ")
        if not finding.violations:
            self.stdout.write(f"ok     {name}")
            return
        self.stdout.write(f"WRONG  {name}: {finding.violations} violations")
        self.stdout.write(f"       {finding.invariant.explanation}")
        for example in finding.examples:
            self.stdout.write(f"       - {example}")
        if finding.violations > len(finding.examples):
            self.stdout.write(f"       - … {finding.violations - len(finding.examples)} more")


def as_json(show, findings):
    return {
        "ok": not any(each.violations for each in findings),
        "show": show,
        "invariants": [
            {
                "name": each.invariant.name,
                "explanation": each.invariant.explanation,
                "violations": each.violations,
                "examples": each.examples,
            }
            for each in findings
        ],
    }
