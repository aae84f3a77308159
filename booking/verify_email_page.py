"""The plain page behind the link that verifies an email address.

The button verifies, not opening the page, because mail scanners follow links.
"""

from django import forms
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView

from . import accounts
from .exceptions import VerificationTokenNotValid


class TokenForm(forms.Form):
    token = forms.CharField(max_length=200, widget=forms.HiddenInput)


@method_decorator(never_cache, "dispatch")
class VerifyEmailPage(FormView):
    form_class = TokenForm
    template_name = "verify_email.html"
    success_url = reverse_lazy("verify_email_done")

    def get_initial(self):
        return {"token": self.request.GET.get("token", "")[:200]}

    def form_valid(self, form):
        try:
            accounts.verify_email(token=form.cleaned_data["token"])
        except VerificationTokenNotValid as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        return super().form_valid(form)

    def form_invalid(self, form):
        if not form.non_field_errors():  # the token is missing, and its field is hidden
            form.add_error(None, VerificationTokenNotValid.message)
        return super().form_invalid(form)


class VerifyEmailDonePage(TemplateView):
    template_name = "verify_email_done.html"
