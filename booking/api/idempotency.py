"""Requests that may be sent again: the header `Idempotency-Key`.

A client that did not get to hear the answer cannot know whether its seat was booked. So it sends
a key of its own making with the request, and the same again with every retry. The first time
the answer is kept, in the transaction that changes the seat; after that it is given again. The
header is that of the IETF's draft-ietf-httpapi-idempotency-key-header.

Two at the same moment: on PostgreSQL the unique constraint makes the second one wait until the
first one has committed or failed, on SQLite it is BEGIN that waits. A refusal leaves nothing
behind: to try again is really to try again.
"""

import json
import re
from functools import partial, wraps
from hashlib import sha256

from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpResponse
from rest_framework import exceptions, status

from ..box_office import customer_kept
from ..database import TIMED_OUT, retried, sqlstate
from ..models import IdempotencyKey
from ..models.idempotency_keys import LONGEST_KEY
from ..models.prepared import insert, update
from .renderers import as_json

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

BARE = re.compile(r"[!#-~](?:[ -~]*[!-~])?")  # printable ASCII; no quote first, no blank at an end
QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # a String of RFC 8941, 3.3.3

# What the databases say: PostgreSQL names the constraint that was violated, SQLite its columns.
USED_TWICE = (
    '"one_answer_per_key"',
    "UNIQUE constraint failed: booking_idempotencykey.user_id, booking_idempotencykey.key",
)


class BadKey(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = (
        f"{HEADER} must be 1 to 255 printable ASCII characters, such as a UUID; in double "
        "quotes or without."
    )
    default_code = "bad_idempotency_key"


class InProgress(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = f"The first request with this {HEADER} is still in progress."
    default_code = "in_progress"
    wait = 1  # seconds, in the header Retry-After


class Mismatch(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = f"This {HEADER} was used for another request."
    default_code = "idempotency_mismatch"


class KeyIsUsed(Exception):
    """Somebody was first."""


def idempotent(action):
    """Decorates a view's method: with the header it is done once, and answered as often as it is
    asked. Without the header it costs nothing."""

    @wraps(action)
    def once(view, request, *args, **kwargs):
        header = request.headers.get(HEADER)
        if header is None:
            return action(view, request, *args, **kwargs)
        claim = {"user_id": request.user.pk, "key": _parse(header)}
        return _do_or_repeat(
            claim, _fingerprint(request), partial(action, view, request, *args, **kwargs)
        )

    once.is_idempotent = True
    return once


def is_repeatable(request):
    return HEADER in request.headers


def _do_or_repeat(claim, fingerprint, act):
    while True:
        try:
            return _json(*_do(claim, fingerprint, act))
        except KeyIsUsed:
            first = IdempotencyKey.objects.current().filter(**claim).first()
            if first is None:  # it is outdated, or was pruned a moment ago
                IdempotencyKey.objects.outdated().filter(**claim).delete()
                continue
            if first.fingerprint != fingerprint:
                raise Mismatch from None
            answer = _json(first.status, first.body)
            answer[REPLAYED] = "true"
            return answer


@retried
def _do(claim, fingerprint, act):
    with customer_kept(), transaction.atomic():
        mine = _claim(**claim, fingerprint=fingerprint)
        response = act()
        body = as_json(response.data).decode()
        update(mine, status=response.status_code, body=body, last=True)
    return response.status_code, body


def _claim(**values):
    """Raises KeyIsUsed, once the first request has committed, or InProgress if it takes long."""
    mine = IdempotencyKey(**values)
    try:
        insert([mine])
    except IntegrityError as error:
        if any(words in str(error) for words in USED_TWICE):
            raise KeyIsUsed from None
        raise
    except OperationalError as error:
        if sqlstate(error) in TIMED_OUT:
            raise InProgress from error
        raise
    return mine


def _parse(header):
    """Quoted or bare, it is the same key."""
    if quoted := QUOTED.fullmatch(header):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    elif BARE.fullmatch(header):
        key = header
    else:
        raise BadKey
    if not 1 <= len(key) <= LONGEST_KEY:
        raise BadKey
    return key


def _fingerprint(request):
    """Of what was asked, not of how it was written: a client's library may order the fields of a
    retry anew, or choose another boundary for its form."""
    data = request.data
    fields = dict(data.lists()) if hasattr(data, "lists") else data
    asked = json.dumps([request.method, request.path, fields], sort_keys=True, default=str)
    return sha256(asked.encode()).hexdigest()


def _json(status_code, body):
    return HttpResponse(body, status=status_code, content_type="application/json")
