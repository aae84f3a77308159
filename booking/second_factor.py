"""Second factor of staff: a code of an authenticator app (TOTP), or a recovery code.

STAFF_TWO_FACTOR says which staff need one. Devices, codes and the pauses after wrong codes are
django-otp's. Each code works once.
"""

import re
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.utils import timezone
from django_otp import verify_token
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from .logging import security_log

OFF, OPTIONAL, REQUIRED = "off", "optional", "required"  # or names of roles
RECOVERY_CODES = 10


def is_required(user: User) -> bool:
    """True if the user needs a second factor. If roles are named, superusers need one as well."""
    mode = settings.STAFF_TWO_FACTOR
    if mode in (OFF, OPTIONAL):
        return False
    if mode == REQUIRED or user.is_superuser:
        return True
    return user.groups.filter(name__in=mode.split(",")).exists()


def is_enrolled(user: User) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def is_missing(user: Any) -> bool:
    """True if the user of a session must give a code or enrol before seeing any other page.

    An enrolled user must, even if it is optional. `is_verified` is set by OTPMiddleware.
    """
    if settings.STAFF_TWO_FACTOR == OFF or isinstance(user, AnonymousUser):
        return False
    if not (user.is_active and user.is_staff) or user.is_verified():
        return False
    return is_enrolled(user) or is_required(user)


def begin_enrolment(user: User) -> TOTPDevice:
    """A new secret, unconfirmed until `enrol`. Older unconfirmed ones are deleted."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        return TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def pending_enrolment(user: User) -> TOTPDevice:
    """The unconfirmed secret that was shown to the user, or a new one."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).order_by("-pk").first()
    return device or begin_enrolment(user)


def enrol(user: User, code: str) -> tuple[TOTPDevice, list[str]] | None:
    """Confirm the new secret by a code and delete the old one. None for a wrong code.

    Returns the device and new recovery codes, which can be shown only now.
    """
    with transaction.atomic():
        waiting = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False)
        device = waiting.order_by("-pk").first()
        if device is None or not _is_totp(code) or not device.verify_token(code):
            return None
        delete_devices(user, but=device)
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        recovery = StaticDevice.objects.create(user=user, name="recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=recovery, token=each) for each in codes)
    security_log.info("event=second_factor_enrolled user=%s", user.pk)
    return device, codes


def check_code(user: User, code: str) -> Device | None:
    """Use up the code and return its device. None for a wrong code, or during a pause."""
    model = TOTPDevice if _is_totp(code) else StaticDevice
    device = model.objects.filter(user=user, confirmed=True).first()
    verified = device and verify_token(user, device.persistent_id, code)
    event = "second_factor_passed" if verified else "second_factor_wrong"
    security_log.info("event=%s user=%s", event, user.pk)
    return verified or None


def seconds_to_wait(user: User) -> float:
    """The pause after wrong codes: 1, 2, 4 … seconds."""
    for model in (TOTPDevice, StaticDevice):
        for device in model.objects.filter(user=user, confirmed=True):
            allowed, facts = device.verify_is_allowed()
            if not allowed:
                return (facts["locked_until"] - timezone.now()).total_seconds()
    return 0


def turn_off(user: User, *, by: User) -> None:
    """Delete the secret and the recovery codes. Sessions verified by them are unverified again."""
    with transaction.atomic():
        delete_devices(user)
    security_log.info("event=second_factor_off user=%s by=%s", user.pk, by.pk)


def delete_devices(user: User, but: TOTPDevice | None = None) -> None:
    TOTPDevice.objects.filter(user=user).exclude(pk=but and but.pk).delete()
    StaticDevice.objects.filter(user=user).delete()


def normalize_code(typed: str) -> str:
    return re.sub(r"[\s-]", "", typed).lower()


def _is_totp(code: str) -> bool:
    return re.fullmatch(r"[0-9]{6}", code) is not None
