"""Output serializers of seat maps and layouts."""

from rest_framework import serializers

from ....seating import Kind
from .. import examples
from ..read_only import ReadOnlySerializer


class MySeatsSerializer(ReadOnlySerializer):
    booked = serializers.ListField(child=serializers.IntegerField())
    held = serializers.ListField(child=serializers.IntegerField())


class SeatMapSerializer(ReadOnlySerializer):
    total_seats = serializers.IntegerField()
    seats_per_row = serializers.IntegerField()
    available_seats = serializers.IntegerField()
    largest_block = serializers.IntegerField(
        help_text="The largest number of free seats side by side in one row."
    )
    booked = serializers.ListField(child=serializers.IntegerField())
    held = serializers.ListField(child=serializers.IntegerField())


class PersonalSeatMapSerializer(SeatMapSerializer):
    mine = MySeatsSerializer(help_text="The user's own seats; only with a token.", required=False)

    class Meta:
        swagger_schema_fields = {"example": examples.SEAT_MAP}


class RowSerializer(ReadOnlySerializer):
    label = serializers.CharField(read_only=True)
    y = serializers.IntegerField(help_text="Rows from the front, from 0; gaps count.")


class SeatSerializer(ReadOnlySerializer):
    number = serializers.IntegerField(help_text="The `seat_number` to book it by.")
    label = serializers.CharField(read_only=True, help_text="Row and place, such as B2.")
    row = serializers.CharField(read_only=True, help_text="Label of its row.")
    x = serializers.IntegerField(help_text="Places from the left, from 0; aisles count.")
    y = serializers.IntegerField(help_text="Rows from the front, from 0; gaps count.")
    kind = serializers.ChoiceField(
        [kind.value for kind in Kind],
        help_text="`companion` is beside a wheelchair space; `house` is sold by staff only. A "
        "reservation by `count` gets only seats of the kind `seat`.",
    )


class LayoutSerializer(ReadOnlySerializer):
    """Reads a layout of `seating`."""

    width = serializers.IntegerField(help_text="Places of the widest row, aisles included.")
    depth = serializers.IntegerField(help_text="Number of rows, gaps included.")
    rows = RowSerializer(many=True)
    seats = SeatSerializer(many=True)

    class Meta:
        swagger_schema_fields = {"example": examples.LAYOUT}
