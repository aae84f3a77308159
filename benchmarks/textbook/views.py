from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from rest_framework import generics, status, viewsets
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Booking, Movie, Show
from .serializers import (
    BookingSerializer,
    BookSeatSerializer,
    MovieSerializer,
    ShowSerializer,
)


class MovieViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Movie.objects.all().order_by("id")
    serializer_class = MovieSerializer
    permission_classes = [AllowAny]


class MovieShowsView(generics.ListAPIView):
    serializer_class = ShowSerializer
    permission_classes = [AllowAny]
    pagination_class = None

    def get_queryset(self):
        movie = get_object_or_404(Movie, pk=self.kwargs["pk"])
        return Show.objects.filter(movie=movie).order_by("date_time")


class BookSeatView(APIView):
    def post(self, request, pk):
        serializer = BookSeatSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        seat_number = serializer.validated_data["seat_number"]
        try:
            with transaction.atomic():
                show = get_object_or_404(Show.objects.select_for_update(), pk=pk)
                if seat_number > show.total_seats:
                    return refused("Invalid seat number.")
                booked = Booking.objects.filter(show=show, status="booked")
                if booked.count() >= show.total_seats:
                    return refused("Show is fully booked.")
                if booked.filter(seat_number=seat_number).exists():
                    return refused("Seat is already booked.")
                booking = Booking.objects.create(
                    user=request.user, show=show, seat_number=seat_number
                )
        except IntegrityError:
            return refused("Seat is already booked.")
        return Response(BookingSerializer(booking).data, status=status.HTTP_201_CREATED)


def refused(detail):
    return Response({"detail": detail}, status=status.HTTP_400_BAD_REQUEST)


class MyBookingsView(generics.ListAPIView):
    serializer_class = BookingSerializer
    pagination_class = None

    def get_queryset(self):
        return Booking.objects.filter(user=self.request.user).order_by("-created_at")
