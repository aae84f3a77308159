from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .clock import Now

LEASE = timedelta(minutes=5)  # longer than sending one mail can take
KEPT_FOR = timedelta(days=30)
MAX_TRIES = 29  # with these pauses, about a day
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


class MailKind(models.TextChoices):
    PASSWORD_RESET = "password_reset"  # noqa: S105 no password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 no password
    EMAIL_CHANGED = "email_changed"


class MailQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(sent_at=None, failed_at=None)

    def old(self):
        """Mails for `manage.py prune`: nothing more will happen to them."""
        return self.exclude(sent_at=None, failed_at=None).filter(created_at__lte=Now() - KEPT_FOR)

    def due(self):
        """Mails to send now: not sent by another worker at this moment, nor put off."""
        is_free = Q(leased_until=None) | Q(leased_until__lte=Now())
        return self.waiting().filter(is_free, next_try_at__lte=Now())


class Mail(models.Model):
    """A mail to send. It is written in the transaction of the change that it tells of.

    What it says is written when it is sent, so that no token waits in the table.
    """

    Kind = MailKind

    kind = models.CharField(max_length=20, choices=MailKind.choices)
    recipient = models.EmailField()
    # Null for a password reset: whether there is an account is looked up when it is sent.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
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
            models.Index(fields=["user"], name="mails_of_user"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(failed_at__isnull=True),
                name="a_mail_is_sent_or_given_up",
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

    def note_sent(self) -> None:
        self._note(sent_at=Now(), error="")

    def note_failure(self, error: str, *, is_final: bool) -> None:
        """Try again after a pause that doubles; give up after MAX_TRIES, or at once if final."""
        pause = min(FIRST_PAUSE * 2 ** min(self.tries - 1, 10), LONGEST_PAUSE)
        is_final = is_final or self.tries >= MAX_TRIES
        failed_at = Now() if is_final else None
        self._note(next_try_at=Now() + pause, failed_at=failed_at, error=error[:200])

    def _note(self, **result: Any) -> None:
        """Nothing if the lease was over and another worker has tried it since."""
        mine = Mail.objects.waiting().filter(pk=self.pk, tries=self.tries)
        mine.update(leased_until=None, **result)

    def send_again(self) -> bool:
        """As a new mail, with another Message-ID; False while a worker sends it."""
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
