from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from ... import box_office, exceptions
from ...models import Reservation
from ...throttling import HoldThrottle
from ..idempotency import idempotent
from ..permissions import IsOwner
from ..schema import operation
from ..schema.failures import NOT_YOURS
from ..serializers import ReservationSerializer, ReserveSeats, valid


class ReservationViewSet(ViewSet):
    permission_classes = [IsAuthenticated, IsOwner]
    seat_field = "seat_numbers"

    def get_throttles(self):
        holding = [HoldThrottle()] if self.action == "create" else []
        return [*super().get_throttles(), *holding]

    @operation(
        "reserveSeats",
        "Book or hold several seats, all or none",
        tag="Reservations",
        description="Name the `seat_numbers`, or give a `count` and get the best seats there are. "
        "With `hold`, they are yours until `expires_at`: confirm the reservation before that.",
        takes=ReserveSeats,
        gives=ReservationSerializer,
        status=201,
        errors=[
            exceptions.ShowNotFound,
            exceptions.ShowCancelled,
            exceptions.SalesClosed,
            exceptions.NoSuchSeat,
            exceptions.SoldOut,
            exceptions.SeatsTaken,
            exceptions.NotEnoughSeats,
            exceptions.TooManySeats,
            exceptions.HeldTooSoon,
        ],
    )
    @idempotent
    def create(self, request, pk):
        wanted = valid(ReserveSeats, request.data)
        reservation = box_office.reserve(show_id=pk, by=request.user, **wanted)
        return self._answer(reservation, status=201)

    @operation(
        "getReservation",
        "One of my reservations",
        tag="Reservations",
        gives=ReservationSerializer,
        errors=[exceptions.ReservationNotFound, NOT_YOURS],
    )
    def retrieve(self, request, reference):
        return self._answer(self._mine(reference))

    @operation(
        "confirmReservation",
        "Book the seats that are held",
        tag="Reservations",
        description="Doing it again does no harm. `hold_expired` tells which seats are "
        "`still_free`.",
        gives=ReservationSerializer,
        errors=[
            exceptions.ReservationNotFound,
            NOT_YOURS,
            exceptions.HoldExpired,
            exceptions.AlreadyCancelled,
            exceptions.ShowCancelled,
            exceptions.SalesClosed,
        ],
    )
    @idempotent
    def confirm(self, request, reference):
        mine = self._mine(reference)
        return self._answer(box_office.confirm(reservation=mine, by=request.user))

    @operation(
        "extendReservation",
        "Restart the clock of a hold",
        tag="Reservations",
        description="Not without end: there is a limit, counted from when they were first held.",
        gives=ReservationSerializer,
        errors=[
            exceptions.ReservationNotFound,
            NOT_YOURS,
            exceptions.HoldExpired,
            exceptions.AlreadyCancelled,
            exceptions.NotHeld,
            exceptions.ShowCancelled,
            exceptions.SalesClosed,
        ],
    )
    @idempotent
    def extend(self, request, reference):
        mine = self._mine(reference)
        return self._answer(box_office.extend(reservation=mine, by=request.user))

    @operation(
        "cancelReservation",
        "Release a hold, or give all seats back",
        tag="Reservations",
        gives=ReservationSerializer,
        errors=[
            exceptions.ReservationNotFound,
            NOT_YOURS,
            exceptions.AlreadyCancelled,
            exceptions.HoldExpired,
            exceptions.ShowStarted,
        ],
    )
    @idempotent
    def cancel(self, request, reference):
        mine = self._mine(reference)
        return self._answer(box_office.cancel_reservation(reservation=mine, by=request.user))

    def _mine(self, reference):
        reservation = Reservation.find(reference)
        self.check_object_permissions(self.request, reservation)
        return reservation

    def _answer(self, reservation, status=200):
        return Response(ReservationSerializer.represent(reservation), status=status)
