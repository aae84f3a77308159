from django.http import Http404
from rest_framework.mixins import RetrieveModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.viewsets import GenericViewSet, ViewSet

from ...models import Movie, SeatMap, Show, show_snapshots
from ...models.movies import movies_by_id
from ...models.shows import shows_by_id
from ..caching import SECONDS, SECONDS_OF_FILMS, KeptFilms, conditional
from ..filters import ListMixin, MovieFilter, ShowFilter, ShowTimesFilter
from ..permissions import PublicMixin
from ..schema import documented, operation
from ..serializers import (
    MovieSerializer,
    PersonalSeatMapSerializer,
    SeatMapSerializer,
    ShowSerializer,
)


class CatalogueViewSet(PublicMixin, ListMixin, GenericViewSet):
    """What anybody may keep for a while, and ask whether it is still the same."""

    seconds = SECONDS

    def list(self, request, **kwargs):
        return self.conditional(super().list(request, **kwargs))

    def conditional(self, response):
        link = {"Link": response["Link"]} if "Link" in response else {}
        return conditional(response.data, self.request, self.seconds, link)


class RetrieveMixin(RetrieveModelMixin):
    def retrieve(self, request, **kwargs):
        return self.conditional(super().retrieve(request, **kwargs))


@documented(
    list=operation("listMovies", "Movies, by title", tag="Movies", conditional=True),
    retrieve=operation("getMovie", "One movie", tag="Movies", conditional=True),
)
class MovieViewSet(KeptFilms, RetrieveMixin, CatalogueViewSet):
    seconds = SECONDS_OF_FILMS
    queryset = Movie.objects.all()
    serializer_class = MovieSerializer
    filter_class = MovieFilter
    ordering = ["title", "id"]


@documented(
    list=operation("listShows", "Shows, by time", tag="Shows", conditional=True),
    retrieve=operation("getShow", "One show", tag="Shows", conditional=True),
)
class ShowViewSet(RetrieveMixin, CatalogueViewSet):
    queryset = show_snapshots(Show.objects.all())
    serializer_class = ShowSerializer
    filter_class = ShowFilter
    ordering = ["date_time", "id"]


@documented(
    list=operation(
        "listMovieShows",
        "A movie's shows, past ones too, by time",
        tag="Movies",
        conditional=True,
    )
)
class MovieShowsViewSet(CatalogueViewSet):
    queryset = show_snapshots(Show.objects.all())
    serializer_class = ShowSerializer
    filter_class = ShowTimesFilter
    ordering = ["date_time", "id"]

    def ids(self):
        movies = movies_by_id(self.kwargs["pk"])
        if not movies:
            raise Http404
        [self.movie] = movies
        return [self.movie.pk]

    @classmethod
    def rows(cls, movie_id):
        return cls.queryset.filter(movie=movie_id)

    def completed(self, shows):
        return shows


class SeatMapViewSet(ViewSet):
    permission_classes = [AllowAny]  # whoever sends a token is shown their own seats, too

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
        shows = shows_by_id(pk)
        if not shows:
            raise Http404
        seat_map = SeatMap(shows[0], user_id=request.user.pk)
        return conditional(serializer(seat_map).data, request)
