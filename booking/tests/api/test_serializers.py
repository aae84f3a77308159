"""Read-only serializers: the fast path and DRF's own way give the same JSON."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple

from django.test import SimpleTestCase, TestCase, override_settings
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer as StockJSONRenderer

from booking.api.renderers import JSONRenderer
from booking.api.serializers import (
    AccountSerializer,
    BookingSerializer,
    CancelledBookingSerializer,
    MovieSerializer,
    PersonalSeatMapSerializer,
    ProfileSerializer,
    ReservationSerializer,
    SeatMapSerializer,
    ShowSerializer,
)
from booking.api.serializers.read_only import ReadOnlyModelSerializer, ReadOnlySerializer
from booking.models import (
    Booking,
    Movie,
    Profile,
    Reservation,
    SeatMap,
    Show,
    show_snapshots,
)
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_movie,
    create_show,
    create_user,
)


def stock_json(serializer_class, instance):
    """By DRF's own `to_representation` and renderer."""
    with override_settings(FAST_PATHS=False):
        return json.loads(StockJSONRenderer().render(serializer_class(instance).data))


class SameAsStock:
    def assertSameAsStock(self, serializer_class, instance):
        with self.subTest(serializer_class.__name__):
            expected = stock_json(serializer_class, instance)
            for data in (
                serializer_class(instance).data,
                serializer_class.represent(instance),
            ):
                found = json.loads(JSONRenderer().render(data))
                self.assertEqual(found, expected)
                self.assertEqual(list(found), list(expected))
            return expected


@override_settings(FAST_PATHS=True)
class OutputTests(SameAsStock, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice", email="alice@example.com")
        movie = create_movie(
            "Amélie “2”", release_date="2001-04-25", poster_url="https://example.com/a.jpg"
        )
        cls.show = create_show(movie, seats_per_row=4)
        create_booking(cls.alice, cls.show, 1)
        create_hold(cls.alice, cls.show, 6)
        now = datetime.now(UTC)
        create_booking(cls.alice, cls.show, 7, status="cancelled", cancelled_at=now)
        without_microseconds = now.replace(microsecond=0) + timedelta(days=1)
        create_show(create_movie(), date_time=without_microseconds, cancelled_at=now)

    def compare_all(self):
        for each in Movie.objects.all():
            self.assertSameAsStock(MovieSerializer, each)
        for each in show_snapshots(Show.objects.all()):
            self.assertSameAsStock(ShowSerializer, each)
        for each in Booking.objects.snapshots():
            self.assertSameAsStock(BookingSerializer, each)
            self.assertSameAsStock(CancelledBookingSerializer, each)
            self.assertSameAsStock(ReservationSerializer, Reservation.find(each.booking.reference))
        self.assertSameAsStock(ProfileSerializer, Profile.of(self.alice))
        self.assertSameAsStock(AccountSerializer, self.alice)
        seat_map = SeatMap.of_show(self.show.pk, user_id=self.alice.pk)
        self.assertSameAsStock(SeatMapSerializer, seat_map)
        self.assertSameAsStock(PersonalSeatMapSerializer, seat_map)

    def test_output_serializers_give_what_drf_gives(self):
        self.compare_all()

    @override_settings(TIME_ZONE="America/New_York")
    def test_output_serializers_in_another_time_zone_give_utc(self):
        self.compare_all()

    def test_output_serializer_of_many_gives_what_drf_gives(self):
        bookings = list(Booking.objects.snapshots())
        found = json.loads(JSONRenderer().render(BookingSerializer(bookings, many=True).data))
        self.assertEqual(found, [stock_json(BookingSerializer, each) for each in bookings])
        self.assertEqual(len(found), 3)


class Snapshot(NamedTuple):
    movie: Movie
    is_new: bool
    screens: list
    premiere: datetime | None


@override_settings(FAST_PATHS=True)
class ReadOnlySerializerTests(SameAsStock, SimpleTestCase):
    def test_one_field_gives_its_value_not_a_tuple(self):
        class Title(ReadOnlySerializer):
            title = serializers.CharField()

        found = self.assertSameAsStock(Title, Movie(title="M"))
        self.assertEqual(found, {"title": "M"})

    def test_default_is_used_where_the_attribute_is_missing(self):
        class Detail(ReadOnlySerializer):
            detail = serializers.ReadOnlyField(default="Done.")

        found = self.assertSameAsStock(Detail, SimpleNamespace())
        self.assertEqual(found, {"detail": "Done."})
        found = self.assertSameAsStock(Detail, SimpleNamespace(detail="Almost."))
        self.assertEqual(found, {"detail": "Almost."})

    def test_write_only_field_is_left_out(self):
        class Account(ReadOnlySerializer):
            name = serializers.CharField()
            password = serializers.CharField(write_only=True)

        found = self.assertSameAsStock(Account, SimpleNamespace(name="a", password="b"))
        self.assertEqual(found, {"name": "a"})

    def test_nested_none_gives_null(self):
        class Title(ReadOnlySerializer):
            title = serializers.CharField()

        class Evening(ReadOnlySerializer):
            movie = Title()
            others = Title(many=True)

        found = self.assertSameAsStock(
            Evening, SimpleNamespace(movie=None, others=[Movie(title="M")])
        )
        self.assertEqual(found, {"movie": None, "others": [{"title": "M"}]})

    def test_model_source_reads_the_model_fields_from_an_attribute(self):
        class Screened(ReadOnlyModelSerializer):
            is_new = serializers.BooleanField()
            screens = serializers.ListField(child=serializers.IntegerField())
            premiere = serializers.DateTimeField(default_timezone=UTC)
            name = serializers.CharField(source="movie.title")

            class Meta:
                model = Movie
                model_source = "movie"
                fields = ["id", "title", "release_date", "is_new", "screens", "premiere", "name"]
                read_only_fields = fields

        snapshot = Snapshot(Movie(pk=7, title="M"), True, [1, 2], datetime(1931, 5, 11, tzinfo=UTC))
        found = self.assertSameAsStock(Screened, snapshot)
        expected = {
            "id": 7,
            "title": "M",
            "release_date": None,
            "is_new": True,
            "screens": [1, 2],
            "premiere": "1931-05-11T00:00:00Z",
            "name": "M",
        }
        self.assertEqual(found, expected)

    def test_unsupported_field_raises_a_type_error_with_its_name(self):
        class Loud(serializers.CharField):
            def to_representation(self, value):
                return value.upper()

        class First(serializers.CharField):
            def get_attribute(self, instance):
                return "first"

        class Stock(serializers.Serializer):
            title = serializers.CharField()

        class Custom(ReadOnlySerializer):
            title = serializers.CharField()

            def to_representation(self, instance):
                return instance.title

        class OwnList(ReadOnlySerializer):
            title = serializers.CharField()

            class Meta:
                list_serializer_class = type("Titles", (serializers.ListSerializer,), {})

        class Year(serializers.DateField):
            format = "%Y"

        moment = serializers.DateTimeField
        fields = [
            Loud(),
            First(),
            serializers.SerializerMethodField(),
            serializers.DecimalField(max_digits=5, decimal_places=2),
            serializers.BigIntegerField(coerce_to_string=True),
            serializers.MultipleChoiceField(choices=["a"]),
            serializers.DictField(),
            serializers.StringRelatedField(),
            serializers.CharField(source="*"),
            serializers.CharField(default="x"),
            serializers.ReadOnlyField(default=list),
            serializers.ListField(),
            serializers.ListField(child=Loud()),
            serializers.ListField(child=MovieSerializer()),
            moment(),
            moment(format=None, default_timezone=UTC),
            moment(format="%Y", default_timezone=UTC),
            Year(),
            Stock(),
            Stock(many=True),
            OwnList(many=True),
        ]
        for field in fields:
            with self.subTest(repr(field)):
                broken = type("Broken", (ReadOnlySerializer,), {"wrong": field})
                for represent in (broken.represent, lambda each, kind=broken: kind(each).data):
                    with self.assertRaisesMessage(TypeError, "Broken.wrong"):
                        represent(SimpleNamespace(wrong="x"))
        with self.assertRaisesMessage(TypeError, "Custom"):
            Custom.represent(Movie(title="M"))
        nested = type("Nested", (ReadOnlySerializer,), {"wrong": Custom()})
        with self.assertRaisesMessage(TypeError, "Custom"):
            nested.represent(SimpleNamespace(wrong=Movie(title="M")))

    def test_method_of_the_model_raises_a_type_error(self):
        class Cleaned(ReadOnlyModelSerializer):
            clean = serializers.ReadOnlyField()

            class Meta:
                model = Movie
                fields = ["title", "clean"]

        with self.assertRaisesMessage(TypeError, "Cleaned.clean"):
            Cleaned.represent(Movie(title="M"))

    @override_settings(FAST_PATHS=False)
    def test_fast_paths_off_any_field_works(self):
        class Loud(serializers.CharField):
            def to_representation(self, value):
                return value.upper()

        broken = type("Broken", (ReadOnlySerializer,), {"wrong": Loud()})
        self.assertEqual(broken.represent(SimpleNamespace(wrong="x")), {"wrong": "X"})
