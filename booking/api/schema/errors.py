"""The answers to what goes wrong, in the document. What is the same wherever it is given is said
once: a shape as a definition, an answer as a response."""

from drf_yasg import openapi
from rest_framework import status

from .failures import (
    BAD_REQUEST,
    DATABASE_TROUBLE,
    HTTPS_REQUIRED,
    IN_PROGRESS,
    MISMATCH,
    NO_RESERVATION,
    NO_SHOW,
    NO_TOKEN,
    NOT_ACCEPTABLE,
    NOT_YOURS,
    NOTHING_THERE,
    SERVER_ERROR,
    THROTTLED,
    TOKEN_TROUBLE,
    TOO_LARGE,
    UNSUPPORTED,
)

SHARED = {
    "BadRequest": [BAD_REQUEST],
    "NotAuthenticated": [NO_TOKEN, *TOKEN_TROUBLE],
    "HttpsRequired": [HTTPS_REQUIRED],
    "NotYours": [NOT_YOURS, HTTPS_REQUIRED],
    "NotFound": [NOTHING_THERE],
    "NoShow": [NO_SHOW],
    "NoReservation": [NO_RESERVATION],
    "NotAcceptable": [NOT_ACCEPTABLE],
    "InProgress": [IN_PROGRESS],
    "BodyTooLarge": [TOO_LARGE],
    "UnsupportedMediaType": [UNSUPPORTED],
    "IdempotencyMismatch": [MISMATCH],
    "Throttled": [THROTTLED],
    "ServerError": [SERVER_ERROR],
    "Unavailable": DATABASE_TROUBLE,
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


class Components(openapi.ReferenceResolver):
    """What the document says once: definitions, and responses."""

    def __init__(self, *scopes, **kwargs):
        super().__init__(*scopes, "responses", **kwargs)


def error_response(components, failures, fields):
    """The answers of one status: what each says, and the shape of the body. `fields` are the names
    of those that may be wrong."""
    if fields:
        return _response(failures, _error_or_field_errors(failures, fields), FIELDS)
    name = next((name for name, shared in SHARED.items() if shared == failures), None)
    if name is None:
        return _response(failures, _error(components, failures))
    definitions = components.with_scope(openapi.SCHEMA_DEFINITIONS)
    definitions.setdefault(name, lambda: _error(components, failures))
    shape = openapi.SchemaRef(definitions, name)
    components.with_scope("responses").setdefault(name, lambda: _response(failures, shape))
    return openapi.SwaggerDict(ref=f"#/responses/{name}")


FIELDS = "Or a field is missing or wrong: each is named with what is wrong with it."


def _response(failures, shape, more=""):
    waits = failures[0].status in WITH_RETRY_AFTER
    return openapi.Response(
        "\n".join(map(_line, failures)) + (f"\n\n{more}" if more else ""),
        shape,
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
    return {"code": code} | {
        name: each for name, each in shapes_of_facts().items() if name in facts
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


def shapes_of_facts():
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
