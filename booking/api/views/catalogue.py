from django.http import Http404
from django.utils.functional import SimpleLazyObject
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from ...models import Movie, SeatMap, Show
from ...models.movies import movies_of_id
from ...models.prepared import prepared
from ...models.shows import shows_of_id
from ..caching import ConditionalGetMixin, LocalCacheMixin
from ..filters import MovieFilter, QueryParameterFilter, ShowFilter, ShowTimesFilter
from ..pagination import CursorPagination
from ..permissions import PublicMixin
from ..schema import documented, operation
from ..serializers import (
    MovieSerializer,
    PersonalSeatMapSerializer,
    SeatMapSerializer,
    ShowSerializer,
)


@documented(
    list=operation("listMovies", "Movies, by title", tag="Movies", conditional=True),
    retrieve=operation("getMovie", "One movie", tag="Movies", conditional=True),
)
class MovieViewSet(
    ConditionalGetMixin,
    LocalCacheMixin,
    PublicMixin,
    ListModelMixin,
    RetrieveModelMixin,
    GenericViewSet,
):
    max_age = 60  # seconds
    queryset = Movie.objects.all()
    serializer_class = MovieSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = MovieFilter
    pagination_class = CursorPagination
    ordering = ["title", "id"]

    def first_page(self):
        return first_page_of_movies()


@prepared
def first_page_of_movies():
    return Movie.objects.order_by("title", "id")[: CursorPagination.ROWS_TO_READ]


@documented(
    list=operation("listShows", "Shows, by time", tag="Shows", conditional=True),
    retrieve=operation("getShow", "One show", tag="Shows", conditional=True),
)
class ShowViewSet(
    ConditionalGetMixin, PublicMixin, ListModelMixin, RetrieveModelMixin, GenericViewSet
):
    queryset = Show.objects.with_availability().select_related("movie")
    serializer_class = ShowSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = ShowFilter
    pagination_class = CursorPagination
    ordering = ["date_time", "id"]

    def first_page(self):
        return first_page_of_shows()


@prepared
def first_page_of_shows():
    shows = Show.objects.with_availability().select_related("movie")
    return shows.order_by("date_time", "id")[: CursorPagination.ROWS_TO_READ]


@documented(
    list=operation(
        "listMovieShows",
        "A movie's shows, past ones too, by time",
        tag="Movies",
        conditional=True,
    )
)
class MovieShowsViewSet(ConditionalGetMixin, PublicMixin, ListModelMixin, GenericViewSet):
    """The movie is read once, not joined to each of its shows."""

    queryset = Show.objects.with_availability()
    serializer_class = ShowSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = ShowTimesFilter
    pagination_class = CursorPagination
    ordering = ["date_time", "id"]

    def list(self, request, pk):
        movies = movies_of_id(pk)
        if not movies:
            raise Http404
        [self.movie] = movies
        return super().list(request)

    def get_queryset(self):
        # Lazy, because the first page does not need it.
        return SimpleLazyObject(lambda: self.queryset.filter(movie=self.kwargs.get("pk")))

    def first_page(self):
        return first_page_of_movie_shows(self.movie.pk)

    def paginate_queryset(self, queryset):
        shows = super().paginate_queryset(queryset)
        for show in shows:
            show.movie = self.movie
        return shows


@prepared
def first_page_of_movie_shows(movie_id):
    shows = Show.objects.with_availability().filter(movie=movie_id)
    return shows.order_by("date_time", "id")[: CursorPagination.ROWS_TO_READ]


class SeatMapViewSet(ConditionalGetMixin, ViewSet):
    permission_classes = [AllowAny]  # with a token, the user's own seats are listed as well

    @operation(
        "getSeatMap",
        "Which seats of a show are not free",
        tag="Shows",
        description="Seats that are not listed are free. With a token, `mine` lists one's own.",
        gives=PersonalSeatMapSerializer,
        conditional=True,
    )
    def retrieve(self, request, pk):
        personal = request.user.is_authenticated
        serializer = PersonalSeatMapSerializer if personal else SeatMapSerializer
        shows = shows_of_id(pk)
        if not shows:
            raise Http404
        seat_map = SeatMap(shows[0], user=request.user)
        return Response(serializer(seat_map).data)
