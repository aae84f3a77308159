import unicodedata

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher


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


class ImportedPBKDF2Hasher(NormalizedPasswordMixin, PBKDF2PasswordHasher):
    """For the hashes of imported users."""
