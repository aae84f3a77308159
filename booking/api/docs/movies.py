"""Movies, shows, seat maps and layouts."""

from ..serializers import (
    LayoutSerializer,
    ListedMovieSerializer,
    PersonalSeatMapSerializer,
    ShowSerializer,
)
from ..views.movies import MovieViewSet
from ..views.shows import LayoutViewSet, MovieShowsViewSet, SeatMapViewSet, ShowViewSet
from .operation import Operation

OPERATIONS = {
    MovieViewSet: {
        "list": Operation(
            id="listMovies",
            summary="Movies, by title",
            tag="Movies",
            response=ListedMovieSerializer,
            has_etag=True,
        ),
        "retrieve": Operation(
            id="getMovie",
            summary="One movie",
            tag="Movies",
            response=ListedMovieSerializer,
            has_etag=True,
        ),
    },
    ShowViewSet: {
        "list": Operation(
            id="listShows",
            summary="Shows, by time",
            description="Without `from` the list starts with the shows whose sales are still open.",
            tag="Shows",
            response=ShowSerializer,
            has_etag=True,
        ),
        "retrieve": Operation(
            id="getShow", summary="One show", tag="Shows", response=ShowSerializer, has_etag=True
        ),
    },
    MovieShowsViewSet: {
        "list": Operation(
            id="listMovieShows",
            summary="Shows of a movie, past ones included, by time",
            tag="Movies",
            response=ShowSerializer,
            has_etag=True,
        ),
    },
    SeatMapViewSet: {
        "retrieve": Operation(
            id="getSeatMap",
            summary="Which seats of a show are not free",
            tag="Shows",
            description="Seats that are not listed are free. With a token, `mine` lists your own.",
            response=PersonalSeatMapSerializer,
            has_etag=True,
        ),
    },
    LayoutViewSet: {
        "retrieve": Operation(
            id="getLayout",
            summary="Where the seats of a show are",
            tag="Shows",
            description="To draw the hall: its rows from the front, and the place, label and kind "
            "of each seat. It hardly ever changes, so it may be kept for an hour.",
            response=LayoutSerializer,
            has_etag=True,
        ),
    },
}
