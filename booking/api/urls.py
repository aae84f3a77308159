"""The addresses under /api/."""

from django.urls import path, re_path

from . import views

urlpatterns = [
    path("", views.RootView.as_view(), name="api_root"),
    path("signup/", views.SignUpView.as_view(), name="signup"),
    path("login/", views.LoginView.as_view(), name="login"),
    path("token/refresh/", views.RefreshView.as_view(), name="token_refresh"),
    path("movies/", views.MovieViewSet.as_view({"get": "list"}), name="movies_list"),
    path("movies/<int:pk>/", views.MovieViewSet.as_view({"get": "retrieve"}), name="movie"),
    path(
        "movies/<int:pk>/shows/",
        views.MovieShowsViewSet.as_view({"get": "list"}),
        name="movie_shows",
    ),
    path("shows/", views.ShowViewSet.as_view({"get": "list"}), name="shows_list"),
    path("shows/<int:pk>/", views.ShowViewSet.as_view({"get": "retrieve"}), name="show"),
    path("shows/<int:pk>/book/", views.BookingViewSet.as_view({"post": "book"}), name="book_seat"),
    path("my-bookings/", views.MyBookingsViewSet.as_view({"get": "list"}), name="my_bookings"),
    path("bookings/<int:pk>/", views.BookingViewSet.as_view({"get": "retrieve"}), name="booking"),
    path(
        "bookings/<int:pk>/cancel/",
        views.BookingViewSet.as_view({"post": "cancel"}),
        name="cancel_booking",
    ),
    re_path("", views.UnknownAddressView.as_view()),
]
