"""The endpoints: read the request, make one call, write the answer."""

from django.shortcuts import get_object_or_404
from rest_framework.exceptions import NotFound
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from .. import accounts, box_office, exceptions
from ..models import Booking, Movie, Show
from .filters import MovieFilter, ShowFilter, ShowTimesFilter
from .pagination import CursorPagination
from .permissions import IsOwner
from .schema import BAD_TOKEN, LINKS, documented, operation
from .serializers import (
    AccessToken,
    AccountSerializer,
    BookingSerializer,
    BookSeat,
    CancelledBookingSerializer,
    MovieSerializer,
    Refresh,
    ShowSerializer,
    SignUp,
    TokenPair,
)

NOT_YOURS = (403, IsOwner.code, IsOwner.message)


def valid(serializer_class, data):
    """What the client sent, checked and converted, or a 400 that says what is wrong with it."""
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class PublicMixin:
    """For everybody; a token is not even looked at, so an expired one does no harm."""

    authentication_classes = []
    permission_classes = [AllowAny]


class RootView(PublicMixin, APIView):
    @operation("listLinks", "Where everything is", tag="Accounts", gives=LINKS)
    def get(self, request):
        names = {
            "signup": "signup",
            "login": "login",
            "token_refresh": "token_refresh",
            "movies": "movies_list",
            "shows": "shows_list",
            "my_bookings": "my_bookings",
            "documentation": "swagger-ui",
        }
        return Response({key: reverse(name, request=request) for key, name in names.items()})


class UnknownAddressView(PublicMixin, APIView):
    """Whatever under /api/ is nothing else."""

    schema = None

    def initial(self, request, *args, **kwargs):
        raise NotFound("There is nothing at this address.")


class SignUpView(PublicMixin, APIView):
    @operation(
        "signUp",
        "Open an account",
        tag="Accounts",
        takes=SignUp,
        gives=AccountSerializer,
        status=201,
    )
    def post(self, request):
        user = accounts.sign_up(**valid(SignUp, request.data))
        return Response(AccountSerializer(user).data, status=201)


@documented(
    post=operation(
        "logIn",
        "Get an access token for an hour, and a refresh token for a day",
        tag="Accounts",
        takes=TokenObtainPairSerializer,
        gives=TokenPair,
        errors=[(401, "no_active_account", "Username and password do not belong to an account.")],
    )
)
class LoginView(TokenObtainPairView):
    pass


@documented(
    post=operation(
        "refreshToken",
        "Get a new access token",
        tag="Accounts",
        takes=Refresh,
        gives=AccessToken,
        errors=[BAD_TOKEN, (401, "no_active_account", "The user has been deactivated.")],
    )
)
class RefreshView(TokenRefreshView):
    serializer_class = Refresh


class CatalogueViewSet(PublicMixin, ListModelMixin, GenericViewSet):
    """A list that is filtered and paged."""

    pagination_class = CursorPagination
    filter_class = None

    def filter_queryset(self, queryset):
        if self.action != "list":
            return queryset
        # A parameter that is there but empty (`?search=`) asks for nothing.
        asked = {name: value for name, value in self.request.query_params.items() if value}
        return queryset.matching(**valid(self.filter_class, asked))


@documented(
    list=operation("listMovies", "Movies, by title", tag="Movies"),
    retrieve=operation("getMovie", "One movie", tag="Movies"),
)
class MovieViewSet(RetrieveModelMixin, CatalogueViewSet):
    queryset = Movie.objects.all()
    serializer_class = MovieSerializer
    filter_class = MovieFilter
    ordering = ["title", "id"]


@documented(
    list=operation("listShows", "Shows, by time", tag="Shows"),
    retrieve=operation("getShow", "One show", tag="Shows"),
)
class ShowViewSet(RetrieveModelMixin, CatalogueViewSet):
    queryset = Show.objects.with_availability().select_related("movie")
    serializer_class = ShowSerializer
    filter_class = ShowFilter
    ordering = ["date_time", "id"]


@documented(
    list=operation("listMovieShows", "A movie's shows, past ones too, by time", tag="Movies")
)
class MovieShowsViewSet(CatalogueViewSet):
    queryset = Show.objects.with_availability().select_related("movie")
    serializer_class = ShowSerializer
    filter_class = ShowTimesFilter
    ordering = ["date_time", "id"]

    def filter_queryset(self, shows):
        movie = get_object_or_404(Movie, pk=self.kwargs["pk"])
        return super().filter_queryset(shows.filter(movie=movie))


@documented(
    list=operation(
        "listMyBookings", "My bookings, cancelled ones too, newest first", tag="Bookings"
    )
)
class MyBookingsViewSet(ListModelMixin, GenericViewSet):
    queryset = Booking.objects.with_shows()
    serializer_class = BookingSerializer
    pagination_class = CursorPagination
    ordering = ["-created_at", "-id"]

    def filter_queryset(self, bookings):
        return bookings.filter(user=self.request.user)


@documented(
    retrieve=operation("getBooking", "One of my bookings", tag="Bookings", errors=[NOT_YOURS])
)
class BookingViewSet(RetrieveModelMixin, GenericViewSet):
    queryset = Booking.objects.with_shows()
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
        ],
    )
    def book(self, request, pk):
        seat = valid(BookSeat, request.data)
        booking = box_office.book(show_id=pk, by=request.user, **seat)
        return Response(self.get_serializer(booking).data, status=201)

    @operation(
        "cancelBooking",
        "Give a seat back",
        tag="Bookings",
        gives=CancelledBookingSerializer,
        errors=[
            NOT_YOURS,
            exceptions.AlreadyCancelled,
            exceptions.BookingExpired,
            exceptions.ShowStarted,
        ],
    )
    def cancel(self, request, pk):
        booking = get_object_or_404(Booking, pk=pk)
        self.check_object_permissions(request, booking)
        cancelled = box_office.cancel(booking=booking, by=request.user)
        return Response(CancelledBookingSerializer(cancelled).data)
