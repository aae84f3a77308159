"""Password hashers, of which a worker process runs only one at a time."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from booking.exceptions import TooBusy

MAX_AT_ONCE = 1
MAX_WAITING = 7  # others; each keeps a thread of the worker, and the rest is for other requests
MAX_WAIT = 3  # seconds
_admitted = BoundedSemaphore(MAX_AT_ONCE + MAX_WAITING)
_free = BoundedSemaphore(MAX_AT_ONCE)


@contextmanager
def limit_hashes() -> Iterator[None]:
    """Wait until fewer than MAX_AT_ONCE hashes are computed.

    Raises TooBusy if too many wait, or after MAX_WAIT. A hash takes a core for some 30 ms: with
    many logins at once nothing would be left for those who book.
    """
    if not _admitted.acquire(blocking=False):
        raise TooBusy
    try:
        if not _free.acquire(timeout=MAX_WAIT):
            raise TooBusy
        try:
            yield
        finally:
            _free.release()
    finally:
        _admitted.release()


class AsTyped(str):
    """A password that is hashed in its own form, not in NFC."""


def password_forms(password: str) -> list[str]:
    """The forms in which a password may have been hashed, NFC first. Mostly there is only one.

    Phones type `é` as one character, others as two. Hashes are made of NFC; older ones of what was
    typed.
    """
    forms = [unicodedata.normalize("NFC", password), password]
    return list(dict.fromkeys([*forms, unicodedata.normalize("NFD", password)]))


class NormalizedPasswordMixin:
    """Hash passwords in NFC, and compare them in each form. Comes before the hasher."""

    def encode(self, password, salt, *options):
        if isinstance(password, str) and not isinstance(password, AsTyped):
            password = unicodedata.normalize("NFC", password)
        return super().encode(password, salt, *options)

    def verify(self, password, encoded):
        verify = super().verify
        if not isinstance(password, str) or isinstance(password, AsTyped):
            return verify(password, encoded)
        return any(verify(AsTyped(form), encoded) for form in password_forms(password))


class OwaspArgon2Hasher(NormalizedPasswordMixin, Argon2PasswordHasher):
    """Argon2id with the first parameters of OWASP's Password Storage Cheat Sheet.

    Django's own parameters take 100 MiB and eight threads for each login, too much for a small
    server with many simultaneous logins.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1

    def encode(self, password, salt):
        with limit_hashes():
            return super().encode(password, salt)

    def verify(self, password, encoded):
        with limit_hashes():
            return super().verify(password, encoded)


class ImportedPBKDF2Hasher(NormalizedPasswordMixin, PBKDF2PasswordHasher):
    """For the hashes of imported users."""

    def encode(self, password, salt, iterations=None):
        with limit_hashes():  # Django's `verify` calls `encode`
            return super().encode(password, salt, iterations)
