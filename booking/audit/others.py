"""Invariants of idempotency keys, sessions and mails, by SQL that returns violations only."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q

from movie_booking.environment import NO_MAIL

from ..models import Booking, IdempotencyKey, Mail, Session
from ..models.clock import Now

MAILED_WITHIN = timedelta(days=2)  # a mail is given up after a day


def idempotency_keys_have_a_response() -> Iterator[str]:
    """A stored Idempotency-Key has a status and a body: they are committed together."""
    unanswered = IdempotencyKey.objects.filter(Q(status=0) | Q(body="")).order_by()
    for pk, user in unanswered.values_list("pk", "user").iterator():
        yield f"key {pk} of user {user}"


def sessions_are_consistent() -> Iterator[str]:
    """A session began before its last refresh and its end, and has two different token IDs."""
    wrong = (
        Q(refreshed_at__lt=F("created_at"))
        | Q(expires_at__lte=F("created_at"))
        | Q(previous_token_id=F("token_id"))
    )
    for pk, user in Session.objects.filter(wrong).order_by().values_list("pk", "user").iterator():
        yield f"session {pk} of user {user}"


def mails_are_sent_or_given_up() -> Iterator[str]:
    """No mail has waited for more than two days, unless none are sent: after one it is given up."""
    if settings.EMAIL_BACKEND == NO_MAIL:
        return
    late = Mail.objects.waiting().filter(created_at__lt=Now() - MAILED_WITHIN).order_by()
    for pk, kind, created_at in late.values_list("pk", "kind", "created_at").iterator():
        yield f"mail {pk} ({kind}) has waited since {created_at}"


def mails_belong_to_a_reservation() -> Iterator[str]:
    """The reference of a mail is that of a booking."""
    bookings = Booking.objects.filter(reference=OuterRef("reference"))
    lost = Mail.objects.exclude(reference="").filter(~Exists(bookings)).order_by()
    for pk, reference in lost.values_list("pk", "reference").iterator():
        yield f"mail {pk} of reference {reference}"
