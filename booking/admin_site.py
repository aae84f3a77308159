"""The admin site, which asks for the second factor before every page."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpResponseRedirect
from django.urls import path, reverse

from . import second_factor


class StaffSite(AdminSite):
    """Django's admin site. Views in `admin_view` are refused until the second factor was given."""

    def has_permission(self, request):
        return super().has_permission(request) and not is_missing(request)

    def each_context(self, request):
        has_page = settings.STAFF_TWO_FACTOR != second_factor.OFF and self.has_permission(request)
        url = reverse("admin:second_factor_setup") if has_page else ""
        return super().each_context(request) | {"second_factor_url": url}

    def login(self, request, extra_context=None):
        if is_missing(request):  # logged in by password, and sent here by a page
            page = reverse("admin:second_factor")
            there = request.GET.get("next", "")
            return HttpResponseRedirect(f"{page}?{urlencode({'next': there})}" if there else page)
        return super().login(request, extra_context)

    def get_urls(self):
        from .admin.second_factor import SecondFactorPage, SecondFactorSetupPage

        page, setup = SecondFactorPage.as_view(), SecondFactorSetupPage.as_view()
        return [
            path("second-factor/", page, name="second_factor"),
            path("second-factor/setup/", setup, name="second_factor_setup"),
            *super().get_urls(),
        ]


def is_missing(request):
    """`second_factor.is_missing`, cached on the request."""
    if not hasattr(request, "second_factor_is_missing"):
        request.second_factor_is_missing = second_factor.is_missing(request.user)
    return request.second_factor_is_missing
