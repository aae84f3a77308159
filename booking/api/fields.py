"""What goes over the wire, more exactly than DRF's own fields take and give it."""

import re
from datetime import timezone

from rest_framework import serializers

DIGITS = re.compile(r"[0-9]{1,10}")
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


class UTCDateTimeField(serializers.DateTimeField):
    """ISO 8601 in UTC, whatever the cinema's time zone."""

    def __init__(self, **kwargs):
        super().__init__(default_timezone=timezone.utc, **kwargs)
