"""The production server, and what it and PostgreSQL use of the machine."""

import http.client
import socket
import subprocess
import time
import venv
from contextlib import closing, suppress
from dataclasses import dataclass

import psutil

from .databases import PROJECT

WORKERS = 2


class Server:
    """A context manager: granian as the README says, by the `python` of a virtual environment, on a
    port of its own.

    `ready_in` is how many seconds it took until it answered.
    """

    def __init__(self, python, application, environment, log, front_page):
        self.python = python
        self.application = application
        self.environment = environment
        self.log = log
        self.front_page = front_page

    def __enter__(self):
        self.port = free_port()
        started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(self.python, "-m", "granian", "--interface", "wsgi"),
                    *("--workers", str(WORKERS), "--blocking-threads", "1"),
                    *("--respawn-failed-workers", "--host", "127.0.0.1"),
                    *("--port", str(self.port), self.application),
                ],
                env=self.environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_ready(started + 60)
        except BaseException:
            self.__exit__()
            raise
        self.ready_in = time.monotonic() - started
        return self

    def __exit__(self, *exc_info):
        workers = self._workers()
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        self.process.kill()
        self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method, path, headers=None, body=None):
        """(status, headers, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def wait_until_quiet(self, seconds=60):
        """When wrk stops, it leaves requests behind that are still worked at."""
        deadline = time.monotonic() + seconds
        used, quiet = seconds_of(self.pid), 0
        while quiet < 2:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.application} is still at work.")
            time.sleep(0.15)
            # The kernel counts in hundredths; a worker that waits for another has its turn soon.
            earlier, used = used, seconds_of(self.pid)
            quiet = quiet + 1 if used - earlier < 0.015 else 0

    def megabytes_of_a_worker(self):
        """Of the one that has most."""
        return max(worker.memory_info().rss for worker in self._workers()) / 1_000_000

    def _workers(self):
        """Those that have the application, and not what Python starts beside them."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.pid).children()
            return sorted(children, key=lambda each: -each.memory_info().rss)[:WORKERS]
        return []

    def _wait_until_ready(self, deadline):
        while True:
            with suppress(OSError, http.client.HTTPException):
                status, _, said = self.ask("GET", self.front_page)
                if status < 500:
                    return
                raise RuntimeError(f"{self.application} answers {status}: {said[:300]}")
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace")
                raise RuntimeError(f"{self.application} did not start:\n{said[-2000:]}")
            time.sleep(0.01)


def install(folder):
    """What production has and no more, into a virtual environment; its python. Some packages load
    what they find beside them, and tests need much."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    wanted = PROJECT / "requirements.txt"
    subprocess.run([python, "-m", "pip", "install", "-qq", "-r", wanted], check=True)
    return python


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


@dataclass
class Cpu:
    """Seconds that processes have computed so far."""

    server: float
    postgresql: float

    @classmethod
    def now(cls, server, postgresql):
        """Of the two, with all the processes that they have started; None is nobody."""
        return cls(*(seconds_of(each.pid) if each else 0.0 for each in (server, postgresql)))

    def __sub__(self, earlier):
        return Cpu(self.server - earlier.server, self.postgresql - earlier.postgresql)


def seconds_of(pid):
    process = psutil.Process(pid)
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            # With its children that have ended, or what they did would be taken back.
            total += sum(each.cpu_times()[:4])
    return total
