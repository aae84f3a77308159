from ..models import Booking


class ProtectSoldMixin:
    """Explains why a movie or show with bookings cannot be deleted.

    Django would say that a permission to delete bookings is missing. Nobody has that; the reason is
    that seats were sold, and the page that lists the protected bookings says so.
    """

    def get_deleted_objects(self, objs, request):
        deleted, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, missing_permissions - {Booking._meta.verbose_name}, protected
