from django.shortcuts import get_object_or_404
from django.utils.functional import SimpleLazyObject
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ... import box_office
from ...db.compiled import compiled
from ...models import Booking
from ..filters import BookingFilter, QueryParameterFilter
from ..idempotency import has_stored_response, idempotent
from ..pagination import CursorPagination
from ..permissions import IsOwner
from ..serializers import BookingSerializer, BookSeat, CancelledBookingSerializer


class MyBookingsViewSet(ListModelMixin, GenericViewSet):
    queryset = Booking.objects.snapshots()
    serializer_class = BookingSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = BookingFilter
    pagination_class = CursorPagination
    ordering = ["-created_at", "-id"]

    def get_queryset(self):
        # Lazy: building it takes 0.15 ms, and `first_page` does not need it.
        return SimpleLazyObject(lambda: self.queryset.of_user(self.request.user.pk))

    def first_page(self):
        return first_page_of_bookings(self.request.user.pk)


@compiled
def first_page_of_bookings(user_id):
    bookings = Booking.objects.of_user(user_id).snapshots()
    return bookings.order_by("-created_at", "-id")[: CursorPagination.ROWS_TO_READ]


class BookingViewSet(RetrieveModelMixin, GenericViewSet):
    queryset = Booking.objects.snapshots()
    serializer_class = BookingSerializer
    permission_classes = [IsAuthenticated, IsOwner]

    def has_stored_response(self):
        return has_stored_response(self.request)

    @idempotent
    def book(self, request, pk):
        serializer = BookSeat(data=request.data)
        serializer.is_valid(raise_exception=True)
        booking = box_office.book(show_id=pk, by=request.user, **serializer.validated_data)
        return Response(BookingSerializer.represent(booking), status=201)

    @idempotent
    def cancel(self, request, pk):
        booking = box_office.cancel(booking=self._get_own_booking(pk), by=request.user)
        return Response(CancelledBookingSerializer.represent(booking))

    @idempotent
    def move(self, request, pk):
        booking = self._get_own_booking(pk)
        serializer = BookSeat(data=request.data)
        serializer.is_valid(raise_exception=True)
        moved = box_office.move(booking=booking, by=request.user, **serializer.validated_data)
        return Response(BookingSerializer.represent(moved))

    def _get_own_booking(self, pk):
        booking = get_object_or_404(Booking, pk=pk)
        self.check_object_permissions(self.request, booking)
        return booking
