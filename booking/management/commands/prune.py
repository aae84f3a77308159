from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand

from booking.models import IdempotencyKey

SLICE = 5000


class Command(BaseCommand):
    help = (
        "Removes what nobody needs any more: answers kept for an Idempotency-Key for longer than "
        "a day, sessions that have expired, and counters of throttles. Run it once a day; "
        "bookings are never removed."
    )

    def handle(self, **options):
        removed = sum(self.slices())
        self.stdout.write(f"Removed {removed} outdated idempotency keys.")
        call_command("flushexpiredtokens")
        cache.forget_outdated()

    def slices(self):
        """Of some thousand each, so that none takes long and nobody waits for them."""
        outdated = IdempotencyKey.objects.expired().order_by("created_at")
        while some := list(outdated.values_list("pk", flat=True)[:SLICE]):
            yield IdempotencyKey.objects.filter(pk__in=some).delete()[0]
