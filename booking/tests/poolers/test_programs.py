import re
from unittest import TestCase

from ..postgres import NoPostgres, find_binaries, version_of
from .programs import require_postgres


class PostgresTests(TestCase):
    def test_binaries_of_a_version_are_of_that_version(self):
        newest = re.search(r"\(PostgreSQL\) (\d+)", version_of(find_binaries()))[1]
        self.assertEqual(find_binaries(int(newest)), find_binaries())
        with self.assertRaisesRegex(NoPostgres, r"\APostgreSQL 9 was not found"):
            find_binaries(9)

    def test_versions_that_are_found_are_named(self):
        newest = re.search(r"\(PostgreSQL\) ((\d+)[.\d]*)", version_of(find_binaries()))
        versions, missing = require_postgres([int(newest[2])])
        self.assertEqual(versions, {int(newest[2]): f"PostgreSQL {newest[1]}"})
        self.assertEqual(missing, [])
