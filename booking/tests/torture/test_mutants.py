"""Mutants patch what exists, and are checked by tests that exist."""

from pkgutil import resolve_name
from unittest import TestCase

from booking.tests.torture.mutants import MUTANTS, TESTS
from booking.tests.torture.mutants.patching import INTERNALS
from booking.tests.torture.system import PROJECT


class MutantTests(TestCase):
    def test_internals_that_mutants_patch_exist(self):
        for name, places in INTERNALS.items():
            for place in places:
                with self.subTest(name):
                    self.assertTrue(callable(resolve_name(place)))

    def test_mutants_are_checked_by_tests_that_exist_and_by_two_of_them_without_torture(self):
        for name, mutant in MUTANTS.items():
            with self.subTest(name):
                for test in mutant.tests:
                    self.assertTrue((PROJECT / TESTS / test.partition("::")[0]).exists(), test)
                self.assertTrue(mutant.in_torture or len(mutant.tests) >= 2)
