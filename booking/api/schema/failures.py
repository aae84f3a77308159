"""What may go wrong, as it is answered."""

from typing import NamedTuple

from rest_framework import exceptions

from ...exceptions import Refusal, ReservationNotFound, ShowNotFound
from .. import idempotency
from ..errors import (
    LIBRARY_SENTENCES,
    BadRequest,
    BodyTooLarge,
    Busy,
    HttpsRequired,
    ServerError,
    Unavailable,
    status_of,
    throttled_sentence,
)
from ..permissions import IsOwner


class Failure(NamedTuple):
    """One thing that may go wrong: what the answer says, and the facts that it says besides, as
    they could be."""

    status: int
    code: str
    sentence: str
    facts: dict = {}

    @classmethod
    def of(cls, kind):
        """Of an exception's class; what is a failure already stays as it is."""
        if isinstance(kind, cls):
            return kind
        if issubclass(kind, Refusal):
            return cls(status_of(kind), kind.code, str(kind(**kind.example)), kind.example)
        return cls(kind.status_code, kind.default_code, str(kind.default_detail))

    def body(self):
        """As it is answered."""
        return {"detail": self.sentence, "code": self.code, **self.facts}


NO_TOKEN = Failure(401, "not_authenticated", LIBRARY_SENTENCES["not_authenticated"])
TOKEN_TROUBLE = [
    Failure(401, code, LIBRARY_SENTENCES[code])
    for code in (
        "token_not_valid",
        "bad_authorization_header",
        "user_not_found",
        "user_inactive",
        "password_changed",
    )
]
NOT_STAFF = Failure.of(exceptions.PermissionDenied)
NOT_YOURS = Failure(403, IsOwner.code, IsOwner.message)
NOTHING_THERE = Failure.of(exceptions.NotFound)
NO_SHOW = Failure.of(ShowNotFound)
NO_RESERVATION = Failure.of(ReservationNotFound)
NOT_JSON = Failure(
    400, "parse_error", "JSON parse error - Expecting value: line 1 column 1 (char 0)"
)
UNSUPPORTED = Failure(
    415, "unsupported_media_type", 'Unsupported media type "text/plain" in request.'
)
BAD_KEY = Failure.of(idempotency.BadKey)
IN_PROGRESS = Failure.of(idempotency.InProgress)
MISMATCH = Failure.of(idempotency.Mismatch)
THROTTLED = Failure(429, "throttled", throttled_sentence(42))
BAD_REQUEST = Failure.of(BadRequest)
HTTPS_REQUIRED = Failure.of(HttpsRequired)
NOT_ACCEPTABLE = Failure.of(exceptions.NotAcceptable)
TOO_LARGE = Failure.of(BodyTooLarge)
SERVER_ERROR = Failure.of(ServerError)
DATABASE_TROUBLE = [Failure.of(Busy), Failure.of(Unavailable)]

OF_A_BODY = [NOT_JSON, UNSUPPORTED]
OF_A_KEY = [BAD_KEY, IN_PROGRESS, MISMATCH]
ANYWHERE = [
    BAD_REQUEST,
    HTTPS_REQUIRED,
    NOT_ACCEPTABLE,
    TOO_LARGE,
    SERVER_ERROR,
    *DATABASE_TROUBLE,
]
