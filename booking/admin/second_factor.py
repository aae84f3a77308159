"""Pages of the second factor: entering a code, and setting up an authenticator app."""

from base64 import b32encode

import segno
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import logout
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from django_otp import login as verify_session
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from .. import second_factor
from ..exceptions import duration

# Their pages show the secrets.
admin.site.unregister([StaticDevice, TOTPDevice])


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "off", "autofocus": True}
        ),
    )

    def clean_code(self):
        return second_factor.normalize_code(self.cleaned_data["code"])


@method_decorator([never_cache, sensitive_post_parameters("code")], "dispatch")
class StaffPage(RedirectURLMixin, FormView):
    """A page for staff who have logged in by password. Other users go to the login page."""

    form_class = CodeForm
    next_page = "admin:index"

    def dispatch(self, request, *args, **kwargs):
        user = request.user
        is_off = settings.STAFF_TWO_FACTOR == second_factor.OFF
        if is_off or not (user.is_active and user.is_staff):
            return HttpResponseRedirect(reverse("admin:login"))
        if "log_out" in request.POST:
            logout(request)
            return HttpResponseRedirect(reverse("admin:login"))
        if page := self.page_before():
            return HttpResponseRedirect(reverse(page))
        return super().dispatch(request, *args, **kwargs)

    def page_before(self):
        """URL name of the page that the user has to visit first; None if there is none."""
        raise NotImplementedError

    def get_context_data(self, **context):
        return super().get_context_data(next=self.get_redirect_url(), **context)

    def refuse(self, form, message):
        form.add_error("code", message)
        return self.form_invalid(form)

    def verify(self, device):
        self.request.session.cycle_key()
        verify_session(self.request, device)


class SecondFactorPage(StaffPage):
    template_name = "admin/second_factor.html"

    def page_before(self):
        user = self.request.user
        has_code = user.is_verified() or second_factor.is_enrolled(user)
        return None if has_code else "admin:second_factor_setup"

    def get(self, request, *args, **kwargs):
        if request.user.is_verified():
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def form_valid(self, form):
        user = self.request.user
        device = second_factor.check_code(user, form.cleaned_data["code"])
        if device is None:
            wait = second_factor.seconds_to_wait(user)
            again = f" Please try again in {duration(wait)}." if wait > 0 else ""
            return self.refuse(form, f"This code is wrong, or was used before.{again}")
        self.verify(device)
        return super().form_valid(form)


class SetupForm(CodeForm):
    """Without `autofocus`, which would scroll past the picture on a phone."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.fields["code"].widget.attrs["autofocus"]


class SecondFactorSetupPage(StaffPage):
    """Enrolled users enter a code first, so that the password alone cannot replace the phone."""

    form_class = SetupForm
    template_name = "admin/second_factor_setup.html"

    def page_before(self):
        user = self.request.user
        needs_code = not user.is_verified() and second_factor.is_enrolled(user)
        return "admin:second_factor" if needs_code else None

    def get(self, request, *args, **kwargs):
        self.device = second_factor.begin_enrolment(request.user)
        return super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        if "turn_off" in request.POST and self.may_turn_off():
            second_factor.turn_off(request.user, by=request.user)
            return HttpResponseRedirect(reverse("admin:index"))
        return super().post(request, *args, **kwargs)

    def may_turn_off(self):
        user = self.request.user
        return user.is_verified() and not second_factor.is_required(user)

    def form_valid(self, form):
        enrolled = second_factor.enrol(self.request.user, form.cleaned_data["code"])
        if enrolled is None:
            return self.refuse(form, "This code is wrong. Is the clock of your phone right?")
        device, codes = enrolled
        self.verify(device)
        log_change(self.request.user, self.request.user, "Set up a second factor.")
        context = {"codes": codes, "next": resolve_url(self.next_page)}
        return render(self.request, "admin/second_factor_codes.html", context)

    def form_invalid(self, form):
        self.device = second_factor.pending_enrolment(self.request.user)
        return super().form_invalid(form)

    def get_context_data(self, **context):
        secret = b32encode(self.device.bin_key).decode()
        picture = segno.make(self.device.config_url)
        return super().get_context_data(
            qr_code=picture.svg_data_uri(scale=5, border=4, light="#fff"),
            app_url=self.device.config_url,
            secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
            is_enrolled=self.request.user.is_verified(),
            may_turn_off=self.may_turn_off(),
            **context,
        )


def log_change(user, by, message):
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, message, single_object=True)
