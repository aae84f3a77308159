"""One trouble: clients before it, during it and after it."""

import threading
import time
from contextlib import ExitStack

import psycopg

from ..torture.system import Server
from .clients import GIVE_UP, Client
from .network import Network
from .verdict import Result

WORKERS = 2
BEFORE = 2  # seconds
AFTER = 2  # seconds at least; then until every client has booked again


class Run:
    """`result()` makes the trouble of a kind while clients book and list."""

    def __init__(self, *, databases, fixture, kind, threads, folder):
        self.databases = databases
        self.fixture = fixture
        self.kind = kind
        self.threads = threads
        self.folder = folder
        self.database = folder.name

    def result(self):
        self.folder.mkdir()
        self.direct_url = self.databases.copy(self.database)
        with ExitStack() as stack:
            self.network = None
            url = self.direct_url
            if self.kind.needs_network:
                self.network = stack.enter_context(Network(self.postgres.port))
                url = url.replace(f":{self.postgres.port}/", f":{self.network.port}/")
            self.server = stack.enter_context(
                Server(
                    url=url,
                    workers=WORKERS,
                    threads=self.threads,
                    has_pooler=False,
                    mutant="",
                    folder=self.folder,
                )
            )
            clients, began, ended = self._trouble()
        self.databases.wait_until_idle()
        result = self._result_of(clients, began, ended)
        self.databases.drop(self.database)
        return result

    def _result_of(self, clients, began, ended, **more):
        return Result(
            kind=self.kind,
            threads=self.threads,
            answers=[answer for client in clients for answer in client.answers],
            began=began,
            ended=ended,
            sold=self._sold(),
            **more,
        )

    @property
    def postgres(self):
        return self.databases.server

    @property
    def show(self):
        """The one of a trouble that is about one show."""
        return self.fixture["shows"][0]

    @property
    def port(self):
        """Where the clients connect to."""
        return self.server.port

    def _trouble(self):
        """The clients afterwards, and when the trouble began and ended."""
        end_of_run = threading.Event()
        clients = self._clients(end_of_run)
        trouble = self.kind(self)
        if self.kind.is_about_one_show:
            trouble.begin()  # or its seats would be sold before
        for client in clients:
            client.start()
        try:
            time.sleep(BEFORE)
            began = time.monotonic()
            try:
                self._go_through(trouble, until=began + self.kind.seconds)
            finally:
                trouble.end()
            ended = time.monotonic()
            while time.monotonic() < ended + GIVE_UP:
                time.sleep(AFTER)
                if all(has_booked_since(client, ended) for client in clients):
                    break
        finally:
            end_of_run.set()
            for client in clients:
                client.join(GIVE_UP + 5)
        for client in clients:
            if client.error:
                raise client.error
        return clients, began, ended

    def _go_through(self, trouble, *, until):
        if not self.kind.is_about_one_show:
            trouble.begin()
        while time.monotonic() < until:
            trouble.go_on()
            time.sleep(0.05)

    def _clients(self, ended):
        clients = [
            Client(
                number=number,
                user=int(user),
                token=token,
                port=self.port,
                shows=self.fixture["shows"],
                has_keys=number % 2 == 0,
                ended=ended,
            )
            for number, (user, token) in enumerate(self.fixture["tokens"].items())
        ]
        if self.kind.is_about_one_show:
            for client in clients[::4]:
                client.want_only(self.show)
        return clients

    def _sold(self):
        """(user, show, seat number) of every booking."""
        with psycopg.connect(self.direct_url) as connection:
            return connection.execute(
                "SELECT user_id, show_id, seat_number FROM booking_booking WHERE status = 'booked'"
            ).fetchall()


def has_booked_since(client, moment):
    return any(answer.is_booking and answer.sent > moment for answer in client.answers[-50:])
