from django.conf import settings
from django.http import Http404
from django.utils.functional import SimpleLazyObject
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from ...db.compiled import compiled
from ...models import SeatMap, Show, show_snapshots
from ...models.movies import movies_by_id
from ...models.shows import shows_by_id
from ..caching import ConditionalGetMixin
from ..filters import QueryParameterFilter, ShowFilter, ShowTimesFilter
from ..pagination import CursorPagination
from ..permissions import PublicMixin
from ..replica import ReplicaMixin
from ..serializers import (
    LayoutSerializer,
    PersonalSeatMapSerializer,
    SeatMapSerializer,
    ShowSerializer,
)


class ShowViewSet(
    ConditionalGetMixin,
    ReplicaMixin,
    PublicMixin,
    ListModelMixin,
    RetrieveModelMixin,
    GenericViewSet,
):
    queryset = show_snapshots(Show.objects.all())
    serializer_class = ShowSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = ShowFilter
    pagination_class = CursorPagination
    ordering = ["date_time", "id"]

    def filter_queryset(self, queryset):
        """Without `from`, a list starts with the shows whose sales are open."""
        shows = super().filter_queryset(queryset)
        if self.action != "list" or self.request.query_params.get("from", "").strip():
            return shows
        return SimpleLazyObject(shows.with_open_sales)  # `first_page` does not need it

    def first_page(self):
        return first_page_of_shows(sales_close=settings.SALES_CLOSE_AFTER_START)


@compiled
def first_page_of_shows(*, sales_close):  # the setting is a constant in the SQL
    shows = show_snapshots(Show.objects.with_open_sales())
    return shows.order_by("date_time", "id")[: CursorPagination.ROWS_TO_READ]


class MovieShowsViewSet(
    ConditionalGetMixin, ReplicaMixin, PublicMixin, ListModelMixin, GenericViewSet
):
    queryset = show_snapshots(Show.objects.all())
    serializer_class = ShowSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = ShowTimesFilter
    pagination_class = CursorPagination
    ordering = ["date_time", "id"]

    def list(self, request, pk):
        # An unknown movie is 404, before a wrong parameter is 400. Without parameters, a list with
        # shows needs no query for the movie.
        if request.query_params and not movies_by_id(pk):
            raise Http404
        response = super().list(request)
        if not response.data and not movies_by_id(pk):
            raise Http404
        return response

    def get_queryset(self):
        # Lazy: building it takes 0.15 ms, and `first_page` does not need it.
        return SimpleLazyObject(lambda: self.queryset.of_movie(self.kwargs.get("pk")))

    def first_page(self):
        return first_page_of_movie_shows(self.kwargs["pk"])


@compiled
def first_page_of_movie_shows(movie_id):
    shows = show_snapshots(Show.objects.of_movie(movie_id))
    return shows.order_by("date_time", "id")[: CursorPagination.ROWS_TO_READ]


class SeatMapViewSet(ConditionalGetMixin, ReplicaMixin, ViewSet):
    permission_classes = [AllowAny]  # with a token, the user's own seats are listed as well

    def retrieve(self, request, pk):
        seat_map = SeatMap.of_show(pk, user_id=request.user.pk)
        if seat_map is None:
            raise Http404
        if request.user.is_authenticated:
            return Response(PersonalSeatMapSerializer.represent(seat_map))
        return Response(SeatMapSerializer.represent(seat_map))


class LayoutViewSet(ConditionalGetMixin, ReplicaMixin, PublicMixin, ViewSet):
    max_age = 60 * 60  # it hardly ever changes

    def retrieve(self, request, pk):
        shows = shows_by_id(pk)
        if not shows:
            raise Http404
        return Response(LayoutSerializer.represent(shows[0].seating))
