"""The production server (granian), and the CPU time of a server and of PostgreSQL."""

import http.client
import socket
import subprocess
import time
import venv
from contextlib import closing, suppress
from dataclasses import dataclass

import psutil

WORKERS = 2


class Server:
    """Context manager: granian as in production, on a free port.

    `python` is that of a virtual environment, `threads` the number in each worker, `start_seconds`
    the time until the first response.
    """

    def __init__(self, python, application, env, log, *, threads=1):
        self.python = python
        self.application = application
        self.env = env
        self.log = log
        self.threads = threads

    def __enter__(self):
        self.port = free_port()
        started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(self.python, "-m", "granian", "--interface", "wsgi"),
                    *("--workers", str(WORKERS), "--blocking-threads", str(self.threads)),
                    *("--respawn-failed-workers", "--host", "127.0.0.1"),
                    *("--port", str(self.port), self.application.wsgi),
                ],
                env=self.env,
                cwd=self.application.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_ready(started + 60)
        except BaseException:
            self.__exit__()
            raise
        self.start_seconds = time.monotonic() - started
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

    def request(self, method, path, headers=None, body=None):
        """(status, headers, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def wait_until_idle(self, seconds=60):
        """Wait for requests that were in flight when wrk stopped."""
        deadline = time.monotonic() + seconds
        used, idle = seconds_of(self.pid), 0
        while idle < 2:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.application.wsgi} is still busy.")
            time.sleep(0.15)
            # The kernel counts in hundredths of a second; a worker that waits for a lock runs soon.
            earlier, used = used, seconds_of(self.pid)
            idle = idle + 1 if used - earlier < 0.015 else 0

    def megabytes_of_worker(self):
        """Resident memory of the largest worker."""
        return max(worker.memory_info().rss for worker in self._workers()) / 1_000_000

    def _workers(self):
        """The worker processes, without Python's helper processes (by memory)."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.pid).children()
            return sorted(children, key=lambda each: -each.memory_info().rss)[:WORKERS]
        return []

    def _wait_until_ready(self, deadline):
        while True:
            with suppress(OSError, http.client.HTTPException):
                status, _, body = self.request("GET", self.application.ready_path)
                if status < 500:
                    return
                raise RuntimeError(f"{self.application.wsgi} responded with {status}: {body[:300]}")
            if self.process.poll() is not None or time.monotonic() > deadline:
                output = self.log.read_text(errors="replace")
                raise RuntimeError(f"{self.application.wsgi} did not start:\n{output[-2000:]}")
            time.sleep(0.01)


def install(folder, project):
    """Install a project's requirements.txt into a virtual environment; return its python.

    Without the development requirements: some packages load whatever else is installed.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    requirements = project / "requirements.txt"
    subprocess.run([python, "-m", "pip", "install", "-qq", "-r", requirements], check=True)
    return python


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


@dataclass
class Cpu:
    """CPU seconds of a server and of PostgreSQL."""

    server: float
    postgresql: float

    @classmethod
    def now(cls, server, postgresql):
        """CPU time so far, child processes included; None counts as 0."""
        return cls(*(seconds_of(each.pid) if each else 0.0 for each in (server, postgresql)))

    def __sub__(self, earlier):
        return Cpu(self.server - earlier.server, self.postgresql - earlier.postgresql)


def seconds_of(pid):
    process = psutil.Process(pid)
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            # Children that have ended are included, or the sum could decrease.
            total += sum(each.cpu_times()[:4])
    return total
