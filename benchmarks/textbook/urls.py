from django.urls import include, path
from rest_framework.routers import DefaultRouter
from rest_framework_simplejwt.views import TokenObtainPairView

from .views import BookSeatView, MovieShowsView, MovieViewSet, MyBookingsView

router = DefaultRouter()
router.register("movies", MovieViewSet)

urlpatterns = [
    path("api/", include(router.urls)),
    path("api/login/", TokenObtainPairView.as_view()),
    path("api/movies/<int:pk>/shows/", MovieShowsView.as_view()),
    path("api/shows/<int:pk>/book/", BookSeatView.as_view()),
    path("api/my-bookings/", MyBookingsView.as_view()),
]
