from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from ..seating import DrawnLayout, LayoutError, layout_of, parse_layout
from .fields import LineField


def validate_layout(drawing: str) -> None:
    try:
        parse_layout(drawing)
    except LayoutError as error:
        raise ValidationError([str(problem) for problem in error.problems]) from None


class Screen(models.Model):
    """An auditorium. Its shows have a copy of the layout."""

    name = LineField(max_length=100)
    layout = models.TextField(
        validators=[validate_layout],
        help_text="A line for each row, from the front, and a letter for each place: s seat, "
        "w wheelchair space, c companion seat beside it, x house seat (sold by staff only), dot "
        "or blank an aisle or a gap. A row may begin with its label: AA:ss..ss",
    )

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="one_screen_per_name",
                violation_error_message="There is a screen with this name already.",
            )
        ]

    def __str__(self):
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """Raises LayoutError."""
        self.layout = parse_layout(self.layout).drawing
        super().save(*args, **options)

    @property
    def seating(self) -> DrawnLayout:
        return layout_of(self.layout)
