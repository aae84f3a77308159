from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q

from ..text import is_same_address
from .clock import Now

LEASE = timedelta(minutes=5)  # longer than sending one mail can take
KEPT_FOR = timedelta(days=30)
MAX_TRIES = 29  # with these pauses, about a day
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


class MailKind(models.TextChoices):
    """What a mail is about; for a reservation, the change."""

    BOOKED = "booked"
    CHANGED = "changed"  # seats were moved, or some cancelled
    CANCELLED = "cancelled"
    SHOW_MOVED = "show_moved"  # to another time or screen
    REMINDER = "reminder"
    PASSWORD_RESET = "password_reset"  # noqa: S105 no password
    STAFF_PASSWORD_RESET = "staff_password_reset"  # noqa: S105 no password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 no password
    EMAIL_CHANGED = "email_changed"
    VERIFY_EMAIL = "verify_email"


# If requested several times before sending, one mail is sent.
WITH_LINK = (
    *(MailKind.PASSWORD_RESET, MailKind.STAFF_PASSWORD_RESET),
    MailKind.VERIFY_EMAIL,
)


class MailQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(sent_at=None, failed_at=None)

    def old(self):
        """Mails for `manage.py prune`: nothing more will happen to them."""
        return self.past_keeping().exclude(sent_at=None, failed_at=None)

    def past_keeping(self):
        """Mails written more than KEPT_FOR ago, waiting ones included."""
        return self.filter(created_at__lte=Now() - KEPT_FOR)

    def due(self):
        """Mails to send now: neither leased by another worker nor waiting for their next try.

        Only the oldest mail of each reservation: it replaces the newer ones.
        """
        is_free = Q(leased_until=None) | Q(leased_until__lte=Now())
        older = Mail.objects.waiting().exclude(reference="")
        older = older.filter(reference=OuterRef("reference"), pk__lt=OuterRef("pk"))
        return self.waiting().filter(is_free, ~Exists(older), next_try_at__lte=Now())


class Mail(models.Model):
    """A mail to send, written in the transaction of the change that it is about.

    Its text is composed when it is sent, from the state at that moment, and no token is stored. The
    oldest waiting mail of a reservation is sent and replaces its other waiting mails.
    """

    Kind = MailKind

    kind = models.CharField(max_length=20, choices=MailKind.choices)
    # For a reservation: after sending, the address that it was sent to; until then it may be empty.
    recipient = models.EmailField(blank=True, default="", db_default="")
    reference = models.CharField(max_length=8, blank=True, default="", db_default="")
    # Null for a reservation, which has a customer, and for a password reset, whose accounts are
    # looked up when it is sent.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    next_try_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)  # while a worker sends it
    tries = models.PositiveIntegerField(default=0, db_default=0)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)  # given up
    error = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(sent_at__isnull=True, failed_at__isnull=True),
                name="mails_that_wait",
            ),
            models.Index(
                fields=["user"], condition=Q(user__isnull=False), name="mails_of_an_account"
            ),
            models.Index(
                fields=["reference"], condition=~Q(reference=""), name="mails_of_a_reservation"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(failed_at__isnull=True),
                name="a_mail_is_sent_or_given_up",
            ),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(kind="reminder"),
                name="one_reminder_of_a_reservation",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} to {self.recipient}"

    @property
    def state(self) -> str:
        if self.sent_at:
            return "sent"
        return "given up" if self.failed_at else "waiting"

    def claim(self) -> bool:
        """Lease the mail for this worker; False if another one has it, or has sent it."""
        due = Mail.objects.due().filter(pk=self.pk, tries=self.tries)
        is_mine = bool(due.update(leased_until=Now() + LEASE, tries=F("tries") + 1))
        if is_mine:
            self.tries += 1
        return is_mine

    def sent_along(self) -> list["Mail"]:
        """Waiting mails that this mail replaces, because it says the same."""
        others = Mail.objects.waiting().exclude(pk=self.pk)
        if self.reference:
            return list(others.filter(reference=self.reference))
        if self.kind not in WITH_LINK:
            return []
        others = others.due().filter(kind=self.kind, user=self.user_id)
        others = others.filter(recipient__iexact=self.recipient)
        return [each for each in others if is_same_address(each.recipient, self.recipient)]

    def note_sent(self, along: Sequence["Mail"] = (), *, to: str) -> None:
        if not along:
            self._note(sent_at=Now(), error="", recipient=to)
            return
        with transaction.atomic():  # otherwise another worker might send the replaced mails
            self._note(sent_at=Now(), error="", recipient=to)
            replaced = Mail.objects.waiting().filter(pk__in=[each.pk for each in along])
            replaced.update(sent_at=Now(), error="", recipient=to)

    def note_nobody(self, along: Sequence["Mail"]) -> None:
        """Delete the mail: it has no recipient, or is no longer needed."""
        Mail.objects.filter(pk__in=[self.pk, *(each.pk for each in along)]).delete()

    def note_failure(self, error: str, *, is_final: bool) -> None:
        """Try again after a pause that doubles; give up after MAX_TRIES, or at once if final."""
        pause = min(FIRST_PAUSE * 2 ** min(self.tries - 1, 10), LONGEST_PAUSE)
        is_final = is_final or self.tries >= MAX_TRIES
        failed_at = Now() if is_final else None
        self._note(next_try_at=Now() + pause, failed_at=failed_at, error=error[:200])

    def _note(self, **result: Any) -> None:
        """Record a result, unless the lease has expired and another worker has tried since."""
        mine = Mail.objects.waiting().filter(pk=self.pk, tries=self.tries)
        mine.update(leased_until=None, **result)

    def send_again(self) -> bool:
        """Make it wait again, with a new Message-ID; False while a worker is sending it."""
        is_free = Q(leased_until=None) | Q(leased_until__lte=Now())
        mail = Mail.objects.filter(is_free, pk=self.pk)
        return bool(
            mail.update(
                sent_at=None,
                failed_at=None,
                leased_until=None,
                tries=0,
                next_try_at=Now(),
                created_at=Now(),
            )
        )
