from django.shortcuts import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from ... import box_office
from ...models import Show
from ...tickets import AdmissionList
from ..caching import ConditionalGetMixin
from ..filters import AdmissionsFilter, validate_parameters
from ..idempotency import idempotent
from ..permissions import MayAdmit
from ..serializers import AdmissionListSerializer, AdmissionSerializer, CheckIn, TicketCode


class CheckInViewSet(ViewSet):
    permission_classes = [IsAuthenticated, MayAdmit]

    @idempotent
    def create(self, request):
        serializer = CheckIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        options = dict(serializer.validated_data)
        ticket = options.pop("code")
        admission = box_office.admit(**ticket._asdict(), by=request.user, **options)
        return Response(AdmissionSerializer.represent(admission))

    @idempotent
    def undo(self, request):
        serializer = TicketCode(data=request.data)
        serializer.is_valid(raise_exception=True)
        ticket = serializer.validated_data["code"]
        admission = box_office.undo_admission(**ticket._asdict(), by=request.user)
        return Response(AdmissionSerializer.represent(admission))


class AdmissionsViewSet(ConditionalGetMixin, ViewSet):
    permission_classes = [IsAuthenticated, MayAdmit]
    filter_class = AdmissionsFilter

    def list(self, request, pk):
        parameters = validate_parameters(request.query_params, self.filter_class)
        show = get_object_or_404(Show.objects.select_related("movie"), pk=pk)
        return Response(AdmissionListSerializer.represent(AdmissionList(show, **parameters)))
