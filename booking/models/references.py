"""References: the short codes of reservations."""

import re
import secrets

REFERENCE_LENGTH = 8
REFERENCE_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"  # no two look alike
REFERENCE = re.compile(rf"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}")
NUMBER_OF_REFERENCES = len(REFERENCE_ALPHABET) ** REFERENCE_LENGTH


def new_reference() -> str:
    """A random code that a customer can read out at the counter; there are 25 ** 8."""
    number = secrets.randbelow(NUMBER_OF_REFERENCES)  # eight random letters take five times as long
    letters = []
    for _ in range(REFERENCE_LENGTH):
        number, letter = divmod(number, len(REFERENCE_ALPHABET))
        letters.append(REFERENCE_ALPHABET[letter])
    return "".join(letters)
