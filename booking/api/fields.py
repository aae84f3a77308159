"""What goes over the wire, more exactly than DRF's own fields take and give it."""

import re

from rest_framework import serializers

from ..models.shows import EARLIEST, LATEST

DIGITS = re.compile(r"[0-9]{1,10}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST = 2**31 - 1  # of an integer column in PostgreSQL


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer, or plain ASCII digits (forms have nothing else).

    DRF's own takes `"5_0"` for 50, `"٥"` for 5, and `5.0` and `1e2`, which JSON calls numbers.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"max_value": LARGEST} | kwargs)

    def to_internal_value(self, data):
        if type(data) is int:  # not bool
            return data
        if isinstance(data, str) and DIGITS.fullmatch(data):
            return int(data)
        self.fail("invalid")


def _ascii(data):
    """Nothing in place of what has other letters: DRF's dates take other scripts' digits, too."""
    return data if isinstance(data, str) and data.isascii() else ""


class MomentField(serializers.DateTimeField):
    """A time that is asked for; a date alone is its midnight at the cinema."""

    default_error_messages = {"range": "Choose a time between the years 1900 and 3000."}

    def to_internal_value(self, data):
        try:
            moment = super().to_internal_value(_ascii(data))
        except OverflowError:  # of midnight at the cinema, in the first or the last year there is
            self.fail("range")
        if not EARLIEST <= moment <= LATEST:
            self.fail("range")
        return moment


class DayField(serializers.DateField):
    """A day at the cinema, as RFC 3339 writes it; which other forms Python reads depends on its
    version."""

    default_error_messages = {"range": "Choose a day between the years 1900 and 3000."}

    def to_internal_value(self, data):
        day = super().to_internal_value(data if DAY.fullmatch(str(data)) else "")
        if not EARLIEST.year <= day.year < LATEST.year:
            self.fail("range")
        return day
