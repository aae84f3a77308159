from ..models import Booking


class SoldIsKeptMixin:
    """Says why a movie or show with bookings cannot be deleted.

    Django would say that one has no permission to delete bookings. Nobody has; the reason is
    that seats were sold, and the page that lists them says so.
    """

    def get_deleted_objects(self, objs, request):
        deleted, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, missing_permissions - {Booking._meta.verbose_name}, protected
