from django.shortcuts import get_object_or_404
from rest_framework.mixins import RetrieveModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ... import box_office
from ...models import Booking
from ..authentication import AccountsByBoxOffice
from ..filters import BookingFilter, ListMixin
from ..idempotency import idempotent
from ..permissions import IsOwner
from ..serializers import BookingSerializer, BookSeat, CancelledBookingSerializer, validate


class MyBookingsViewSet(ListMixin, GenericViewSet):
    queryset = Booking.objects.with_shows()
    serializer_class = BookingSerializer
    filter_class = BookingFilter
    ordering = ["-created_at", "-id"]

    def ids(self):
        return [self.request.user.pk]

    @classmethod
    def rows(cls, user_id):
        return cls.queryset.filter(user=user_id)


class BookingViewSet(AccountsByBoxOffice, RetrieveModelMixin, GenericViewSet):
    queryset = Booking.objects.with_shows()
    serializer_class = BookingSerializer
    permission_classes = [IsAuthenticated, IsOwner]
    sells = ["book"]

    @idempotent
    def book(self, request, pk):
        seat = validate(BookSeat, request.data)
        booking = box_office.book(show_id=pk, by=request.user, **seat)
        return Response(BookingSerializer.read(booking), status=201)

    @idempotent
    def cancel(self, request, pk):
        booking = box_office.cancel(booking=self._mine(pk), by=request.user)
        return Response(CancelledBookingSerializer.read(booking))

    @idempotent
    def move(self, request, pk):
        booking = self._mine(pk)
        seat = validate(BookSeat, request.data)
        moved = box_office.move(booking=booking, by=request.user, **seat)
        return Response(BookingSerializer.read(moved))

    def _mine(self, pk):
        booking = get_object_or_404(Booking, pk=pk)
        self.check_object_permissions(self.request, booking)
        return booking
