from django.http import Http404
from rest_framework.mixins import RetrieveModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.viewsets import GenericViewSet, ViewSet

from ...models import Movie, SeatMap, Show
from ...models.movies import movies_of_id
from ...models.shows import shows_of_id
from ..caching import SECONDS, SECONDS_OF_FILMS, KeptFilms, conditional
from ..filters import ListMixin, MovieFilter, ShowFilter, ShowTimesFilter
from ..permissions import PublicMixin
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


class MovieViewSet(KeptFilms, RetrieveMixin, CatalogueViewSet):
    seconds = SECONDS_OF_FILMS
    queryset = Movie.objects.all()
    serializer_class = MovieSerializer
    filter_class = MovieFilter
    ordering = ["title", "id"]


class ShowViewSet(RetrieveMixin, CatalogueViewSet):
    queryset = Show.objects.with_availability().select_related("movie")
    serializer_class = ShowSerializer
    filter_class = ShowFilter
    ordering = ["date_time", "id"]


class MovieShowsViewSet(CatalogueViewSet):
    queryset = Show.objects.with_availability()
    serializer_class = ShowSerializer
    filter_class = ShowTimesFilter
    ordering = ["date_time", "id"]

    def ids(self):
        movies = movies_of_id(self.kwargs["pk"])
        if not movies:
            raise Http404
        [self.movie] = movies
        return [self.movie.pk]

    @classmethod
    def rows(cls, movie_id):
        return cls.queryset.filter(movie=movie_id)

    def completed(self, shows):
        for show in shows:
            show.movie = self.movie
        return shows


class SeatMapViewSet(ViewSet):
    permission_classes = [AllowAny]  # whoever sends a token is shown their own seats, too

    def retrieve(self, request, pk):
        personal = request.user.is_authenticated
        serializer = PersonalSeatMapSerializer if personal else SeatMapSerializer
        shows = shows_of_id(pk)
        if not shows:
            raise Http404
        seat_map = SeatMap(shows[0], user=request.user)
        return conditional(serializer(seat_map).data, request)
