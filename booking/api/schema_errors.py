"""What may go wrong, in the document. Each shape is said once, as a definition; so is each answer
that is the same wherever it is given, as a response."""

from drf_yasg import openapi
from rest_framework import exceptions, status

from . import idempotency
from .errors import BadRequest, BodyTooLarge, Busy, Unavailable
from .permissions import IsOwner


def _of(kind):
    return kind.status_code, kind.default_code, str(kind.default_detail)


# As (status, code, sentence).
NO_TOKEN = (401, "not_authenticated", "No token was sent.")
TOKEN_TROUBLE = [
    (401, "token_not_valid", "The token is not valid, or no longer."),
    (401, "bad_authorization_header", "The header is not `Bearer <token>`."),
    (401, "user_not_found", "The user of this token does not exist any more."),
    (401, "user_inactive", "The user has been deactivated."),
    (401, "password_changed", "The user has another password since."),
]
NOTHING_THERE = (404, "not_found", "There is nothing with this id.")
OF_A_BODY = [
    _of(exceptions.ParseError),
    _of(BadRequest),
    _of(BodyTooLarge),
    (415, "unsupported_media_type", "The body is neither JSON nor a form."),
]
OF_A_KEY = [_of(idempotency.BadKey), _of(idempotency.InProgress), _of(idempotency.Mismatch)]
THROTTLED = (429, "throttled", "That was too often.")
ANYWHERE = [
    (406, "not_acceptable", "The header `Accept` wants something else than JSON."),
    _of(Busy),
    _of(Unavailable),
]

# Those that are the same wherever they are given, by the first of their codes.
SHARED = {
    NO_TOKEN[1]: "NotAuthenticated",
    IsOwner.code: "NotYours",
    NOTHING_THERE[1]: "NotFound",
    "not_acceptable": "NotAcceptable",
    idempotency.InProgress.default_code: "InProgress",
    BodyTooLarge.default_code: "BodyTooLarge",
    "unsupported_media_type": "UnsupportedMediaType",
    idempotency.Mismatch.default_code: "IdempotencyMismatch",
    THROTTLED[1]: "Throttled",
    Busy.default_code: "Unavailable",
}

FIELDS = "A field is missing or wrong: each is named with what is wrong with it."

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


def _said():
    text = openapi.Schema(type=openapi.TYPE_STRING)
    return {"detail": text, "code": text}


def _error():
    return openapi.Schema(
        type=openapi.TYPE_OBJECT, required=["detail", "code"], properties=_said() | _facts()
    )


def _sentences():
    return openapi.Schema(type=openapi.TYPE_ARRAY, items=openapi.Schema(type=openapi.TYPE_STRING))


def _field_errors():
    return openapi.Schema(
        type=openapi.TYPE_OBJECT,
        description=FIELDS,
        additional_properties=_sentences(),
    )


def _error_or_field_errors():
    both = {
        "type": openapi.TYPE_ARRAY,
        "items": {"description": "A seat, or what is wrong with the field."},
    }
    return openapi.Schema(
        type=openapi.TYPE_OBJECT,
        description="Either an Error or FieldErrors.",
        properties=_said() | _facts() | {"seat_numbers": both},
        additional_properties=_sentences(),
    )


SHAPES = {
    "Error": _error,
    "FieldErrors": _field_errors,
    "ErrorOrFieldErrors": _error_or_field_errors,
}


class Components(openapi.ReferenceResolver):
    """What the document says once: definitions, and responses."""

    def __init__(self, *scopes, **kwargs):
        super().__init__(*scopes, "responses", **kwargs)


def error_response(components, status, sentences, has_fields):
    """The answers of one status: a sentence for each code, and the shape of the body."""
    name = SHARED.get(next(iter(sentences), None))
    if name is None:
        return _response(components, status, sentences, has_fields)
    responses = components.with_scope("responses")
    responses.setdefault(name, lambda: _response(components, status, sentences, has_fields))
    return openapi.SwaggerDict(ref=f"#/responses/{name}")


def _response(components, status_code, sentences, has_fields):
    texts = ["\n".join(f"- `{code}`: {sentence}" for code, sentence in sentences.items())]
    if has_fields:
        texts.append(f"Or: {FIELDS}" if sentences else FIELDS)
    waits = status_code in (
        status.HTTP_409_CONFLICT,
        status.HTTP_429_TOO_MANY_REQUESTS,
        status.HTTP_503_SERVICE_UNAVAILABLE,
    )
    return openapi.Response(
        "\n\n".join(filter(None, texts)),
        _schema(components, list(sentences), has_fields),
        headers={"Retry-After": RETRY_AFTER} if waits else None,
        examples={"application/json": _example(sentences)},
    )


def _example(sentences):
    """Of the first: short, where the shape would show all the facts that there may be."""
    for code, sentence in sentences.items():
        return {"detail": sentence, "code": code}
    return {"field": ["This field is required."]}


def _schema(components, codes, has_fields):
    if not codes:
        return _shape(components, "FieldErrors")
    shape = _shape(components, "ErrorOrFieldErrors" if has_fields else "Error")
    code = openapi.Schema(type=openapi.TYPE_STRING, enum=codes)
    these = openapi.Schema(type=openapi.TYPE_OBJECT, properties={"code": code})
    return openapi.Schema(type=openapi.TYPE_OBJECT, all_of=[shape, these])


def _shape(components, name):
    definitions = components.with_scope(openapi.SCHEMA_DEFINITIONS)
    definitions.setdefault(name, SHAPES[name])
    return openapi.SchemaRef(definitions, name)
