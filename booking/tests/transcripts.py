"""Run the console transcripts of a Markdown page and compare the output with what it shows.

A transcript is a code block marked `console`: `$` starts a command, `>` continues it, the other
lines are its output, in which `…` stands for any text.
"""

import re
import subprocess
from collections.abc import Iterator

from django.core.management import call_command
from django.test import LiveServerTestCase, override_settings

SEPARATOR = "--- next command ---"


def parse_transcript(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a page with the output that the page shows for it."""
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for block in re.split(r"^\$ ", "".join(blocks), flags=re.MULTILINE)[1:]:
        lines = block.splitlines(keepends=True)
        command_length = 1 + sum(line.startswith("> ") for line in lines)
        command = "".join(line.removeprefix("> ") for line in lines[:command_length])
        yield command, "".join(lines[command_length:]).strip()


def output_pattern(shown: str) -> re.Pattern[str]:
    """Regular expression for an output in which `…` stands for any text."""
    text = ".*".join(re.escape(part) for part in shown.split("…"))
    return re.compile(rf"\A{text}\s*\Z", re.DOTALL)


class TranscriptTestCase(LiveServerTestCase):
    """Runs transcripts in bash against a live server with the demo data."""

    def assertPrints(self, text: str, folder: str, *, at_least: int) -> str:
        """Run all commands of the page in one shell; return what they write to stderr.

        `at_least` guards against a page whose transcripts are no longer found.
        """
        with override_settings(DEBUG=True):
            call_command("demo", verbosity=0)
        commands = list(parse_transcript(text))
        self.assertGreaterEqual(len(commands), at_least)
        script = f"echo '{SEPARATOR}'\n".join(command for command, _ in commands)
        script = script.replace("http://127.0.0.1:8000", self.live_server_url)
        done = subprocess.run(
            ["bash", "-eu"], input=script, capture_output=True, text=True, cwd=folder
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        outputs = done.stdout.split(f"{SEPARATOR}\n")
        self.assertEqual(len(outputs), len(commands))
        for (command, shown), output in zip(commands, outputs, strict=True):
            with self.subTest(command):
                self.assertRegex(output, output_pattern(shown))
        return done.stderr
