"""Programs: PgBouncer and PostgreSQL 15 of Debian 12, newer PgBouncer and Odyssey from trees."""

import re
import subprocess
from contextlib import suppress

from .. import postgres
from ..cluster.packages import DEBIAN_13, Tree
from ..proxies.packages import find_program, install

OLD_PGBOUNCER, NEW_PGBOUNCER, ODYSSEY = "PgBouncer 1.18", "PgBouncer 1.24", "Odyssey 1.5"
DEBIAN_14 = Tree("debian-14", "forky", ("odyssey",))  # the first with Odyssey
TREES = {NEW_PGBOUNCER: DEBIAN_13, ODYSSEY: DEBIAN_14}


def require_programs(names):
    """Commands of these poolers, and full versions, by name; a sentence for each that is missing.

    What is missing is installed, if that is possible.
    """
    commands, versions, missing = {}, {}, []
    for name in sorted(names):
        program = name.split()[0].lower()
        tree, reason = TREES.get(name), None
        if not _command(tree, program):
            reason = tree.make() if tree else install([program], services=[program])
        command = _command(tree, program)
        version = _version(command) if command else "nothing"
        if version.startswith(f"{name}."):
            commands[name], versions[name] = command, version
        else:
            missing.append(f"{name}: there is {version}{f', and {reason}' if reason else ''}.")
    return commands, versions, missing


def require_postgres(majors):
    """Full versions by major version, and a sentence for each version that is missing."""
    versions, missing = {}, []
    for major in majors:
        reason = _install_postgres(major)
        try:
            text = postgres.version_of(postgres.find_binaries(major))
            versions[major] = f"PostgreSQL {re.search(r'[0-9.]+', text)[0]}"
        except postgres.NoPostgres:
            missing.append(f"PostgreSQL {major}{f': {reason}' if reason else ''}.")
    return versions, missing


def _install_postgres(major):
    with suppress(postgres.NoPostgres):
        postgres.find_binaries(major)
        return None
    return install([f"postgresql-{major}"], services=["postgresql"])


def _command(tree, program):
    if tree:
        return tree.command(program)
    found = find_program(program)
    return [found] if found else None


def _version(command):
    """Such as "PgBouncer 1.18.0"."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    name, number, *_ = f"{done.stdout} ? ?".split()
    return f"{name[0].upper()}{name[1:]} {number}"
