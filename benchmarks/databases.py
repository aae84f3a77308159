"""Databases of the implementations: filled once, restored before each measurement, then counted."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from booking.tests.postgres import Postgres

PROJECT_FOLDER = Path(__file__).resolve().parents[1]

# As the owner of a small server would set it. What makes a commit durable is explicit.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",  # no checkpoint during one measurement and not another
    "max_connections": 100,
}

COUNT_ACTIVE = "SELECT count(*) FROM {table} WHERE status IN ('held', 'booked')"
COUNT_SOLD_TWICE = """
    SELECT count(*) FROM (
        SELECT 1 FROM {table} WHERE status IN ('held', 'booked')
        GROUP BY show_id, seat_number HAVING count(*) > 1
    ) AS twice
"""


def environment(settings, url, secret):
    """Environment variables of a server in production, and no others."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": url,
        "SECRET_KEY": secret,
        "TICKET_KEYS": f"tickets-{secret}",
        "DEBUG": "off",
        "HTTPS": "off",  # in production a proxy ends TLS; there is none here
        "MAX_SEATS_PER_CUSTOMER_IN_ALL": "100000",  # a thousand customers buy all the seats
    }


@dataclass(frozen=True)
class Filled:
    """What requests need to know of a database."""

    tokens: list  # access tokens, in the order of the users' ids
    ticket_codes: list  # of shows whose doors are open; none where there are no tickets


def fill(label, scale, env, folder):
    """Fill an empty database, in a separate process started in `folder`."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fill", label, str(scale)],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
    )
    return Filled(**json.loads(done.stdout))


class PostgresServer(Postgres):
    """PostgreSQL server with durable commits. `major` is a version; None: the newest."""

    def __init__(self, *, major=None):
        super().__init__(major=major, **SETTINGS)

    @property
    def pid(self):
        return self.process.pid

    def create_database(self, name, label):
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return PostgresDatabase(self.url_of(name), label)

    def version(self):
        with psycopg.connect(self.url) as connection:
            return connection.execute("SHOW server_version").fetchone()[0].split()[0]


class PostgresDatabase:
    """Database on PostgreSQL; `label` is the app label in the names of its tables.

    Code that changes rows must set `is_restored` to False.
    """

    def __init__(self, url, label):
        self.url = url
        self.label = label
        self.booking_table = f"{label}_booking"
        self.is_restored = False

    def snapshot(self):
        """Copy every table into the schema `snapshot`."""
        with self._connect() as connection:
            connection.execute("CREATE SCHEMA snapshot")
            for table in self._tables(connection):
                copy = "CREATE TABLE snapshot.{0} AS TABLE public.{0}"
                connection.execute(sql.SQL(copy).format(sql.Identifier(table)))

    def restore(self):
        """Rewrite every table from the snapshot, without bloat from earlier loads."""
        if self.is_restored:
            return
        with self._connect() as connection:
            tables = self._tables(connection)
            with connection.transaction():
                # No triggers, no foreign keys: the rows have passed them once.
                connection.execute("SET LOCAL session_replication_role = replica")
                names = sql.SQL(", ").join(map(sql.Identifier, tables))
                connection.execute(sql.SQL("TRUNCATE {}").format(names))
                for table in tables:
                    copy = "INSERT INTO public.{0} TABLE snapshot.{0}"
                    connection.execute(sql.SQL(copy).format(sql.Identifier(table)))
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
        self.is_restored = True

    def count(self):
        """(active bookings, seats that are sold twice)"""
        with self._connect() as connection:
            return tuple(
                connection.execute(query.format(table=self.booking_table)).fetchone()[0]
                for query in (COUNT_ACTIVE, COUNT_SOLD_TWICE)
            )

    def _connect(self):
        return psycopg.connect(self.url, autocommit=True)

    def _tables(self, connection):
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        )
        return [name for (name,) in rows]


class SqliteDatabase:
    """Database in a file; `restore` replaces the file, so no server may have it open."""

    def __init__(self, file, label):
        self.file = file
        self.url = f"sqlite:///{file}"
        self.label = label
        self.booking_table = f"{label}_booking"
        self.is_restored = False

    def snapshot(self):
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.file, self._snapshot_file)

    def restore(self):
        if self.is_restored:
            return
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copy(self._snapshot_file, self.file)
        self.is_restored = True

    def count(self):
        with closing(sqlite3.connect(self.file, timeout=20)) as connection:
            return tuple(
                connection.execute(query.format(table=self.booking_table)).fetchone()[0]
                for query in (COUNT_ACTIVE, COUNT_SOLD_TWICE)
            )

    @property
    def _snapshot_file(self):
        return self.file.with_suffix(".snapshot")
