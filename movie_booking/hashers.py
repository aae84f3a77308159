"""Password hashers, of which a worker process runs only a few at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher

from booking.exceptions import TooBusy

MAX_AT_ONCE = 2
MAX_WAIT = 3  # seconds
_free = BoundedSemaphore(MAX_AT_ONCE)


@contextmanager
def limit_hashes() -> Iterator[None]:
    """Wait until fewer than MAX_AT_ONCE hashes are computed. Raises TooBusy after MAX_WAIT.

    A hash takes a core and 19 MiB for some 30 ms. Many logins at once would take all of both, and
    slow down those who book.
    """
    if not _free.acquire(timeout=MAX_WAIT):
        raise TooBusy
    try:
        yield
    finally:
        _free.release()


class OwaspArgon2Hasher(Argon2PasswordHasher):
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


class ImportedPBKDF2Hasher(PBKDF2PasswordHasher):
    """For the hashes of imported users."""

    def encode(self, password, salt, iterations=None):
        with limit_hashes():  # Django's `verify` calls `encode`
            return super().encode(password, salt, iterations)
