import re

from django import forms
from django.core.exceptions import ValidationError

from ...seating import Layout
from ..fields import DigitsField, LineField

MAX_SEATS_AT_ONCE = 100
MAX_HOLD_MINUTES = 7 * 24 * 60
SEPARATORS = re.compile(r"[\s,;]+")


class SeatPlanForm(forms.Form):
    """The chosen seats, and what to do with them. Each action reads some of the fields."""

    seat = forms.MultipleChoiceField(required=False)  # the boxes in the picture
    seats = forms.CharField(
        label="Seats",
        required=False,
        max_length=2000,
        help_text="Labels or numbers, such as “B3 B4”, besides those chosen in the picture.",
    )
    count = DigitsField(label="How many", required=False, min_value=1, max_value=MAX_SEATS_AT_ONCE)
    customer = LineField(
        required=False,
        max_length=254,
        help_text="Username, email address or name. Empty: a walk-in.",
        widget=forms.TextInput(attrs={"list": "customers", "autocomplete": "off"}),
    )
    note = LineField(required=False, max_length=100, help_text="Such as a name or a phone number.")
    minutes = DigitsField(
        label="Minutes",
        required=False,
        min_value=1,
        max_value=MAX_HOLD_MINUTES,
        initial=15,
        help_text="How long to hold; at most until sales close.",
    )
    reason = LineField(
        required=False, max_length=200, help_text="Of a move or a cancellation, for the history."
    )

    def __init__(self, data=None, *, layout: Layout, **options):
        super().__init__(data, **options)
        self.numbers = {seat.label: seat.number for seat in layout.seats}
        self.numbers |= {str(seat.number): seat.number for seat in layout.seats}
        self.fields["seat"].choices = [(str(seat.number), seat.label) for seat in layout.seats]
        self.fields["seat"].error_messages["invalid_choice"] = (
            "There is no seat %(value)s in this show."
        )

    def clean_seats(self):
        typed = filter(None, SEPARATORS.split(self.cleaned_data["seats"].upper()))
        numbers, unknown = [], []
        for word in typed:
            if word in self.numbers:
                numbers.append(self.numbers[word])
            else:
                unknown.append(word)
        if unknown:
            raise ValidationError(f"There is no seat {', '.join(unknown[:10])} in this show.")
        return numbers

    @property
    def chosen(self) -> list[int]:
        """The numbers of the chosen seats that exist, also if another field is wrong."""
        boxes = self.data.getlist("seat") if self.is_bound else self.initial.get("seat", [])
        in_boxes = {self.numbers[str(box)] for box in boxes if str(box) in self.numbers}
        return sorted(in_boxes.union(self.cleaned_data.get("seats", []) if self.is_bound else []))
