"""Mutants of the application against the tests and against the torture test."""
