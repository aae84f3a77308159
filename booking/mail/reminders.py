"""Reminders some hours before a show, written by the mail worker."""

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q

from ..models import Booking, Mail
from ..models.clock import Now
from ..models.mails import MailKind
from ..models.statuses import Status

AT_ONCE = 1000


def write_reminders() -> int:
    """Write a reminder for each reservation of shows within REMINDER_HOURS; return how many.

    Bookings made within that time need none. Several workers may write reminders at the same time,
    because of the constraint `one_reminder_of_a_reservation`.
    """
    if not settings.REMINDER_BEFORE:
        return 0
    now = Now()
    reminded = Mail.objects.filter(kind=MailKind.REMINDER, reference=OuterRef("reference"))
    booked = Booking.objects.filter(
        ~Exists(reminded),
        status=Status.BOOKED,
        show__cancelled_at=None,
        show__date_time__gt=now,
        show__date_time__lte=now + settings.REMINDER_BEFORE,
        created_at__lt=F("show__date_time") - settings.REMINDER_BEFORE,
    )
    booked = booked.filter(_is_wanted())
    references = booked.order_by("reference").values_list("reference", flat=True).distinct()
    written = 0
    while some := list(references[:AT_ONCE]):
        mails = [Mail(kind=MailKind.REMINDER, reference=reference) for reference in some]
        Mail.objects.bulk_create(mails, ignore_conflicts=True)
        written += len(some)
    return written


def _is_wanted() -> Q:
    """Customers who get reminders. Others' would be written and deleted again and again."""
    wanted = Q(user__is_active=True) & ~Q(user__email="") & ~Q(user__profile__mail_bookings=False)
    if settings.MAIL_ONLY_VERIFIED:
        wanted &= Q(user__profile__verified_email__iexact=F("user__email"))
    return wanted
