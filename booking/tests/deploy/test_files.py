"""The files of deploy/: valid, consistent with each other and with the settings."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import skipUnless

import yaml
from django.conf import settings
from django.test import SimpleTestCase
from django.utils.crypto import get_random_string

ROOT = settings.BASE_DIR
DEPLOY = ROOT / "deploy"
SECRETS = {
    "SECRET_KEY": get_random_string(50),
    "TICKET_KEYS": get_random_string(50),
    "METRICS_TOKEN": "m" * 20,
    "PROBE_TOKEN": "p" * 20,
    "DATABASE_PASSWORD": "d" * 20,
}


def read(name):
    return (DEPLOY / name).read_text()


def example_environment():
    """env.example, as systemd and compose read it, with its empty values filled in."""
    lines = [line for line in read("env.example").splitlines() if line and line[0] != "#"]
    found = dict(line.split("=", 1) for line in lines)
    return {name: value or SECRETS[name] for name, value in found.items()}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


class DockerfileTests(SimpleTestCase):
    def test_dockerfile_has_no_finding_of_hadolint(self):
        hadolint = Path(sys.executable).parent / "hadolint"
        done = run(hadolint, "--no-color", DEPLOY / "Dockerfile")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_each_copied_path_exists_and_is_not_ignored(self):
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
        paths = {path for sources in copied for path in sources.split()}
        kept = re.findall(r"^!(.+)$", read("Dockerfile.dockerignore"), re.MULTILINE)
        self.assertEqual(paths, set(kept))
        self.assertEqual([path for path in paths if not (ROOT / path).exists()], [])

    def test_versions_of_the_image_are_those_of_the_lock_file(self):
        [script] = re.findall(r"RUN (sed -n '.+' requirements-dev\.lock)", read("Dockerfile"))
        done = run("sh", "-c", script, cwd=ROOT)
        versions = dict(line.split("==") for line in done.stdout.split())
        lock = (ROOT / "requirements-dev.lock").read_text()
        self.assertEqual(versions, dict(re.findall(r"^([\w.-]+)==([^ ;]+)", lock, re.MULTILINE)))
        self.assertIn("django", versions)


class ComposeTests(SimpleTestCase):
    def setUp(self):
        self.services = yaml.safe_load(read("compose.yaml"))["services"]

    def test_services_are_those_of_the_whole_system(self):
        names = "mail migrate nginx pgbouncer postgres prune valkey web-1 web-2"
        self.assertEqual(sorted(self.services), names.split())

    def test_dependencies_and_mounted_files_exist(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertLessEqual(set(service.get("depends_on", [])), set(self.services))
                for volume in service.get("volumes", []):
                    source = volume.split(":")[0]
                    if source.startswith("./") and source != "./certificates":
                        self.assertTrue((DEPLOY / source).exists())

    def test_containers_of_the_application_cannot_write_and_have_no_rights(self):
        for name in ("web-1", "web-2", "mail", "prune", "migrate"):
            with self.subTest(name):
                service = self.services[name]
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])

    def test_command_of_nginx_finds_the_line_that_it_replaces(self):
        [_, _, script] = self.services["nginx"]["command"]
        [sed] = re.findall(r"(sed '.+') /etc/cinema/nginx.conf", script)
        done = run("sh", "-c", sed, input=read("nginx.conf"))
        self.assertIn("    server web-1:8000; server web-2:8000;\n    keepalive", done.stdout)
        self.assertNotIn("127.0.0.1:8000", done.stdout)

    @skipUnless(shutil.which("docker-compose"), "docker-compose is not installed")
    def test_compose_accepts_the_file(self):
        environment = {"PATH": os.environ["PATH"], **example_environment()}
        folder = self.enterContext(TemporaryDirectory())  # deploy/env may be in use
        copy = shutil.copytree(DEPLOY, Path(folder) / "deploy")
        shutil.copy(copy / "env.example", copy / "env")
        done = run("docker-compose", "--file", copy / "compose.yaml", "config", env=environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class EnvironmentTests(SimpleTestCase):
    def check(self, **environment):
        environment = {"PATH": os.environ["PATH"], **example_environment(), **environment}
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        done = run(*command, cwd=ROOT, env=environment)
        return done.returncode, done.stderr

    def test_application_accepts_the_example(self):
        self.assertEqual(self.check(), (0, ""))

    def test_example_names_only_variables_that_there_are(self):
        documented = set(re.findall(r"^\| `([A-Z_]+)`", self.page(), re.MULTILINE))
        unknown = set(example_environment()) - documented - {"DATABASE_PASSWORD"}
        self.assertEqual(unknown, set())

    def page(self):
        return (ROOT / "docs" / "settings.md").read_text()


class UnitTests(SimpleTestCase):
    @skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_systemd_accepts_the_units(self):
        units = sorted((DEPLOY / "systemd").iterdir())
        done = run("systemd-analyze", "verify", "--man=no", *units)
        # The checkout is elsewhere here.
        messages = [line for line in done.stderr.splitlines() if "/opt/movie-booking" not in line]
        ours = [line for line in messages if "booking" in line]
        self.assertEqual(ours, [])

    def test_units_start_what_there_is(self):
        for unit in (DEPLOY / "systemd").glob("*.service"):
            with self.subTest(unit.name):
                [command] = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
                if "manage.py" in command:
                    name = command.split("manage.py ")[1].split()[0]
                    self.assertTrue(
                        (ROOT / f"booking/management/commands/{name}.py").exists(), command
                    )
                else:
                    self.assertEqual(command, "/bin/sh deploy/serve.sh")
