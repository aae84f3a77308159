"""Invariants of shows, screens and movies, whose derived columns must fit their sources."""

from collections.abc import Iterator

from ..models import Movie, Screen, Show
from ..models.movies import SEARCH_KEYS
from ..models.slices import slices
from ..seating import LayoutError, parse_layout
from ..text import search_key


def shows_agree_with_their_layout(show_id: int | None) -> Iterator[str]:
    """total_seats, seats_per_row and seat_letters of a show are those of its layout."""
    shows = Show.objects.only("layout", "total_seats", "seats_per_row", "seat_letters")
    if show_id is not None:
        shows = shows.filter(pk=show_id)
    for rows in slices(shows):
        for show in rows:
            if problem := _problem(show):
                yield f"show {show.pk}: {problem}"


def _problem(show: Show) -> str | None:
    if not show.layout:
        return "seat_letters without a layout" if show.seat_letters else None
    try:
        layout = parse_layout(show.layout)
    except LayoutError:
        return "its layout is not valid"
    if (show.total_seats, show.seats_per_row) != (layout.total_seats, layout.seats_per_row):
        return f"total_seats is {show.total_seats}, its layout has {layout.total_seats}"
    letters = layout.letters if layout.house else ""
    return None if show.seat_letters == letters else "seat_letters are not those of its layout"


def layouts_of_screens_are_valid() -> Iterator[str]:
    """The layout of a screen is a valid drawing, in the form in which it is saved."""
    for screen in Screen.objects.order_by("pk"):
        try:
            is_valid = parse_layout(screen.layout).drawing == screen.layout
        except LayoutError:
            is_valid = False
        if not is_valid:
            yield f"screen {screen.pk}"


def search_keys_agree_with_movies() -> Iterator[str]:
    """The search keys of a movie are those of its title, genre and language."""
    for rows in slices(Movie.objects.all()):
        for movie in rows:
            stored = vars(movie)  # attributes would be derived again from their sources
            for name, key in SEARCH_KEYS.items():
                if stored[key] != search_key(getattr(movie, name)):
                    yield f"movie {movie.pk}: {key}"
