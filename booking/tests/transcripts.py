"""Pages whose commands print what they show."""

import re
import subprocess

from django.core.management import call_command
from django.test import LiveServerTestCase, override_settings

MARK = "--- next command ---"


def transcript(text):
    """A page's commands, each with the output that it shows."""
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for command in re.split(r"^\$ ", "".join(blocks), flags=re.MULTILINE)[1:]:
        lines = command.splitlines(keepends=True)
        of_command = 1 + sum(line.startswith("> ") for line in lines)
        source = "".join(line.removeprefix("> ") for line in lines[:of_command])
        yield source, "".join(lines[of_command:]).strip()


def as_pattern(shown):
    """A regular expression for an output in which `…` stands for anything."""
    return ".*".join(re.escape(part) for part in shown.split("…"))


class TranscriptCase(LiveServerTestCase):
    """A page whose commands print what it shows, on a server with the data of the demo."""

    def assertPrints(self, text, folder, at_least):
        with override_settings(DEBUG=True):
            call_command("demo", verbosity=0)
        commands = list(transcript(text))
        script = f"echo '{MARK}'\n".join(source for source, _ in commands)
        script = script.replace("http://127.0.0.1:8000", self.live_server_url)
        done = subprocess.run(
            ["bash", "-eu"], input=script, capture_output=True, text=True, cwd=folder
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        printed = done.stdout.split(f"{MARK}\n")
        self.assertEqual(len(printed), len(commands))
        self.assertGreaterEqual(len(commands), at_least)
        for (source, shown), output in zip(commands, printed, strict=True):
            with self.subTest(source):
                self.assertRegex(output, re.compile(rf"\A{as_pattern(shown)}\s*\Z", re.DOTALL))
        return done.stderr
