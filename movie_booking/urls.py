"""URLs of the project. Those of the API are in booking/api/urls.py."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from booking.admin.password_reset import (
    RequestStaffPasswordReset,
    StaffPasswordReset,
    StaffPasswordResetRequested,
)
from booking.api.schema import views as schema
from booking.password_reset_page import PasswordResetDonePage, PasswordResetPage
from booking.verify_email_page import VerifyEmailDonePage, VerifyEmailPage

# Staff can reset a forgotten password. Django's login page links to `admin_password_reset`.
staff_password_reset = [
    path("admin/password_reset/", RequestStaffPasswordReset.as_view(), name="admin_password_reset"),
    path(
        "admin/password_reset/done/",
        StaffPasswordResetRequested.as_view(),
        name="admin_password_reset_done",
    ),
    path("admin/reset/", StaffPasswordReset.as_view(), name="admin_password_reset_confirm"),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="swagger-ui")),
    path("api/", include("booking.api.urls")),
    *(staff_password_reset if settings.STAFF_PASSWORD_RESET_URL else []),
    path("admin/", admin.site.urls),
    path("password-reset/", PasswordResetPage.as_view(), name="password_reset"),
    path("password-reset/done/", PasswordResetDonePage.as_view(), name="password_reset_done"),
    path("verify-email/", VerifyEmailPage.as_view(), name="verify_email"),
    path("verify-email/done/", VerifyEmailDonePage.as_view(), name="verify_email_done"),
    path("swagger/", schema.swagger_ui, name="swagger-ui"),
    path("swagger.<str:format>", schema.document, name="schema"),
    path("openapi.json", schema.openapi3_document, name="openapi"),
    path("swagger/staff/", schema.staff_swagger_ui, name="staff-swagger-ui"),
    path("swagger/staff.<str:format>", schema.staff_document, name="staff-schema"),
    path("openapi/staff.json", schema.staff_openapi3_document, name="staff-openapi"),
    path("redoc/", schema.redoc, name="redoc"),
]

handler400 = "booking.api.errors.bad_request"
handler500 = "booking.api.errors.server_error"
