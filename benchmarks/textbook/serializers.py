from rest_framework import serializers

from .models import Booking, Movie, Show


class MovieSerializer(serializers.ModelSerializer):
    class Meta:
        model = Movie
        fields = "__all__"


class ShowSerializer(serializers.ModelSerializer):
    movie = MovieSerializer(read_only=True)
    available_seats = serializers.SerializerMethodField()

    class Meta:
        model = Show
        fields = ["id", "movie", "screen_name", "date_time", "total_seats", "available_seats"]

    def get_available_seats(self, show):
        return show.total_seats - show.bookings.filter(status="booked").count()


class BookingSerializer(serializers.ModelSerializer):
    show = ShowSerializer(read_only=True)

    class Meta:
        model = Booking
        fields = ["id", "user", "show", "seat_number", "status", "created_at"]


class BookSeatSerializer(serializers.Serializer):
    seat_number = serializers.IntegerField(min_value=1)
