"""Answers are read by functions that are made once; DRF's own way is their oracle."""

import json
from datetime import UTC, datetime, timedelta

from django.test import TestCase
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer as DRFsJSONRenderer

from booking.api.renderers import as_json
from booking.api.serializers import (
    AccountSerializer,
    BookingSerializer,
    CancelledBookingSerializer,
    MovieSerializer,
    PersonalSeatMapSerializer,
    PersonSerializer,
    ReservationSerializer,
    SeatMapSerializer,
    ShowSerializer,
)
from booking.models import Booking, Movie, Reservation, SeatMap, Show
from booking.tests.factories import booking, hold, movie, person, show


def as_drf_would(serializer_class, instance):
    data = serializers.Serializer.to_representation(serializer_class(), instance)
    return json.loads(DRFsJSONRenderer().render(data))


class OracleTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = person("alice", email="alice@example.com")
        film = movie(
            "Amélie “2”", release_date="2001-04-25", poster_url="https://example.com/a.jpg"
        )
        cls.hall = show(film, seats_per_row=4)
        booking(cls.alice, cls.hall, 1)
        hold(cls.alice, cls.hall, 6)
        now = datetime.now(UTC)
        booking(cls.alice, cls.hall, 7, status="cancelled", cancelled_at=now)
        at_the_second = now.replace(microsecond=0) + timedelta(days=1)
        show(movie(), date_time=at_the_second, cancelled_at=now)

    def assertSame(self, serializer_class, instance):
        with self.subTest(serializer_class.__name__):
            found = json.loads(as_json(serializer_class(instance).data))
            self.assertEqual(found, as_drf_would(serializer_class, instance))
            self.assertEqual(list(found), list(as_drf_would(serializer_class, instance)))

    def test_every_answer(self):
        for each in Movie.objects.all():
            self.assertSame(MovieSerializer, each)
        for each in Show.objects.with_availability():
            self.assertSame(ShowSerializer, each)
        for each in Booking.objects.with_shows():
            self.assertSame(BookingSerializer, each)
            self.assertSame(CancelledBookingSerializer, each)
            self.assertSame(ReservationSerializer, Reservation.find(each.reference))
        self.assertSame(PersonSerializer, self.alice)
        self.assertSame(AccountSerializer, self.alice)
        seats = SeatMap(self.hall, user=self.alice)
        self.assertSame(SeatMapSerializer, seats)
        self.assertSame(PersonalSeatMapSerializer, seats)

    def test_many(self):
        bookings = list(Booking.objects.with_shows())
        found = json.loads(as_json(BookingSerializer(bookings, many=True).data))
        self.assertEqual(found, [as_drf_would(BookingSerializer, each) for each in bookings])
        self.assertEqual(len(found), 3)
