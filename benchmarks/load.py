"""Load: what wrk and pgbench are told to do, and what they say about it."""

import re
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import cinema

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("load.lua")


class LoadFailed(Exception):
    """What was measured is worth nothing; the message says why."""


@dataclass
class Outcome:
    """What came of a load. Times in seconds."""

    asked: int  # some of the last ones were still on their way when it ended
    answered: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self):
        return self.answered / self.seconds


@dataclass
class Questions:
    """What is asked: paths with their bodies, by people whose tokens take turns."""

    questions: list
    method: str = "GET"
    expected: int = 200
    tokens: list = ()
    with_keys: bool = False
    header: str = ""
    connections: int = CONNECTIONS


class Wrk:
    """Puts the questions, and knows how many of them were put."""

    def __init__(self, questions, url, folder):
        self.questions = questions
        self.url = url
        self.folder = folder
        self.next = 0
        (folder / "questions").write_text(
            "".join(f"{path}\t{body}\n" for path, body in questions.questions)
        )
        (folder / "tokens").write_text("".join(f"{token}\n" for token in questions.tokens))

    def put(self, seconds):
        asked = self.questions
        keys = "bench-" if asked.with_keys else "-"
        done = subprocess.run(
            [
                *("wrk", "--threads", "1", "--connections", str(asked.connections)),
                *("--duration", f"{seconds}s", "--timeout", "30s", "--script", SCRIPT, self.url),
                *("--", self.folder, asked.method, str(asked.expected), str(self.next), keys),
                *([asked.header] if asked.header else []),
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise LoadFailed(f"wrk failed: {done.stderr or done.stdout}")
        outcome = outcome_of_wrk(done.stdout)
        self.next += outcome.asked
        return outcome


def outcome_of_wrk(output):
    """Raises LoadFailed unless every answer was the expected one."""
    said = dict(re.findall(r"^([a-z]\w+) (.*)$", output, re.MULTILINE))
    names = ("asked", "as_expected", "otherwise", "broken", "ran_out")
    try:
        figures = {name: float(said[name]) for name in ("microseconds", "p50", "p99")}
        counts = {name: int(said[name]) for name in names}
    except (KeyError, ValueError) as error:
        raise LoadFailed(f"wrk said something else than expected ({error}):\n{output}") from None
    if counts["ran_out"]:
        raise LoadFailed("all seats were sold before the time was over: fewer seconds, please")
    if counts["otherwise"]:
        raise LoadFailed(f"{counts['otherwise']} other answers, such as {said.get('sample')}")
    if counts["broken"]:
        raise LoadFailed(f"{counts['broken']} requests got no answer")
    if not counts["as_expected"]:
        raise LoadFailed("nothing was answered")
    return Outcome(
        asked=counts["asked"],
        answered=counts["as_expected"],
        seconds=figures["microseconds"] / 1e6,
        p50=figures["p50"] / 1e6,
        p99=figures["p99"] / 1e6,
    )


# The booking as any implementation must put it to PostgreSQL. Client c's k-th seat is nobody
# else's.
TRANSACTION = """
\\set k :k + 1
\\set n :k * :clients + :client_id
\\set show :first + :n % :shows
\\set seat :n / :shows + 1
\\set customer 1 + :n % :users
BEGIN;
SELECT id FROM booking_show WHERE id = :show FOR UPDATE;
SELECT id FROM booking_booking
    WHERE show_id = :show AND seat_number = :seat AND status IN ('held', 'booked');
INSERT INTO booking_booking (user_id, show_id, seat_number, status, reference, created_at)
    VALUES (:customer, :show, :seat, 'booked', lpad(:n::text, 8, '0'), now()) RETURNING id;
COMMIT;
"""


class Pgbench:
    """Books without any server between it and the database."""

    def __init__(self, binary, url, folder):
        self.binary = binary
        self.url = url
        self.folder = folder
        self.next = -1
        (folder / "book.sql").write_text(TRANSACTION)

    def put(self, seconds):
        given = {
            "k": self.next,
            "clients": CONNECTIONS,
            "first": cinema.FIRST_FOR_SALE,
            "shows": cinema.FOR_SALE,
            "users": cinema.USERS,
        }
        done = subprocess.run(
            [
                *(self.binary, "--no-vacuum", "--protocol", "prepared", "--client"),
                *(str(CONNECTIONS), "--jobs", "2", "--time", str(seconds), "--log"),
                *(f"--define={name}={value}" for name, value in given.items()),
                *("--file", "book.sql", self.url),
            ],
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        if done.returncode:
            raise LoadFailed(f"pgbench failed: {done.stderr}")
        logs = list(self.folder.glob("pgbench_log.*"))
        outcome = outcome_of_pgbench(done.stdout, [log.read_text() for log in logs])
        for log in logs:
            log.unlink()
        # The quickest client has put more than its share, but nobody more than all of them.
        self.next += outcome.asked
        return outcome


def outcome_of_pgbench(output, logs):
    rate = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", output, re.MULTILINE)
    if not rate or not failed:
        raise LoadFailed(f"pgbench said something else than expected:\n{output}")
    if int(failed[1]):
        raise LoadFailed(f"{failed[1]} transactions failed")
    times = [int(line.split()[2]) / 1e6 for log in logs for line in log.splitlines()]
    if len(times) < 2:
        raise LoadFailed("nothing was done")
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    return Outcome(
        asked=len(times),
        answered=len(times),
        seconds=len(times) / float(rate[1]),
        p50=percentiles[49],
        p99=percentiles[98],
    )


def wrk_is_missing():
    return shutil.which("wrk") is None
