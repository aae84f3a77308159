"""Mails: which wait, which were sent, and why not."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from ..exceptions import count_of
from ..models import Booking, Mail
from .addresses import HandMadeAddressMixin


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Given up")]

    def queryset(self, request, mails):
        match self.value():
            case "waiting":
                return mails.waiting()
            case "sent":
                return mails.filter(sent_at__isnull=False)
            case "failed":
                return mails.filter(failed_at__isnull=False)
        return mails


@admin.register(Mail)
class MailAdmin(HandMadeAddressMixin, admin.ModelAdmin):
    """Looking, and sending again. What a mail says is not kept."""

    list_display = [
        *("id", "kind", "recipient", "reference", "state", "tries"),
        *("created_at", "sent_at", "error"),
    ]
    list_filter = [StateFilter, "kind"]
    search_fields = ["recipient", "reference__iexact", "user__username"]
    search_help_text = "Email address, reference or username"
    show_full_result_count = False
    actions = ["send_again"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_send_permission(self, request):
        return request.user.has_perm("booking.change_mail")

    @admin.action(description="Send selected mails again", permissions=["send"])
    def send_again(self, request, mails):
        again = sum(mail.send_again() for mail in mails)
        sentence = f"{count_of(again, 'mail')} will be sent again."
        self.message_user(request, sentence, messages.SUCCESS)

    def get_urls(self):
        view = self.admin_site.admin_view(require_POST(self.send_one_again))
        return [
            path("<int:pk>/send-again/", view, name="booking_mail_send_again"),
            *super().get_urls(),
        ]

    def send_one_again(self, request, pk):
        """Send again from the page of a booking; requires the permission to change bookings."""
        if not may_send_again(request):
            raise PermissionDenied
        mail = get_object_or_404(Mail.objects.exclude(reference=""), pk=pk)
        booking = Booking.objects.filter(reference=mail.reference).order_by("pk").first()
        if booking is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if mail.send_again():
            self.message_user(request, "The mail will be sent again.", messages.SUCCESS)
        else:
            self.message_user(request, "The mail is being sent.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:booking_booking_change", args=[booking.pk]))


def may_send_again(request):
    return request.user.has_perm("booking.change_booking")


# The button belongs to the form of the page, which has the CSRF token.
BUTTON = '<button type="submit" class="button" formaction="{}" formnovalidate>Send again</button>'
DATE_AND_TIME = "j\N{NO-BREAK SPACE}M\N{NO-BREAK SPACE}Y, H:i"
ROW = '<tr><td>{}</td><td>{}</td><td>{}<br><small class="quiet">{}</small></td><td>{}</td></tr>'


def mails_table(reference, *, may_send):
    """HTML of the mails of a reservation, the newest first. One query."""
    mails = Mail.objects.filter(reference=reference)
    if not mails:
        return "None yet. Customers without an email address get none."
    rows = [
        (
            mail.get_kind_display(),
            date_format(localtime(mail.sent_at or mail.created_at), DATE_AND_TIME),
            mail.state,
            mail.error or mail.recipient,
            format_html(BUTTON, reverse("admin:booking_mail_send_again", args=[mail.pk]))
            if may_send and mail.state != "waiting"
            else "",
        )
        for mail in mails
    ]
    return format_html(
        '<table class="mails"><thead>'
        "<tr><th>Mail</th><th>When</th><th>State</th><th></th></tr>"
        "</thead><tbody>{}</tbody></table>",
        format_html_join("", ROW, rows),
    )
