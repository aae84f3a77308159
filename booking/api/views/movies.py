from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.viewsets import GenericViewSet

from ...db.compiled import compiled
from ...models import Movie
from ..caching import ConditionalGetMixin, LocalCacheMixin
from ..filters import MovieFilter, QueryParameterFilter
from ..pagination import CursorPagination
from ..permissions import PublicMixin
from ..serializers import MovieSerializer


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


@compiled
def first_page_of_movies():
    return Movie.objects.order_by("title", "id")[: CursorPagination.ROWS_TO_READ]
