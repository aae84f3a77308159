import re
import shutil
import subprocess
from tempfile import TemporaryDirectory
from unittest import skipUnless

from django.conf import settings
from django.core.management import call_command
from django.test import LiveServerTestCase, override_settings

MARK = "--- next command ---"


def transcript():
    """The README's commands, each with the output that it shows."""
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    for command in re.split(r"^\$ ", "".join(blocks), flags=re.MULTILINE)[1:]:
        lines = command.splitlines(keepends=True)
        of_command = 1 + sum(line.startswith("> ") for line in lines)
        source = "".join(line.removeprefix("> ") for line in lines[:of_command])
        yield source, "".join(lines[of_command:]).strip()


def as_pattern(shown):
    """A regular expression for an output in which `…` stands for anything."""
    return ".*".join(re.escape(part) for part in shown.split("…"))


@skipUnless(shutil.which("bash") and shutil.which("curl"), "the README's commands need both")
class ReadmeTests(LiveServerTestCase):
    def test_its_commands_print_what_it_shows(self):
        with override_settings(DEBUG=True):
            call_command("demo", verbosity=0)
        commands = list(transcript())
        script = f"echo '{MARK}'\n".join(source for source, _ in commands)
        script = script.replace("http://127.0.0.1:8000", self.live_server_url)
        with TemporaryDirectory() as folder:
            done = subprocess.run(
                ["bash", "-eu"], input=script, capture_output=True, text=True, cwd=folder
            )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        printed = done.stdout.split(f"{MARK}\n")
        self.assertEqual(len(printed), len(commands))
        self.assertGreaterEqual(len(commands), 8)
        for (source, shown), output in zip(commands, printed, strict=True):
            with self.subTest(source):
                self.assertRegex(output, re.compile(rf"\A{as_pattern(shown)}\s*\Z", re.DOTALL))
