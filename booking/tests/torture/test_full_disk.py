"""The database's disk can be filled and freed, and the server is there again afterwards."""

from unittest import TestCase

import psycopg

from booking.tests.postgres import NoPostgres
from booking.tests.torture.system import PostgresDatabases


class FullDiskTests(TestCase):
    def setUp(self):
        try:
            self.databases = self.enterContext(PostgresDatabases())
        except NoPostgres as reason:
            self.skipTest(f"{reason}")
        if not self.databases.can_fill_disk:
            self.skipTest("No file system can be mounted here.")

    def execute(self, statement):
        with psycopg.connect(self.databases.template_url, autocommit=True) as connection:
            return connection.execute(statement)

    def test_full_disk_refuses_statements_until_it_is_freed(self):
        many = "CREATE TABLE many AS SELECT repeat('x', 1000) FROM generate_series(1, 30000)"
        self.databases.fill_disk()
        with self.assertRaises(psycopg.OperationalError):
            self.execute(many)
        self.databases.free_disk()
        self.assertGreater(self.databases.statements_without_room(), 0)
        self.execute(many)
