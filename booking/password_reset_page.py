"""The plain page behind the link of a password reset, for cinemas without a page of their own."""

from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView

from . import accounts
from .exceptions import ResetTokenNotValid
from .text import normalize


class NewPasswordForm(forms.Form):
    token = forms.CharField(max_length=200, widget=forms.HiddenInput)
    new_password = forms.CharField(
        label="New password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
        help_text=password_validators_help_text_html(),
    )

    is_staff = False

    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            cleaned["new_password"] = normalize(cleaned["new_password"])
            try:
                user = accounts.user_of_reset_token(cleaned["token"], is_staff=self.is_staff)
            except ResetTokenNotValid as refusal:
                raise forms.ValidationError(str(refusal)) from None
            try:
                validate_password(cleaned["new_password"], user)
            except forms.ValidationError as error:
                self.add_error("new_password", error)
        return cleaned


@method_decorator(never_cache, "dispatch")
class PasswordResetPage(FormView):
    form_class = NewPasswordForm
    template_name = "password_reset.html"
    success_url = reverse_lazy("password_reset_done")

    def get_initial(self):
        return {"token": self.request.GET.get("token", "")[:200]}

    def form_valid(self, form):
        try:
            accounts.reset_password(**form.cleaned_data, is_staff=form.is_staff)
        except ResetTokenNotValid as refusal:  # used by another tab in the meantime
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        return super().form_valid(form)


class PasswordResetDonePage(TemplateView):
    template_name = "password_reset_done.html"
