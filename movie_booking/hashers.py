from django.contrib.auth.hashers import Argon2PasswordHasher


class OwaspArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with the first parameters of OWASP's Password Storage Cheat Sheet.

    Django's own parameters take 100 MiB and eight threads for each login, too much for a small
    server with many simultaneous logins.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1
