"""Days in addresses, and as people type them in a search: "26 Nov", "today", "tonight"."""

import re
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date

FIRST_YEAR, LAST_YEAR = 1900, 3000
EVENING = time(17, 0)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WORDS = re.compile(r"\b(today|tonight|tomorrow)\b", re.IGNORECASE)
ISO = re.compile(r"\b(\d{4})-(\d\d?)-(\d\d?)\b", re.ASCII)
DAY_AND_MONTH = re.compile(
    rf"\b(\d\d?)\.?\s+({'|'.join(MONTHS)})[a-z]*\.?(?:\s+(\d{{4}}))?\b", re.ASCII | re.IGNORECASE
)


def read_day(text: str | None) -> date | None:
    """The day of an ISO date in an address, or None."""
    try:
        day = parse_date(text or "")
    except ValueError:
        return None
    return day if day and FIRST_YEAR < day.year < LAST_YEAR else None


def split_day(text: str) -> tuple[tuple[datetime, datetime] | None, str]:
    """The first and the last moment of a day in the text, and the rest of the text.

    None without a day. Without a year it is the one nearest to today.
    """
    for pattern, read in [(WORDS, _word), (ISO, _iso), (DAY_AND_MONTH, _day_and_month)]:
        if found := pattern.search(text):
            try:
                day, starts = read(found)
            except ValueError:
                continue
            zone = timezone.get_current_timezone()
            first = datetime.combine(day, starts, tzinfo=zone)
            last = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
            return (first, last), f"{text[: found.start()]} {text[found.end() :]}".strip()
    return None, text


def _word(found):
    word, today = found[1].lower(), timezone.localdate()
    if word == "tomorrow":
        return today + timedelta(days=1), time.min
    return today, EVENING if word == "tonight" else time.min


def _iso(found):
    return date(*map(int, found.groups())), time.min


def _day_and_month(found):
    day, month = int(found[1]), MONTHS.index(found[2].lower()) + 1
    if found[3]:
        return date(int(found[3]), month, day), time.min
    today = timezone.localdate()
    days = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            days.append(date(year, month, day))
        except ValueError:  # 29 February
            continue
    if not days:
        raise ValueError("no such day")
    return min(days, key=lambda each: abs(each - today)), time.min
