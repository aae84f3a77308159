from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from ... import box_office
from ...models import Reservation
from ..idempotency import idempotent
from ..permissions import IsOwner
from ..serializers import ReservationSerializer, ReserveSeats, validate
from ..throttling import HoldThrottle


class ReservationViewSet(ViewSet):
    permission_classes = [IsAuthenticated, IsOwner]
    seat_field = "seat_numbers"

    def get_throttles(self):
        holding = [HoldThrottle()] if self.action == "create" else []
        return [*super().get_throttles(), *holding]

    @idempotent
    def create(self, request, pk):
        wanted = validate(ReserveSeats, request.data)
        reservation = box_office.reserve(show_id=pk, by=request.user, **wanted)
        return self._answer(reservation, status=201)

    def retrieve(self, request, reference):
        return self._answer(self._mine(reference))

    @idempotent
    def confirm(self, request, reference):
        mine = self._mine(reference)
        return self._answer(box_office.confirm(reservation=mine, by=request.user))

    @idempotent
    def extend(self, request, reference):
        mine = self._mine(reference)
        return self._answer(box_office.extend(reservation=mine, by=request.user))

    @idempotent
    def cancel(self, request, reference):
        mine = self._mine(reference)
        return self._answer(box_office.cancel_reservation(reservation=mine, by=request.user))

    def _mine(self, reference):
        reservation = Reservation.find(reference)
        self.check_object_permissions(self.request, reservation)
        return reservation

    def _answer(self, reservation, status=200):
        return Response(ReservationSerializer.read(reservation), status=status)
