"""pytest plugin: apply the mutant that MUTANT names before the first test."""

import os

from booking.tests.torture.mutants import MUTANTS


def pytest_collection_finish(session):
    if name := os.environ.get("MUTANT"):
        MUTANTS[name].patch(None)
