from ..models import Booking


class ProtectSoldMixin:
    """Explains why a movie or show with bookings cannot be deleted.

    Django would also report a missing permission to delete bookings, which no user can have. The
    reason is that seats were sold, so only the list of protected bookings is shown.
    """

    def get_deleted_objects(self, objs, request):
        deleted, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, missing_permissions - {Booking._meta.verbose_name}, protected
