"""The lock file and the pre-commit hooks agree with the requirements."""

import re

from django.conf import settings
from django.test import SimpleTestCase
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


def read(name):
    return (settings.BASE_DIR / name).read_text(encoding="utf-8")


def locked_versions():
    pins = re.findall(r"^([\w.-]+)==([\w.+!-]+)", read("requirements-dev.lock"), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in pins}


class LockFileTests(SimpleTestCase):
    def test_lock_file_satisfies_every_requirement(self):
        """If this fails: make lock."""
        locked = locked_versions()
        for name in ["requirements.txt", "requirements-dev.txt"]:
            for line in read(name).splitlines():
                line = line.partition("#")[0].strip()
                if not line or line.startswith("-r"):
                    continue
                requirement = Requirement(line)
                with self.subTest(line):
                    version = locked[canonicalize_name(requirement.name)]
                    self.assertIn(version, requirement.specifier)

    def test_lock_file_names_no_index_and_hashes_everything(self):
        lock = read("requirements-dev.lock")
        self.assertNotIn("://", lock)
        self.assertNotRegex(lock, r"(?m)^-")
        pins = re.findall(r"^\S+==.*$", lock, re.MULTILINE)
        self.assertEqual([pin for pin in pins if not pin.endswith("\\")], [])

    def test_pre_commit_runs_the_locked_ruff(self):
        hooks = re.findall(r"ruff==([\d.]+)", read(".pre-commit-config.yaml"))
        self.assertEqual({Version(version) for version in hooks}, {locked_versions()["ruff"]})
