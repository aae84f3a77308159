"""Fields of the admin's forms that read nothing but what they say."""

import re
from datetime import UTC, datetime

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime, AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import get_current_timezone, get_current_timezone_name, localtime

from ..text import normalize, validate_visible

DIGITS = re.compile(r"[0-9]+", re.ASCII)
LONGEST_NUMBER = 18  # digits; more would not fit into the database


class DigitsField(forms.IntegerField):
    """A whole number in plain digits. Django's field reads "1.000" as 1 and "3_0" as 30."""

    def to_python(self, value):
        if isinstance(value, str):
            value = value.strip()
            if value and not (DIGITS.fullmatch(value) and len(value) <= LONGEST_NUMBER):
                raise ValidationError("Enter a whole number in plain digits, such as 180.")
        return super().to_python(value)


class LineField(forms.CharField):
    """One line of visible characters, in NFC."""

    default_validators = [validate_visible]

    def clean(self, value):
        return normalize(super().clean(value))


class CinemaTimeField(forms.SplitDateTimeField):
    """Date and time in the cinema's time zone, as a moment in UTC.

    In UTC, because between two times of one zone Python reckons as a clock on the wall would. When
    the clocks go back, an hour comes twice: the first one is meant. When they go forward, the hour
    that is left out is refused.
    """

    widget = AdminSplitDateTime

    def __init__(self, **options):
        options.setdefault("help_text", f"Time zone: {get_current_timezone_name()}.")
        super().__init__(**options)

    def compress(self, data_list):
        if not data_list:
            return None
        for value, code in zip(data_list, ("invalid_date", "invalid_time"), strict=True):
            if value in self.empty_values:
                raise ValidationError(self.error_messages[code], code=code)
        moment = datetime.combine(*data_list, tzinfo=get_current_timezone())
        try:
            exists = clock_shows(moment)
        except OverflowError:
            raise ValidationError("Enter a date between 1900 and 3000.") from None
        if not exists:
            raise ValidationError(
                f"There is no {moment:%H:%M} on {moment:%Y-%m-%d}: the clocks go forward then."
            )
        return moment.astimezone(UTC)


def clock_shows(moment):
    """False for a local time that is left out when the clocks go forward."""
    return same_clock(moment, localtime(moment.astimezone(UTC)))


def same_clock(one, other):
    """True if a clock on the wall shows the same date, hour and minute at both moments."""
    return f"{one:%Y-%m-%d %H:%M}" == f"{other:%Y-%m-%d %H:%M}"


class SafeAutocompleteSelect(AutocompleteSelect):
    """Django's widget, which fails on a submitted value that is no id when it is shown again."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [each for each in value if is_id(each)], attr)


def is_id(value):
    return bool(DIGITS.fullmatch(str(value))) and len(str(value)) <= LONGEST_NUMBER


FORM_FIELDS = {
    models.PositiveIntegerField: {"form_class": DigitsField},
    models.DateTimeField: {"form_class": CinemaTimeField},
}
