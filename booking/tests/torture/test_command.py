import os
import subprocess
import sys
from unittest import TestCase

from booking.tests.environment import only_once

from .system import PROJECT


@only_once
class CommandTests(TestCase):
    def test_commands_without_django_settings_print_their_help(self):
        """pytest has set up Django, so only a process of its own shows what a command lacks."""
        names = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "DEBUG")
        environment = {key: value for key, value in os.environ.items() if key not in names}
        for command in (
            *("torture", "troubles", "cluster", "cluster.troubles", "poolers", "mutants"),
        ):
            with self.subTest(command):
                done = subprocess.run(
                    [sys.executable, "-m", f"booking.tests.{command}", "--help"],
                    env=environment,
                    cwd=PROJECT,
                    capture_output=True,
                    text=True,
                )
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(f"python -m booking.tests.{command}", done.stdout)
