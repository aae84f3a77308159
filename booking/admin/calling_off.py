"""The page that calls a show off."""

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import FormView

from .. import box_office
from ..exceptions import Refusal, count_of
from ..models import Booking, Show
from .fields import LineField
from .pages import AdminPageMixin


class CallOffForm(forms.Form):
    reason = LineField(max_length=200, help_text="Kept in the history of each booking.")

    def __init__(self, *args, needs_reason, **options):
        super().__init__(*args, **options)
        self.fields["reason"].required = needs_reason


class CallOffView(AdminPageMixin, FormView):
    template_name = "admin/booking/show/call_off.html"
    permission_required = "booking.change_show"
    form_class = CallOffForm

    def get_form_kwargs(self):
        self.show = get_object_or_404(Show.objects.select_related("movie"), pk=self.kwargs["pk"])
        active = Booking.objects.active().of_show(self.show.pk)
        self.touched = active.aggregate(
            bookings=Count("pk"), customers=Count("user", distinct=True)
        )
        return {**super().get_form_kwargs(), "needs_reason": self.touched["bookings"] > 0}

    def form_valid(self, form):
        request, reason = self.request, form.cleaned_data["reason"]
        try:
            bookings = box_office.call_off(show=self.show, by=request.user, reason=reason)
        except Refusal as refusal:  # called off already, perhaps by the same double click
            messages.warning(request, str(refusal))
        else:
            cancelled = count_of(len(bookings), "booking")
            sentence = f"Called off, with {cancelled}. {reason}".strip()
            LogEntry.objects.log_actions(request.user.pk, [self.show], CHANGE, sentence)
            messages.success(request, f"{self.show} is called off; {cancelled} cancelled.")
        return HttpResponseRedirect(reverse("admin:booking_show_change", args=[self.show.pk]))

    def get_context_data(self, **context):
        context = super().get_context_data(**context)
        return context | {"show": self.show, "touched": self.touched, "title": "Call off a show"}
