import time

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from booking.mail import send_waiting, write_reminders
from movie_booking.environment import NO_MAIL

SECONDS = 5


class Command(BaseCommand):
    help = (
        "Send the mails that wait: once, for a timer, or with --watch every few seconds, for ever. "
        "Any number may run at the same time. A mail that cannot be sent is tried again for a day."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--watch", action="store_true", help=f"keep running, and send every {SECONDS} seconds"
        )

    def handle(self, *, watch, **options):
        if settings.EMAIL_BACKEND == NO_MAIL:
            self.stderr.write("EMAIL_URL is not set: no mail is sent.")
            return
        while True:
            self.send()
            if not watch:
                return
            time.sleep(SECONDS)
            close_old_connections()

    def send(self):
        try:
            write_reminders()
            done = send_waiting()
        except DatabaseError as error:  # gone for a moment; the next look may succeed
            self.stderr.write(f"The database failed: {error}")
            return
        if any(done):
            self.stdout.write(f"Sent {done.sent}, failed {done.failed}.")
            self.stdout.flush()
