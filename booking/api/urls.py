"""URLs under /api/."""

from django.urls import include, path, re_path, register_converter

from ..throttling import ChangeThrottle, UserThrottle, WaitingRoomThrottle
from .views.accounts import (
    ConfirmPasswordResetView,
    LoginView,
    LogoutView,
    MeView,
    MySessionsView,
    MySessionView,
    PasswordResetView,
    PasswordView,
    RefreshView,
    ResendVerificationView,
    SignUpView,
    VerifyEmailView,
)
from .views.bookings import BookingViewSet, MyBookingsViewSet
from .views.check_in import AdmissionsViewSet, CheckInViewSet
from .views.movies import MovieViewSet
from .views.reservations import MyReservationsViewSet, ReservationViewSet
from .views.root import RootView, UnknownEndpointView
from .views.shows import LayoutViewSet, MovieShowsViewSet, SeatMapViewSet, ShowViewSet
from .views.tickets import ReservationTicketViewSet, TicketViewSet


class ReferenceConverter:
    """A reservation's reference, in upper or lower case."""

    regex = "[0-9A-Za-z]+"

    def to_python(self, value):
        return value.upper()

    def to_url(self, value):
        return value


register_converter(ReferenceConverter, "reference")


def action(viewset, **methods):
    """View of some actions of a view set, by HTTP method: `action(MovieViewSet, get="list")`."""
    return viewset.as_view(methods)


def change(viewset, name):
    """View of an action that changes bookings: a POST with a rate limit of its own."""
    return viewset.as_view({"post": name}, throttle_classes=[UserThrottle, ChangeThrottle])


def sale(viewset, name):
    """View of an action that sells seats of a show: a POST, with the show's waiting room."""
    return viewset.as_view({"post": name}, throttle_classes=[UserThrottle, WaitingRoomThrottle])


shows = [
    path("", action(ShowViewSet, get="list"), name="shows_list"),
    path("<int:pk>/", action(ShowViewSet, get="retrieve"), name="show"),
    path("<int:pk>/seats/", action(SeatMapViewSet, get="retrieve"), name="show_seats"),
    path("<int:pk>/book/", sale(BookingViewSet, "book"), name="book_seat"),
    path("<int:pk>/reservations/", sale(ReservationViewSet, "create"), name="reserve_seats"),
    path("<int:pk>/layout/", action(LayoutViewSet, get="retrieve"), name="show_layout"),
    path("<int:pk>/admissions/", action(AdmissionsViewSet, get="list"), name="show_admissions"),
]

movies = [
    path("", action(MovieViewSet, get="list"), name="movies_list"),
    path("<int:pk>/", action(MovieViewSet, get="retrieve"), name="movie"),
    path("<int:pk>/shows/", action(MovieShowsViewSet, get="list"), name="movie_shows"),
]

bookings = [
    path("<int:pk>/", action(BookingViewSet, get="retrieve"), name="booking"),
    path("<int:pk>/cancel/", change(BookingViewSet, "cancel"), name="cancel_booking"),
    path("<int:pk>/move/", change(BookingViewSet, "move"), name="move_booking"),
    path("<int:pk>/ticket/", action(TicketViewSet, get="retrieve"), name="ticket"),
    path("<int:pk>/ticket.svg", action(TicketViewSet, get="svg"), name="ticket_svg"),
    path("<int:pk>/ticket.png", action(TicketViewSet, get="png"), name="ticket_png"),
    path("<int:pk>/ticket.pdf", action(TicketViewSet, get="pdf"), name="ticket_pdf"),
    path("<int:pk>/calendar.ics", action(TicketViewSet, get="calendar"), name="booking_calendar"),
]

reservation = [
    path("", action(ReservationViewSet, get="retrieve"), name="reservation"),
    path("confirm/", action(ReservationViewSet, post="confirm"), name="confirm_reservation"),
    path("extend/", change(ReservationViewSet, "extend"), name="extend_reservation"),
    path("cancel/", change(ReservationViewSet, "cancel"), name="cancel_reservation"),
    path(
        "ticket/",
        action(ReservationTicketViewSet, get="retrieve"),
        name="reservation_tickets",
    ),
    path("ticket.pdf", action(ReservationTicketViewSet, get="pdf"), name="reservation_pdf"),
    path(
        "calendar.ics",
        action(ReservationTicketViewSet, get="calendar"),
        name="reservation_calendar",
    ),
]

accounts = [
    path("signup/", SignUpView.as_view(), name="signup"),
    path("login/", LoginView.as_view(), name="login"),
    path("token/refresh/", RefreshView.as_view(), name="token_refresh"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password-reset/", PasswordResetView.as_view(), name="api_password_reset"),
    path(
        "password-reset/confirm/",
        ConfirmPasswordResetView.as_view(),
        name="api_password_reset_confirm",
    ),
    path("verify-email/", VerifyEmailView.as_view(), name="api_verify_email"),
    path("verify-email/resend/", ResendVerificationView.as_view(), name="resend_verification"),
    path("me/", MeView.as_view(), name="me"),
    path("me/password/", PasswordView.as_view(), name="my_password"),
    path("me/sessions/", MySessionsView.as_view(), name="my_sessions"),
    path("me/sessions/<int:pk>/", MySessionView.as_view(), name="my_session"),
]

# Django tries the patterns from top to bottom: one list of all took 4 % of a booking's time.
urlpatterns = [
    path("shows/", include(shows)),
    path("movies/", include(movies)),
    path("bookings/", include(bookings)),
    path("reservations/<reference:reference>/", include(reservation)),
    path("my-bookings/", action(MyBookingsViewSet, get="list"), name="my_bookings"),
    path("my-reservations/", action(MyReservationsViewSet, get="list"), name="my_reservations"),
    path("check-in/", action(CheckInViewSet, post="create"), name="check_in"),
    path("check-in/undo/", action(CheckInViewSet, post="undo"), name="undo_check_in"),
    path("", RootView.as_view(), name="api_root"),
    *accounts,
    re_path("", UnknownEndpointView.as_view()),
]
