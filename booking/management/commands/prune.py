from django.conf import settings
from django.contrib.sessions.models import Session as StaffSession
from django.core.cache import cache
from django.core.management.base import BaseCommand
from django.utils import timezone

from booking.models import IdempotencyKey, Mail, Session
from movie_booking.environment import NO_MAIL

SLICE_SIZE = 5000  # rows; a short DELETE holds its locks briefly


class Command(BaseCommand):
    help = (
        "Delete what has expired: idempotency keys older than a day, sessions of customers and of "
        "staff, mails of a month ago that do not wait, and the counters of throttles. Run it once "
        "a day. Bookings are never deleted."
    )

    def handle(self, **options):
        keys = delete_in_slices(IdempotencyKey.objects.expired(), by="created_at")
        self.stdout.write(f"Deleted {keys} expired idempotency keys.")
        sessions = delete_in_slices(Session.objects.expired(), by="expires_at")
        self.stdout.write(f"Deleted {sessions} expired sessions.")
        expired = StaffSession.objects.filter(expire_date__lt=timezone.now())
        staff_sessions = delete_in_slices(expired, by="expire_date")
        self.stdout.write(f"Deleted {staff_sessions} expired staff sessions.")
        # Where no mail is sent, every mail waits for ever.
        sends_none = settings.EMAIL_BACKEND == NO_MAIL
        old = Mail.objects.past_keeping() if sends_none else Mail.objects.old()
        mails = delete_in_slices(old, by="created_at")
        self.stdout.write(f"Deleted {mails} old mails.")
        counters = cache.delete_expired()
        self.stdout.write(f"Deleted {counters} expired counters.")


def delete_in_slices(queryset, *, by):
    """Delete the rows, the smallest values of `by` first, and return how many there were."""
    deleted = 0
    while ids := list(queryset.order_by(by).values_list("pk", flat=True)[:SLICE_SIZE]):
        deleted += queryset.model.objects.filter(pk__in=ids).delete()[0]
    return deleted
