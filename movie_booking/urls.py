"""The project's addresses. Those of the API are in booking/api/urls.py."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_yasg.views import get_schema_view

schema = get_schema_view(public=True, permission_classes=[], authentication_classes=[])
schema.throttle_classes = []

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="swagger-ui")),
    path("api/", include("booking.api.urls")),
    path("admin/", admin.site.urls),
    path("swagger/", schema.with_ui("swagger"), name="swagger-ui"),
    path("swagger.<str:format>", schema.without_ui(), name="schema"),
    path("redoc/", schema.with_ui("redoc"), name="redoc"),
]

handler400 = "booking.api.errors.bad_request"
handler500 = "booking.api.errors.server_error"
