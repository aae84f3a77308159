"""Errors of the API, with examples, for the OpenAPI document."""

from typing import Any, NamedTuple

from rest_framework import exceptions

from ...exceptions import (
    CustomerNotFound,
    PasswordChanged,
    Refusal,
    ReservationNotFound,
    ShowNotFound,
    TokenNotValid,
    UserInactive,
)
from .. import idempotency
from ..errors import (
    LIBRARY_SENTENCES,
    BadRequest,
    BodyTooLarge,
    Busy,
    HttpsRequired,
    LengthRequired,
    ServerError,
    Unavailable,
    UnsupportedContentEncoding,
    status_of,
    throttled_sentence,
)
from ..permissions import IsOwner


class ApiError(NamedTuple):
    """Status and body of an error, with example facts."""

    status: int
    code: str
    sentence: str
    facts: dict[str, Any] = {}

    @classmethod
    def of(cls, error):
        """From a Refusal class or an APIException class; an ApiError is returned as it is."""
        if isinstance(error, cls):
            return error
        if issubclass(error, Refusal):
            sentence = str(error(**error.example))
            return cls(status_of(error), error.code, sentence, error.example)
        return cls(error.status_code, error.default_code, str(error.default_detail))

    def body(self):
        return {"detail": self.sentence, "code": self.code, **self.facts}


NOT_AUTHENTICATED = ApiError(401, "not_authenticated", LIBRARY_SENTENCES["not_authenticated"])
BAD_AUTHORIZATION_HEADER = ApiError(
    401, "bad_authorization_header", LIBRARY_SENTENCES["bad_authorization_header"]
)
TOKEN_ERRORS = [
    ApiError.of(TokenNotValid),
    BAD_AUTHORIZATION_HEADER,
    ApiError.of(CustomerNotFound),
    ApiError.of(UserInactive),
    ApiError.of(PasswordChanged),
]
PERMISSION_DENIED = ApiError.of(exceptions.PermissionDenied)
NOT_YOURS = ApiError(403, IsOwner.code, IsOwner.message)
NOT_FOUND = ApiError.of(exceptions.NotFound)
SHOW_NOT_FOUND = ApiError.of(ShowNotFound)
RESERVATION_NOT_FOUND = ApiError.of(ReservationNotFound)
THROTTLED = ApiError(429, "throttled", throttled_sentence(42))
BAD_REQUEST = ApiError.of(BadRequest)
HTTPS_REQUIRED = ApiError.of(HttpsRequired)
NOT_ACCEPTABLE = ApiError.of(exceptions.NotAcceptable)
LENGTH_REQUIRED = ApiError.of(LengthRequired)
BODY_TOO_LARGE = ApiError.of(BodyTooLarge)
SERVER_ERROR = ApiError.of(ServerError)
DATABASE_ERRORS = [ApiError.of(Busy), ApiError.of(Unavailable)]

PARSE_ERROR = ApiError(
    400, "parse_error", "JSON parse error - Expecting value: line 1 column 1 (char 0)"
)
UNSUPPORTED_MEDIA_TYPE = ApiError(
    415, "unsupported_media_type", 'Unsupported media type "text/plain" in request.'
)
UNSUPPORTED_CONTENT_ENCODING = ApiError.of(UnsupportedContentEncoding)
BODY_ERRORS = [PARSE_ERROR, UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_CONTENT_ENCODING]

BAD_KEY = ApiError.of(idempotency.BadKey)
IN_PROGRESS = ApiError.of(idempotency.InProgress)
IDEMPOTENCY_MISMATCH = ApiError.of(idempotency.Mismatch)
IDEMPOTENCY_ERRORS = [BAD_KEY, IN_PROGRESS, IDEMPOTENCY_MISMATCH]

COMMON_ERRORS = [  # of every operation
    BAD_REQUEST,
    HTTPS_REQUIRED,
    NOT_ACCEPTABLE,
    LENGTH_REQUIRED,
    BODY_TOO_LARGE,
    SERVER_ERROR,
    *DATABASE_ERRORS,
]
