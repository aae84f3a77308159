"""The search of the list of bookings."""

import re

from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from .. import accounts
from ..models import Booking, Movie, Show
from ..models.bookings import REFERENCE
from ..text import search_words

# A literal: in a generic plan (settings.py), a parameter does not match the index's condition.
EMPTY = RawSQL("''", ())
MAX_FOUND = 200  # customers, shows or notes that a word of a search may find


def search_bookings(bookings, text):
    """Bookings that match a search of staff.

    A reference is looked up first. Otherwise each word must be in the customer's name or address,
    in the note, or in the movie's title.
    """
    reference = re.sub(r"[\s-]", "", text).upper()
    if REFERENCE.fullmatch(reference):
        by_reference = bookings.filter(reference=reference)
        if by_reference.exists():
            return by_reference
    words = search_words(text)
    every_word, has_many_customers = Q(), False
    for word in words:
        customers = customer_ids(word)
        found = has_word(word, customers)
        if not found:
            return bookings.none()
        every_word &= found
        has_many_customers |= len(customers) == MAX_FOUND
    if has_many_customers and len(words) > 1:  # those with all of the words, not with one
        every_word |= Q(user__in=customer_ids(" ".join(words)))
    return bookings.filter(every_word)


def has_word(word, customers):
    """Condition for bookings with the word, or of the customers; empty if there are none.

    The rows of other tables are looked up first, so that their indexes can be used.
    """
    movies = Movie.objects.search(word).values("pk")
    found = {
        "user__in": customers,
        "show__in": ids_of(Show.objects.filter(movie__in=movies).order_by("-date_time")),
        "pk__in": ids_of(bookings_with_note(word)),
    }
    return Q(*((name, ids) for name, ids in found.items() if ids), _connector=Q.OR)


def customer_ids(text):
    """Ids of at most MAX_FOUND customers, in no order.

    To sort them by username, PostgreSQL would walk its index instead of the trigram index.
    """
    return ids_of(accounts.search_users(text).order_by())


def bookings_with_note(word):
    """Bookings whose note contains the word, newest first.

    Sorted by an expression: for the id itself, PostgreSQL walks the primary key instead of the
    trigram index.
    """
    bookings = Booking.objects.exclude(note=EMPTY).filter(note__icontains=word)
    return bookings.order_by((F("pk") + 0).desc())


def ids_of(rows):
    return list(rows.values_list("pk", flat=True)[:MAX_FOUND])
