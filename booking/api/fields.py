"""Serializer fields that are stricter than DRF's own."""

import re

from rest_framework import serializers

from ..models.shows import EARLIEST, LATEST

DIGITS = re.compile(r"[0-9]{1,10}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_INTEGER = 2**31 - 1  # of an integer column in PostgreSQL


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer, or a string of ASCII digits, as forms send it.

    DRF's own field also accepts `"5_0"` as 50, `"٥"` as 5, `5.0` and `1e2`.
    """

    default_error_messages = {"invalid": "Enter a whole number, such as 5."}

    def to_internal_value(self, data):
        if type(data) is int:  # not bool
            return data
        if isinstance(data, str) and DIGITS.fullmatch(data):
            return int(data)
        self.fail("invalid")


class StrictBooleanField(serializers.BooleanField):
    """`true` or `false` in a query parameter. DRF's own field also accepts `on`, `Y` and `1.0`."""

    default_error_messages = {"invalid": "Use true or false."}

    def to_internal_value(self, data):
        if data not in ("true", "false"):
            self.fail("invalid")
        return data == "true"


def _ascii(data):
    """The data if it is an ASCII string, else "". DRF's date fields accept digits of any script."""
    return data if isinstance(data, str) and data.isascii() else ""


class MomentField(serializers.DateTimeField):
    """A time in a query parameter. A date alone is midnight in the cinema's time zone."""

    default_error_messages = {"range": "Choose a time between the years 1900 and 3000."}

    def to_internal_value(self, data):
        try:
            moment = super().to_internal_value(_ascii(data))
        except OverflowError:  # local midnight in year 1 or 9999 has no UTC time
            self.fail("range")
        if not EARLIEST <= moment <= LATEST:
            self.fail("range")
        return moment


class DayField(serializers.DateField):
    """A date as `YYYY-MM-DD` only. Python versions differ in which other formats they accept."""

    default_error_messages = {"range": "Choose a day between the years 1900 and 3000."}

    def to_internal_value(self, data):
        day = super().to_internal_value(data if DAY.fullmatch(str(data)) else "")
        if not EARLIEST.year <= day.year < LATEST.year:
            self.fail("range")
        return day
