from django.shortcuts import get_object_or_404
from django.utils.functional import SimpleLazyObject
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ... import box_office, exceptions
from ...db.compiled import compiled
from ...models import Booking
from ..filters import BookingFilter, QueryParameterFilter
from ..idempotency import idempotent
from ..pagination import CursorPagination
from ..permissions import IsOwner
from ..schema import documented, operation
from ..schema.failures import NOT_YOURS
from ..serializers import BookingSerializer, BookSeat, CancelledBookingSerializer, valid


@documented(
    list=operation(
        "listMyBookings",
        "My bookings, held, cancelled and expired ones too, newest first",
        tag="Bookings",
    )
)
class MyBookingsViewSet(ListModelMixin, GenericViewSet):
    queryset = Booking.objects.snapshots()
    serializer_class = BookingSerializer
    filter_backends = [QueryParameterFilter]
    filter_class = BookingFilter
    pagination_class = CursorPagination
    ordering = ["-created_at", "-id"]

    def get_queryset(self):
        # Lazy, because the first page does not need it.
        return SimpleLazyObject(lambda: self.queryset.of_user(self.request.user.pk))

    def first_page(self):
        return first_page_of_bookings(self.request.user.pk)


@compiled
def first_page_of_bookings(user_id):
    bookings = Booking.objects.of_user(user_id).snapshots()
    return bookings.order_by("-created_at", "-id")[: CursorPagination.ROWS_TO_READ]


@documented(
    retrieve=operation("getBooking", "One of my bookings", tag="Bookings", errors=[NOT_YOURS])
)
class BookingViewSet(RetrieveModelMixin, GenericViewSet):
    queryset = Booking.objects.snapshots()
    serializer_class = BookingSerializer
    permission_classes = [IsAuthenticated, IsOwner]

    @operation(
        "bookSeat",
        "Book a seat of a show",
        tag="Bookings",
        description="`seat_taken` names the `seat_numbers` and offers up to five `alternatives`, "
        "the nearest first.",
        takes=BookSeat,
        gives=BookingSerializer,
        status=201,
        errors=[
            exceptions.ShowNotFound,
            exceptions.ShowCancelled,
            exceptions.SalesClosed,
            exceptions.NoSuchSeat,
            exceptions.SoldOut,
            exceptions.SeatTaken,
            exceptions.TooManySeats,
        ],
    )
    @idempotent
    def book(self, request, pk):
        seat = valid(BookSeat, request.data)
        booking = box_office.book(show_id=pk, by=request.user, **seat)
        return Response(BookingSerializer.represent(booking), status=201)

    @operation(
        "cancelBooking",
        "Give a seat back",
        tag="Bookings",
        gives=CancelledBookingSerializer,
        errors=[
            NOT_YOURS,
            exceptions.AlreadyCancelled,
            exceptions.HoldExpired,
            exceptions.ShowStarted,
        ],
    )
    @idempotent
    def cancel(self, request, pk):
        booking = box_office.cancel(booking=self._mine(pk), by=request.user)
        return Response(CancelledBookingSerializer.represent(booking))

    @operation(
        "moveBooking",
        "Change to another seat in one step",
        tag="Bookings",
        description="If the new seat is taken, the old one is kept, and `alternatives` offered.",
        takes=BookSeat,
        gives=BookingSerializer,
        errors=[
            NOT_YOURS,
            exceptions.NotBooked,
            exceptions.AlreadyCancelled,
            exceptions.HoldExpired,
            exceptions.ShowCancelled,
            exceptions.ShowStarted,
            exceptions.NoSuchSeat,
            exceptions.SeatTaken,
        ],
    )
    @idempotent
    def move(self, request, pk):
        booking = self._mine(pk)
        seat = valid(BookSeat, request.data)
        moved = box_office.move(booking=booking, by=request.user, **seat)
        return Response(BookingSerializer.represent(moved))

    def _mine(self, pk):
        booking = get_object_or_404(Booking, pk=pk)
        self.check_object_permissions(self.request, booking)
        return booking
