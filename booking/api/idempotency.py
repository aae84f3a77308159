"""Idempotent POST requests: the header `Idempotency-Key`.

A client that lost the response cannot know whether its seat was booked, so it sends a key with the
request and the same key with every retry. The response is stored in the transaction that changes
the seat, and repeated to retries. The header follows the IETF draft
draft-ietf-httpapi-idempotency-key-header.

Of two requests at the same moment, the second waits in PostgreSQL for the first to commit or fail,
on SQLite in BEGIN. Refusals are not stored: a retry really tries again. Nor are responses to
requests that are safe to repeat at any time, such as a second confirmation.
"""

import json
import re
from collections.abc import Callable
from functools import partial, wraps
from hashlib import sha256

from django.db import OperationalError
from django.http import HttpResponse
from rest_framework import exceptions, status

from .. import box_office
from ..db.errors import TIMED_OUT, sqlstate
from ..db.writing import defer_update, insert_unless_exists
from ..metrics import REPLAYS
from ..models import IdempotencyKey
from ..models.idempotency_keys import MAX_KEY_LENGTH
from .renderers import JSONRenderer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

# Printable ASCII without a leading quote or a space at either end; or a String of RFC 8941, 3.3.3.
BARE_KEY = re.compile(r"[!#-~](?:[ -~]*[!-~])?")
QUOTED_KEY = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')


class BadKey(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = (
        f"{HEADER} must be 1 to {MAX_KEY_LENGTH} printable ASCII characters, such as a UUID; in "
        "double quotes or without."
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


def idempotent(action):
    """Decorator for a view's method: with the header, run it once and repeat its response."""

    @wraps(action)
    def once(view, request, *args, **kwargs):
        header = request.headers.get(HEADER)
        if header is None:
            return action(view, request, *args, **kwargs)
        claim = {"user_id": request.user.pk, "key": _parse(header)}
        act = partial(action, view, request, *args, **kwargs)
        return _perform_or_repeat(claim, _fingerprint(request), act)

    once.is_idempotent = True
    return once


def has_stored_response(request) -> bool:
    """True if an earlier request of the user with the same Idempotency-Key was done."""
    header = request.headers.get(HEADER)
    if header is None:
        return False
    claim = {"user_id": request.user.pk, "key": _parse(header)}
    return IdempotencyKey.objects.current().filter(**claim).exists()


def _perform_or_repeat(claim: dict, fingerprint: str, act: Callable) -> HttpResponse:
    while True:
        response = _perform(claim, fingerprint, act)
        if response is not None:
            return response
        first = IdempotencyKey.objects.current().filter(**claim).first()
        if first is None:  # expired, or pruned a moment ago
            IdempotencyKey.objects.expired().filter(**claim).delete()
            continue
        if first.fingerprint != fingerprint:
            raise Mismatch
        response = _json_response(first.status, first.body)
        response[REPLAYED] = "true"
        REPLAYS.inc()
        return response


@box_office.retry_transaction
def _perform(claim: dict, fingerprint: str, act: Callable) -> HttpResponse | None:
    """The response of the action, stored with its key unless the action is safe to repeat.

    None if the key has been used.
    """
    with box_office.transaction() as attempt:
        key = IdempotencyKey(fingerprint=fingerprint, **claim)
        try:
            is_new = insert_unless_exists(key, unique=["user", "key"])
        except OperationalError as error:
            if sqlstate(error) in TIMED_OUT:
                raise InProgress from error
            raise
        if not is_new:
            return None
        response = act()
        body = JSONRenderer().render(response.data).decode()
        if attempt.is_safe_to_repeat:
            key.delete()  # or repetitions, each with a new key, would fill the table
        else:
            defer_update(IdempotencyKey, key.pk, status=response.status_code, body=body)
    return _json_response(response.status_code, body)


def _parse(header: str) -> str:
    """The key; with or without quotes it is the same. Raises BadKey."""
    if quoted := QUOTED_KEY.fullmatch(header):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    elif BARE_KEY.fullmatch(header):
        key = header
    else:
        raise BadKey
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise BadKey
    return key


def _fingerprint(request) -> str:
    """SHA-256 of the parsed request. A retry may order its fields or write its form differently."""
    data = request.data
    fields = dict(data.lists()) if hasattr(data, "lists") else data
    parsed = json.dumps([request.method, request.path_info, fields], sort_keys=True, default=str)
    return sha256(parsed.encode()).hexdigest()


def _json_response(status_code: int, body: str) -> HttpResponse:
    return HttpResponse(body, status=status_code, content_type="application/json")
