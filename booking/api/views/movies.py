from django.conf import settings
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.viewsets import GenericViewSet

from ...db.compiled import compiled
from ...models import Movie, movie_snapshots
from ..caching import ConditionalGetMixin, LocalCacheMixin
from ..filters import MovieFilter, QueryParameterFilter
from ..pagination import CursorPagination
from ..permissions import PublicMixin
from ..replica import ReplicaMixin
from ..serializers import ListedMovieSerializer


class MovieViewSet(
    ConditionalGetMixin,
    LocalCacheMixin,
    ReplicaMixin,
    PublicMixin,
    ListModelMixin,
    RetrieveModelMixin,
    GenericViewSet,
):
    max_age = 60  # seconds
    queryset = movie_snapshots(Movie.objects.all())
    serializer_class = ListedMovieSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = MovieFilter
    pagination_class = CursorPagination
    ordering = ["title_key", "id"]

    def first_page(self):
        return first_page_of_movies(sales_close=settings.SALES_CLOSE_AFTER_START)


@compiled
def first_page_of_movies(*, sales_close):  # the setting is a constant in the SQL
    movies = movie_snapshots(Movie.objects.all())
    return movies.order_by("title_key", "id")[: CursorPagination.ROWS_TO_READ]
