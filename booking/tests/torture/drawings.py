"""Halls of a run. The name of a hall says how it is drawn, so the history of a show tells it.

All rows have six seats, so that a label means the same seat in each.
"""

import re

SEATS = 16  # of a show at first
SEATS_PER_ROW = 6
MOST_SEATS = 18
FIRST_DRAWINGS = {1: (0, 1), 2: (6, 1)}  # of the screens of the second and third show of three
DRAWINGS = (
    "sss.sss\nsss.sss\nss.ss",
    "ssssss\nssssss\nssss",
    "sss.sss\nsss.sss\nxx",
    "xss.sss\nsxs.wcs\nss.ssss",
    "sss.sss\nsss.sss\n\nss.ss",
    "sss.ssx\nsss.sss",
    "sss.sss\nsss.wcs\nss.ssxx",
)


def name_of_rows(seats):
    return f"Hall of {seats} seats"


def begin_of_name(number, letter):
    """What the names of a screen have in common, whatever its drawing."""
    return f"Screen {number}{letter} drawing "


def drawing_of(name):
    """The drawing of a hall with this name. Raises ValueError."""
    found = re.fullmatch(r"Hall of (\d+) seats|Screen \d+[ab] drawing (\d+)", name)
    if not found:
        raise ValueError(f"{name} is no hall of this run.")
    seats, number = found.groups()
    return rows_of(int(seats)) if seats else DRAWINGS[int(number)]


def rows_of(seats):
    """The drawing of equal rows without aisles."""
    rows, rest = divmod(seats, SEATS_PER_ROW)
    return "\n".join(["s" * SEATS_PER_ROW] * rows + ["s" * rest] * (rest > 0))
