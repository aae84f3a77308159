"""Public data from the replica (booking/db/replica.py)."""

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from rest_framework.views import APIView

from ..db.replica import REPLICA, freshness, reading_from, reading_replica


class ReplicaFailed(Exception):
    """The replica failed; retry on the primary."""


class ReplicaMixin(APIView):
    """View mixin: anonymous GETs read the replica, if there is one and it is fresh enough.

    A request with a token reads the primary: the customer sees what they have just changed. If the
    replica fails, the request is handled once more, by the primary.
    """

    def dispatch(self, request, *args, **kwargs):
        if REPLICA in settings.DATABASES and may_read_replica(request) and freshness.is_fresh():
            try:
                with reading_replica():
                    return super().dispatch(request, *args, **kwargs)
            except ReplicaFailed as failure:
                freshness.leave_out(failure.__cause__)
        return super().dispatch(request, *args, **kwargs)

    def handle_exception(self, exc):
        if reading_from.get() == REPLICA and isinstance(exc, DatabaseError | InterfaceError):
            raise ReplicaFailed from exc
        return super().handle_exception(exc)


def may_read_replica(request) -> bool:
    return request.method in ("GET", "HEAD") and "HTTP_AUTHORIZATION" not in request.META
