"""Load generators wrk and pgbench, and their parsed output."""

import re
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import dataset

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("load.lua")


class LoadFailed(Exception):
    """The measurement does not count; the message says why."""


@dataclass
class LoadResult:
    """Result of a load. Times in seconds."""

    sent: int  # the last ones were still in flight at the end
    answered: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self):
        return self.answered / self.seconds


@dataclass
class Requests:
    """Requests to send: (path, body) each; access tokens are used in turn."""

    requests: list
    method: str = "GET"
    expected_status: int = 200
    tokens: list = ()
    with_keys: bool = False
    header: str = ""
    connections: int = CONNECTIONS


class Wrk:
    """Sends requests with wrk; each run continues where the last one ended."""

    def __init__(self, requests, url, folder):
        self.requests = requests
        self.url = url
        self.folder = folder
        self.next = 0
        (folder / "requests").write_text(
            "".join(f"{path}\t{body}\n" for path, body in requests.requests)
        )
        (folder / "tokens").write_text("".join(f"{token}\n" for token in requests.tokens))

    def run(self, seconds):
        requests = self.requests
        keys = "bench-" if requests.with_keys else "-"
        done = subprocess.run(
            [
                *("wrk", "--threads", "1", "--connections", str(requests.connections)),
                *("--duration", f"{seconds}s", "--timeout", "30s", "--script", SCRIPT, self.url),
                *("--", self.folder, requests.method, str(requests.expected_status)),
                *(str(self.next), keys),
                *([requests.header] if requests.header else []),
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise LoadFailed(f"wrk failed: {done.stderr or done.stdout}")
        result = parse_wrk(done.stdout)
        self.next += result.sent
        return result


def parse_wrk(output):
    """LoadResult of wrk's output. Raises LoadFailed unless every response was the expected one."""
    values = dict(re.findall(r"^([a-z]\w+) (.*)$", output, re.MULTILINE))
    names = ("sent", "expected", "unexpected", "failed", "ran_out")
    try:
        figures = {name: float(values[name]) for name in ("microseconds", "p50", "p99")}
        counts = {name: int(values[name]) for name in names}
    except (KeyError, ValueError) as error:
        raise LoadFailed(f"wrk's output was not understood ({error}):\n{output}") from None
    if counts["ran_out"]:
        raise LoadFailed("all seats were sold before the time was over; use fewer seconds")
    if counts["unexpected"]:
        raise LoadFailed(
            f"{counts['unexpected']} unexpected responses, such as {values.get('sample')}"
        )
    if counts["failed"]:
        raise LoadFailed(f"{counts['failed']} requests got no response")
    if not counts["expected"]:
        raise LoadFailed("there was no response")
    return LoadResult(
        sent=counts["sent"],
        answered=counts["expected"],
        seconds=figures["microseconds"] / 1e6,
        p50=figures["p50"] / 1e6,
        p99=figures["p99"] / 1e6,
    )


# A booking as every implementation must send it to PostgreSQL. Each client books other seats.
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
    """Books with pgbench: no application server in between."""

    def __init__(self, binary, url, folder):
        self.binary = binary
        self.url = url
        self.folder = folder
        self.next = -1
        (folder / "book.sql").write_text(TRANSACTION)

    def run(self, seconds):
        variables = {
            "k": self.next,
            "clients": CONNECTIONS,
            "first": dataset.FIRST_FOR_SALE,
            "shows": dataset.FOR_SALE,
            "users": dataset.USERS,
        }
        done = subprocess.run(
            [
                *(self.binary, "--no-vacuum", "--protocol", "prepared", "--client"),
                *(str(CONNECTIONS), "--jobs", "2", "--time", str(seconds), "--log"),
                *(f"--define={name}={value}" for name, value in variables.items()),
                *("--file", "book.sql", self.url),
            ],
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        if done.returncode:
            raise LoadFailed(f"pgbench failed: {done.stderr}")
        logs = list(self.folder.glob("pgbench_log.*"))
        result = parse_pgbench(done.stdout, [log.read_text() for log in logs])
        for log in logs:
            log.unlink()
        # No client has sent more than all of them together.
        self.next += result.sent
        return result


def parse_pgbench(output, logs):
    rate = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", output, re.MULTILINE)
    if not rate or not failed:
        raise LoadFailed(f"pgbench's output was not understood:\n{output}")
    if int(failed[1]):
        raise LoadFailed(f"{failed[1]} transactions failed")
    times = [int(line.split()[2]) / 1e6 for log in logs for line in log.splitlines()]
    if len(times) < 2:
        raise LoadFailed("no transaction was done")
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    return LoadResult(
        sent=len(times),
        answered=len(times),
        seconds=len(times) / float(rate[1]),
        p50=percentiles[49],
        p99=percentiles[98],
    )


def wrk_is_missing():
    return shutil.which("wrk") is None
