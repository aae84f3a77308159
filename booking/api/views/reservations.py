from django.utils.functional import SimpleLazyObject, cached_property
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ViewSet

from ... import box_office
from ...db.compiled import compiled
from ...models import Booking, Reservation
from ...throttling import HoldThrottle
from ..filters import QueryParameterFilter, ReservationFilter
from ..idempotency import has_stored_response, idempotent
from ..pagination import CursorPagination
from ..permissions import IsOwner
from ..serializers import ReservationSerializer, ReserveSeats


class MyReservationsViewSet(ListModelMixin, GenericViewSet):
    """Pages of the first bookings of reservations, to which the others are added."""

    queryset = Booking.objects.first_of_reservations().snapshots()
    serializer_class = ReservationSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = ReservationFilter
    pagination_class = CursorPagination
    ordering = ["-created_at", "-id"]

    def get_queryset(self):
        # Lazy: building it takes 0.3 ms, and `first_page` does not need it.
        return SimpleLazyObject(lambda: self.queryset.of_user(self.request.user.pk))

    def paginate_queryset(self, queryset):
        return Reservation.of_first_bookings(super().paginate_queryset(queryset))

    def first_page(self):
        return first_page_of_reservations(self.request.user.pk)


@compiled
def first_page_of_reservations(user_id):
    bookings = Booking.objects.first_of_reservations().of_user(user_id).snapshots()
    return bookings.order_by("-created_at", "-id")[: CursorPagination.ROWS_TO_READ]


class ReservationViewSet(ViewSet):
    permission_classes = [IsAuthenticated, IsOwner]
    seat_field = "seat_numbers"  # of the request, for field errors

    def get_throttles(self):
        throttles = super().get_throttles()
        return [*throttles, HoldThrottle()] if self._holds_seats() else throttles

    @cached_property
    def input(self):
        """The body of `create`, which is validated once, for the throttle and for the sale."""
        return ReserveSeats(data=self.request.data)

    def _holds_seats(self):
        is_valid = self.action == "create" and self.input.is_valid()
        return is_valid and self.input.validated_data["hold"]

    def has_stored_response(self):
        return has_stored_response(self.request)

    @idempotent
    def create(self, request, pk):
        self.input.is_valid(raise_exception=True)
        reservation = box_office.reserve(show_id=pk, by=request.user, **self.input.validated_data)
        return self._response(reservation, status=201)

    def retrieve(self, request, reference):
        return self._response(self.get_object(reference))

    @idempotent
    def confirm(self, request, reference):
        reservation = self.get_object(reference)
        return self._response(box_office.confirm(reservation=reservation, by=request.user))

    @idempotent
    def extend(self, request, reference):
        reservation = self.get_object(reference)
        return self._response(box_office.extend(reservation=reservation, by=request.user))

    @idempotent
    def cancel(self, request, reference):
        reservation = self.get_object(reference)
        return self._response(
            box_office.cancel_reservation(reservation=reservation, by=request.user)
        )

    def get_object(self, reference):
        reservation = Reservation.find(reference)
        self.check_object_permissions(self.request, reservation)
        return reservation

    def _response(self, reservation, status=200):
        return Response(ReservationSerializer.represent(reservation), status=status)
