"""Mutants with wrong statuses, events and mails of bookings."""

import random
import threading
import time

from .patching import original, replace


def cancel_revives(application):
    """Cancelling a cancelled booking books it again, if the seat is free."""
    from django.db import IntegrityError, transaction

    from booking.exceptions import AlreadyCancelled
    from booking.models import Booking

    cancel, run_once = original("cancel"), original("run_once")

    def note_booking(*, booking, by):
        try:
            return cancel(booking=booking, by=by)
        except AlreadyCancelled as refusal:
            refusal.booking = booking
            raise

    def revive(claim, fingerprint, act):
        try:
            return run_once(claim, fingerprint, act)
        except AlreadyCancelled as refusal:
            if hasattr(refusal, "booking"):
                try:
                    with transaction.atomic():
                        Booking.objects.filter(pk=refusal.booking.pk).update(status="booked")
                except IntegrityError:
                    pass
            raise

    replace("cancel", note_booking)
    replace("run_once", revive)


def admits_twice(application):
    """Lets in whoever shows a used ticket."""
    from booking.exceptions import AlreadyAdmitted
    from booking.models import Booking

    admit = original("admit")

    def admit_again(**scan):
        try:
            return admit(**scan)
        except AlreadyAdmitted:
            Booking.objects.filter(pk=scan["booking_id"]).update(admitted_at=None)
            return admit(**scan)

    replace("admit", admit_again)


def sweeper_frees_booked_seats(application):
    """Confirming keeps `held_until`, and a sweeper expires all bookings whose time is over."""
    from django.db import DatabaseError, close_old_connections
    from django.db.models.functions import Now

    from booking.models import Booking

    update_bookings = original("update_bookings")

    def keep_held_until(bookings, **values):
        if "status" in values:
            values.pop("held_until", None)
        update_bookings(bookings, **values)

    def sweep():
        while True:
            time.sleep(0.5)
            close_old_connections()
            try:
                expired = Booking.objects.exclude(status="cancelled").filter(held_until__lte=Now())
                expired.update(status="expired")
            except DatabaseError:
                pass

    replace("update_bookings", keep_held_until)
    threading.Thread(target=sweep, daemon=True).start()


def forgets_events(application):
    """Writes no event of one change in three."""
    for name in ("insert_events", "insert_events_of_sale"):
        replace(name, _forgetting(original(name)))


def _forgetting(insert):
    def insert_mostly(*args, **kwargs):
        if random.random() > 1 / 3:
            insert(*args, **kwargs)

    return insert_mostly


def forgets_mails(application):
    """Writes no mail about cancellations, moves and confirmations of holds."""
    replace("mail_customers", lambda bookings, kind: None)
