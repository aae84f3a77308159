"""Input of the door: ticket codes, check-in."""

from datetime import UTC

from rest_framework import serializers
from rest_framework.fields import empty

from ....exceptions import BadTicket
from ....tickets import read_code
from ...fields import MAX_INTEGER, StrictIntegerField
from .. import examples


class TicketField(serializers.CharField):
    """A ticket, by its code.

    Whatever is wrong with it is the refusal BadTicket, no field error: the body of a field error
    would have a list at `code`, where all other errors have their code.
    """

    has_field_errors = False

    def run_validation(self, data=empty):
        if not isinstance(data, str):
            raise BadTicket
        return read_code(data)


class TicketCode(serializers.Serializer):
    code = TicketField(help_text="As scanned or typed; blanks do not matter.")

    class Meta:
        swagger_schema_fields = {"example": {"code": examples.TICKET["code"]}}


class CheckIn(TicketCode):
    show = StrictIntegerField(
        required=False,
        source="show_id",
        min_value=1,
        max_value=MAX_INTEGER,
        help_text="The show at whose door it is scanned. Without it, any show of the moment.",
    )
    scanned_at = serializers.DateTimeField(
        required=False,
        default_timezone=UTC,
        help_text="When it was scanned, if the scanner was offline then.",
    )

    class Meta:
        swagger_schema_fields = {"example": {"code": examples.TICKET["code"], "show": 7}}
