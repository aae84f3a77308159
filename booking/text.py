"""Names, titles, email addresses: normalization, comparison, characters that are refused."""

import re
import unicodedata

from django.core.exceptions import ValidationError

MAX_KEY_LENGTH = 500  # characters; PostgreSQL indexes rows of at most 2,704 bytes
MAX_WORDS = 10  # of a search; each is a condition, and SQLite takes at most 1,000 of them

# Controls and line ends, direction marks and overrides, characters without a glyph.
INVISIBLE = (
    "\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b"
    "\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb"
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\U000e0000-\\U000e00ff"
)
# Arabic and Indic scripts need the joiners U+200C and U+200D, emoji sequences U+200D. After other
# letters, such as Latin ones, they do nothing but make two names look alike.
JOINED = "\\u0600-\\u1dff\\u2190-\\u2bff\\ufe0f\\U00010a00-\\U0001ffff"
FLAG = "\\U0001f3f4[\\U000e0061-\\U000e007a]{2,6}\\U000e007f"  # of Scotland, Texas …
REFUSED = re.compile(f"(?:{FLAG})|([{INVISIBLE}]|(?<![{JOINED}])[\\u200c\\u200d])")

# Letters that Unicode does not decompose, and punctuation that is typed in several ways.
FOLDED = str.maketrans(
    {
        **{"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"},
        **{"ı": "i", "ŧ": "t", "ŋ": "n", "ĸ": "k", "ɓ": "b", "ɗ": "d", "ə": "e", "ʻ": "'"},
        **dict.fromkeys("‘’‚‛′`´ʼʹ", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u200c\u200d"),
    }
)
ACCENTS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)


def normalize(text: str) -> str:
    """The text in NFC: `é` is one character, however it was typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def search_key(text: str) -> str:
    """The text without accents and case, and without spaces and punctuation in front.

    Titles that people take for the same have the same key, and keys sort by code point as titles in
    a list: `Ágora` with A, `"Crocodile" Dundee` with C. Only accents of Latin, Greek and Cyrillic
    letters are removed; signs of other scripts, such as Japanese voicing marks, make other letters.
    A key of its own has the same key.
    """
    text = unicodedata.normalize("NFKD", text).translate(FOLDED)
    text = ACCENTS.sub("", text).casefold()
    # Folding can make what is to be decomposed or folded again, such as capital Æ.
    text = unicodedata.normalize("NFKD", text).translate(FOLDED)
    text = unicodedata.normalize("NFKC", ACCENTS.sub("", text))
    text = " ".join(text.split())
    first = next((at for at, character in enumerate(text) if character.isalnum()), 0)
    return text[first:][:MAX_KEY_LENGTH].rstrip()


def search_words(text: str) -> list[str]:
    """The words to search for; those after MAX_WORDS do not count."""
    return text.replace("\x00", "").split()[:MAX_WORDS]


def validate_visible(text: str) -> None:
    """Raise ValidationError for control, direction and invisible characters."""
    if any(match[1] for match in REFUSED.finditer(text)):
        raise ValidationError(
            "Use one line of text without invisible characters.", code="invisible_characters"
        )


def is_same_address(one: str, other: str) -> bool:
    """True if the addresses differ at most in the case of ASCII letters.

    A database also equates a Kelvin sign and a k, which are different domains: the link would be
    mailed to another person.
    """
    return one.encode(errors="replace").lower() == other.encode(errors="replace").lower()
