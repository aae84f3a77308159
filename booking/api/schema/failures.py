"""What may go wrong, in the document. Each shape is said once, as a definition; so is each answer
that is the same wherever it is given, as a response."""

from typing import NamedTuple

from drf_yasg import openapi
from rest_framework import exceptions, status

from . import idempotency
from .errors import (
    BadRequest,
    BodyTooLarge,
    Busy,
    HttpsRequired,
    NothingThere,
    ServerError,
    Unavailable,
    status_of,
)
from .permissions import IsOwner


class Failure(NamedTuple):
    """One thing that may go wrong: what the answer says, and the facts that it says besides, as
    they could be."""

    status: int
    code: str
    sentence: str
    facts: dict = {}

    @classmethod
    def of(cls, kind):
        return cls(kind.status_code, kind.default_code, str(kind.default_detail))

    @classmethod
    def of_refusal(cls, kind):
        return cls(status_of(kind), kind.code, str(kind(**kind.example)), kind.example)

    def body(self):
        """As it is answered."""
        return {"detail": self.sentence, "code": self.code, **self.facts}


NOT_YOURS = Failure(403, IsOwner.code, IsOwner.message)
NO_TOKEN = Failure.of(exceptions.NotAuthenticated)
TOKEN_TROUBLE = [
    Failure(401, "token_not_valid", "Given token not valid for any token type"),
    Failure(
        401,
        "bad_authorization_header",
        "Authorization header must contain two space-delimited values",
    ),
    Failure(401, "user_not_found", "User not found"),
    Failure(401, "user_inactive", "User is inactive"),
    Failure(401, "password_changed", "The user's password has been changed."),
]
NOTHING_THERE = Failure.of(NothingThere)
OF_A_BODY = [
    Failure(400, "parse_error", "JSON parse error - Expecting value: line 1 column 1 (char 0)"),
    Failure(415, "unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
]
OF_A_KEY = [
    Failure.of(kind) for kind in (idempotency.BadKey, idempotency.InProgress, idempotency.Mismatch)
]
THROTTLED = Failure(429, "throttled", "Request was throttled. Expected available in 42 seconds.")
ANYWHERE = [
    Failure.of(BadRequest),
    Failure.of(HttpsRequired),
    Failure.of(exceptions.NotAcceptable),
    Failure.of(BodyTooLarge),
    Failure.of(ServerError),
    Failure.of(Busy),
    Failure.of(Unavailable),
]

# Those that are the same wherever they are given, by the first of their codes.
SHARED = {
    BadRequest.default_code: "BadRequest",
    NO_TOKEN.code: "NotAuthenticated",
    HttpsRequired.default_code: "HttpsRequired",
    IsOwner.code: "NotYours",
    NOTHING_THERE.code: "NotFound",
    exceptions.NotAcceptable.default_code: "NotAcceptable",
    idempotency.InProgress.default_code: "InProgress",
    BodyTooLarge.default_code: "BodyTooLarge",
    "unsupported_media_type": "UnsupportedMediaType",
    idempotency.Mismatch.default_code: "IdempotencyMismatch",
    THROTTLED.code: "Throttled",
    ServerError.default_code: "ServerError",
    Busy.default_code: "Unavailable",
}

WITH_RETRY_AFTER = (
    status.HTTP_409_CONFLICT,
    status.HTTP_429_TOO_MANY_REQUESTS,
    status.HTTP_503_SERVICE_UNAVAILABLE,
)
RETRY_AFTER = {
    "type": "integer",
    "description": "In how many seconds it may work.",
}


def _integer(text):
    return openapi.Schema(type=openapi.TYPE_INTEGER, description=text)


def _seats(text):
    seat = openapi.Schema(type=openapi.TYPE_INTEGER)
    return openapi.Schema(type=openapi.TYPE_ARRAY, items=seat, description=text)


def _moment(text, **more):
    return openapi.Schema(
        type=openapi.TYPE_STRING, format=openapi.FORMAT_DATETIME, description=text, **more
    )


def _facts():
    """Of refusals: what their reader needs next."""
    return {
        "seat_numbers": _seats("The seats that it is about."),
        "alternatives": _seats("Free seats near them, the nearest first."),
        "still_free": _seats("Which of the seats are free."),
        "available_seats": _integer("How many seats of the show are free."),
        "limit": _integer("How many seats of a show one customer can have."),
        "seats": _integer("How many the customer has."),
        "retry_after": _integer("In how many seconds it may work."),
        "bookable_until": _moment("When sales closed."),
        "cancel_until": _moment("Until when it could be cancelled."),
        "cancelled_at": _moment("When it was cancelled.", x_nullable=True),
    }


def _text():
    return openapi.Schema(type=openapi.TYPE_STRING)


def _sentences():
    return openapi.Schema(type=openapi.TYPE_ARRAY, items=_text())


def _api_error():
    return openapi.Schema(
        type=openapi.TYPE_OBJECT,
        required=["detail", "code"],
        properties={"detail": _text(), "code": _text()},
    )


class Components(openapi.ReferenceResolver):
    """What the document says once: definitions, and responses."""

    def __init__(self, *scopes, **kwargs):
        super().__init__(*scopes, "responses", **kwargs)


def error_response(components, failures, fields):
    """The answers of one status: what each says, and the shape of the body. `fields` are the names
    of those that may be wrong."""
    name = None if fields else SHARED.get(failures[0].code)
    if name is None:
        return _response(components, failures, fields)
    responses = components.with_scope("responses")
    responses.setdefault(name, lambda: _response(components, failures, fields))
    return openapi.SwaggerDict(ref=f"#/responses/{name}")


def _response(components, failures, fields):
    texts = ["\n".join(map(_line, failures))]
    if fields:
        texts.append("Or a field is missing or wrong: each is named with what is wrong with it.")
    waits = failures[0].status in WITH_RETRY_AFTER
    return openapi.Response(
        "\n\n".join(texts),
        _error_or_field_errors(failures, fields) if fields else _error(components, failures),
        headers={"Retry-After": RETRY_AFTER} if waits else None,
        examples={"application/json": _example(failures)},
    )


def _line(failure):
    facts = ", ".join(f"`{name}`" for name in failure.facts)
    return f"- `{failure.code}`: {failure.sentence}" + (f" With {facts}." if facts else "")


def _example(failures):
    """Of the one that has most to tell."""
    return max(failures, key=lambda each: len(each.facts)).body()


def _error(components, failures):
    definitions = components.with_scope(openapi.SCHEMA_DEFINITIONS)
    definitions.setdefault("ApiError", _api_error)
    these = openapi.Schema(type=openapi.TYPE_OBJECT, properties=_told(failures))
    either = [openapi.SchemaRef(definitions, "ApiError"), these]
    return openapi.Schema(type=openapi.TYPE_OBJECT, all_of=either)


def _error_or_field_errors(failures, fields):
    """All that there may be of both: Swagger 2.0 has no "either, or". Nor can it say that what has
    a fact's name and a field's is of either's type: such a name is left out, and others allowed."""
    told = {"detail": _text()} | _told(failures)
    both = told.keys() & set(fields)
    properties = told | {name: _sentences() for name in fields}
    return openapi.Schema(
        type=openapi.TYPE_OBJECT,
        properties={name: each for name, each in properties.items() if name not in both},
        additional_properties=True if both else None,
    )


def _told(failures):
    """By a failure, besides its sentence."""
    codes = [failure.code for failure in failures]
    code = openapi.Schema(type=openapi.TYPE_STRING, enum=codes)
    facts = {name for failure in failures for name in failure.facts}
    return {"code": code} | {name: each for name, each in _facts().items() if name in facts}
