"""The databases of the implementations: filled once, as filled before each measurement, and asked
afterwards what is in them."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql

from booking.tests.postgres import Postgres

PROJECT = Path(__file__).resolve().parents[1]

# A small server's, as its owner would set it. What makes a commit safe is said explicitly.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",  # so that none falls into one measurement and not another
    "max_connections": 100,
}

BOOKED = "SELECT count(*) FROM {table} WHERE status IN ('held', 'booked')"
SOLD_TWICE = """
    SELECT count(*) FROM (
        SELECT 1 FROM {table} WHERE status IN ('held', 'booked')
        GROUP BY show_id, seat_number HAVING count(*) > 1
    ) AS twice
"""


def environment(settings, url, secret):
    """Of a server in production; nothing but this, whatever is set where it is measured."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": url,
        "SECRET_KEY": secret,
        "DEBUG": "off",
        "HTTPS": "off",  # a proxy in front ends TLS; there is none here
    }


def fill(label, scale, given):
    """Fills an empty database in a process of its own; the customers' tokens."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fill", label, str(scale)],
        env=given,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


class Server(Postgres):
    """PostgreSQL that waits for the disk."""

    def __init__(self):
        super().__init__(**SETTINGS)

    @property
    def pid(self):
        return self.process.pid

    def new_database(self, name, label):
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return OnPostgresql(self.url_of(name), label)

    def version(self):
        with psycopg.connect(self.url) as connection:
            return connection.execute("SHOW server_version").fetchone()[0].split()[0]


class OnPostgresql:
    """`label` is of the app that has the tables. Whoever changes them says so in `is_as_kept`."""

    def __init__(self, url, label):
        self.url = url
        self.label = label
        self.bookings = f"{label}_booking"
        self.is_as_kept = False

    def keep(self):
        """A copy of every table, as it is now."""
        with self._connect() as connection:
            connection.execute("CREATE SCHEMA as_filled")
            for table in self._tables(connection):
                copy = "CREATE TABLE as_filled.{0} AS TABLE public.{0}"
                connection.execute(sql.SQL(copy).format(sql.Identifier(table)))

    def restore(self):
        """Every table as it was kept, and written anew, without what an earlier load left of it."""
        if self.is_as_kept:
            return
        with self._connect() as connection:
            tables = self._tables(connection)
            with connection.transaction():
                # Neither triggers nor foreign keys: the copy has passed them once.
                connection.execute("SET LOCAL session_replication_role = replica")
                all_of_them = sql.SQL(", ").join(map(sql.Identifier, tables))
                connection.execute(sql.SQL("TRUNCATE {}").format(all_of_them))
                for table in tables:
                    copy = "INSERT INTO public.{0} TABLE as_filled.{0}"
                    connection.execute(sql.SQL(copy).format(sql.Identifier(table)))
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
        self.is_as_kept = True

    def count(self):
        """How many bookings there are, and how many seats are there twice."""
        with self._connect() as connection:
            return tuple(
                connection.execute(question.format(table=self.bookings)).fetchone()[0]
                for question in (BOOKED, SOLD_TWICE)
            )

    def _connect(self):
        return psycopg.connect(self.url, autocommit=True)

    def _tables(self, connection):
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        )
        return [name for (name,) in rows]


class OnSqlite:
    """A file; `restore` makes a new one, so no server may have it open."""

    def __init__(self, file, label):
        self.file = file
        self.url = f"sqlite:///{file}"
        self.label = label
        self.bookings = f"{label}_booking"
        self.is_as_kept = False

    def keep(self):
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.file, self._kept)

    def restore(self):
        if self.is_as_kept:
            return
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copy(self._kept, self.file)
        self.is_as_kept = True

    def count(self):
        with closing(sqlite3.connect(self.file, timeout=20)) as connection:
            return tuple(
                connection.execute(question.format(table=self.bookings)).fetchone()[0]
                for question in (BOOKED, SOLD_TWICE)
            )

    @property
    def _kept(self):
        return self.file.with_suffix(".kept")
