"""Mails: which wait, which were sent, and why not."""

from django.contrib import admin, messages

from ..exceptions import count_of
from ..models import Mail
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

    list_display = ["id", "kind", "recipient", "state", "tries", "created_at", "sent_at", "error"]
    list_filter = [StateFilter, "kind"]
    search_fields = ["recipient", "user__username"]
    search_help_text = "Email address or username"
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
