"""Seats of a hall: where they are, their labels, and which are best for a group. No Django.

Seats are numbered from 1, left to right, from the front row to the back.
"""

from .choosing import best_seats, free_blocks, largest_block, nearest_seats
from .layouts import (
    MAX_SEATS,
    DrawnLayout,
    Kind,
    Layout,
    LayoutError,
    Problem,
    Rectangle,
    Row,
    Seat,
    layout_of,
    parse_layout,
    row_letters,
    seat_label,
)

__all__ = [
    "MAX_SEATS",
    "DrawnLayout",
    "Kind",
    "Layout",
    "LayoutError",
    "Problem",
    "Rectangle",
    "Row",
    "Seat",
    "best_seats",
    "free_blocks",
    "largest_block",
    "layout_of",
    "nearest_seats",
    "parse_layout",
    "row_letters",
    "seat_label",
]
