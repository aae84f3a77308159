"""Forgotten passwords of staff: a link by mail, as for customers."""

from django import forms
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView

from .. import accounts
from ..exceptions import duration
from ..password_reset_page import NewPasswordForm, PasswordResetPage
from ..text import normalize, validate_visible
from ..throttling import PasswordResetThrottle


class EmailForm(forms.Form):
    email = forms.EmailField(
        label="Email address",
        max_length=254,
        validators=[validate_visible],
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


@method_decorator(never_cache, "dispatch")
class RequestStaffPasswordReset(FormView):
    """Page behind the link on the login page. The response is the same for every address."""

    form_class = EmailForm
    template_name = "staff_password_reset.html"
    success_url = reverse_lazy("admin_password_reset_done")

    def form_valid(self, form):
        email = normalize(form.cleaned_data["email"])
        if wait := PasswordResetThrottle.wait_of(self.request, email):
            form.add_error(None, f"Too many attempts. Please try again in {duration(wait)}.")
            return self.form_invalid(form)
        accounts.request_password_reset(email=email, is_staff=True)
        return super().form_valid(form)


class StaffPasswordResetRequested(TemplateView):
    template_name = "staff_password_reset_done.html"


class NewStaffPasswordForm(NewPasswordForm):
    is_staff = True


class StaffPasswordReset(PasswordResetPage):
    form_class = NewStaffPasswordForm
