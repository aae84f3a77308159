from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand

from booking.models import IdempotencyKey


class Command(BaseCommand):
    help = (
        "Removes what nobody needs any more: answers kept for an Idempotency-Key for longer than "
        "a day, sessions that have expired, and counters of throttles. Run it once a day; "
        "bookings are never removed."
    )

    def handle(self, **options):
        removed, _ = IdempotencyKey.objects.outdated().delete()
        self.stdout.write(f"Removed {removed} outdated idempotency keys.")
        call_command("flushexpiredtokens")
        cache.forget_outdated()
