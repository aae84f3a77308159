"""Error responses of the OpenAPI document.

A response that many operations share is written once, under `responses`, with its schema under
`definitions`.
"""

from drf_yasg import openapi
from rest_framework import status

from .errors import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    DATABASE_ERRORS,
    HTTPS_REQUIRED,
    IDEMPOTENCY_MISMATCH,
    IN_PROGRESS,
    LENGTH_REQUIRED,
    NOT_ACCEPTABLE,
    NOT_AUTHENTICATED,
    NOT_FOUND,
    NOT_YOURS,
    RESERVATION_NOT_FOUND,
    SERVER_ERROR,
    SHOW_NOT_FOUND,
    THROTTLED,
    TOKEN_ERRORS,
    UNSUPPORTED_CONTENT_ENCODING,
    UNSUPPORTED_MEDIA_TYPE,
)

SHARED_RESPONSES = {
    "BadRequest": [BAD_REQUEST],
    "NotAuthenticated": [NOT_AUTHENTICATED, *TOKEN_ERRORS],
    "HttpsRequired": [HTTPS_REQUIRED],
    "NotYours": [NOT_YOURS, HTTPS_REQUIRED],
    "NotFound": [NOT_FOUND],
    "NoShow": [SHOW_NOT_FOUND],
    "NoReservation": [RESERVATION_NOT_FOUND],
    "NotAcceptable": [NOT_ACCEPTABLE],
    "InProgress": [IN_PROGRESS],
    "LengthRequired": [LENGTH_REQUIRED],
    "BodyTooLarge": [BODY_TOO_LARGE],
    "UnsupportedMediaType": [UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_CONTENT_ENCODING],
    "IdempotencyMismatch": [IDEMPOTENCY_MISMATCH],
    "Throttled": [THROTTLED],
    "ServerError": [SERVER_ERROR],
    "Unavailable": DATABASE_ERRORS,
}

STATUSES_WITH_RETRY_AFTER = (
    status.HTTP_409_CONFLICT,
    status.HTTP_429_TOO_MANY_REQUESTS,
    status.HTTP_503_SERVICE_UNAVAILABLE,
)
RETRY_AFTER_HEADER = {"type": "integer", "description": "Seconds to wait before trying again."}

FIELD_ERRORS = (
    "Or a field is missing or invalid: the body maps each such field to its errors, "
    "and `codes` maps it to their codes."
)


class ReferenceResolver(openapi.ReferenceResolver):
    """drf-yasg's registry of definitions, with shared responses as well."""

    def __init__(self, *scopes, **kwargs):
        super().__init__(*scopes, "responses", **kwargs)


def error_response(components, errors, fields, *, any_field=False):
    """Response for the errors of one status.

    `fields` are the names that may have field errors; with `any_field` others may have them, too.
    """
    if fields:
        return _response(errors, _schema_with_field_errors(errors, fields, any_field), FIELD_ERRORS)
    name = next((name for name, shared in SHARED_RESPONSES.items() if shared == errors), None)
    if name is None:
        return _response(errors, _schema(components, errors))
    definitions = components.with_scope(openapi.SCHEMA_DEFINITIONS)
    definitions.setdefault(name, lambda: _schema(components, errors))
    schema = openapi.SchemaRef(definitions, name)
    components.with_scope("responses").setdefault(name, lambda: _response(errors, schema))
    return openapi.SwaggerDict(ref=f"#/responses/{name}")


def _response(errors, schema, note=""):
    retry_after = errors[0].status in STATUSES_WITH_RETRY_AFTER
    return openapi.Response(
        "\n".join(map(_description, errors)) + (f"\n\n{note}" if note else ""),
        schema,
        headers={"Retry-After": RETRY_AFTER_HEADER} if retry_after else None,
        examples={"application/json": _richest(errors).body()},
    )


def _description(error):
    facts = ", ".join(f"`{name}`" for name in error.facts)
    return f"- `{error.code}`: {error.sentence}" + (f" With {facts}." if facts else "")


def _richest(errors):
    """The error with the most facts, for the example."""
    return max(errors, key=lambda error: len(error.facts))


def _schema(components, errors):
    definitions = components.with_scope(openapi.SCHEMA_DEFINITIONS)
    definitions.setdefault("ApiError", _api_error)
    details = openapi.Schema(type=openapi.TYPE_OBJECT, properties=_code_and_facts(errors))
    return openapi.Schema(
        type=openapi.TYPE_OBJECT, all_of=[openapi.SchemaRef(definitions, "ApiError"), details]
    )


def _schema_with_field_errors(errors, fields, any_field):
    """Properties of both kinds of body, as Swagger 2.0 has no `oneOf`.

    A name that is a fact and a field (`seat_numbers`) has two types, so it is left out and
    additional properties are allowed.
    """
    properties = {"detail": _string()} | _code_and_facts(errors)
    ambiguous = properties.keys() & set(fields)
    properties |= {name: _strings() for name in fields}
    properties["codes"] = openapi.Schema(
        type=openapi.TYPE_OBJECT,
        description="Codes of the errors of each field, in the order of its sentences.",
        properties={name: _strings() for name in fields},
        additional_properties=True if any_field else None,
    )
    return openapi.Schema(
        type=openapi.TYPE_OBJECT,
        properties={name: each for name, each in properties.items() if name not in ambiguous},
        additional_properties=True if ambiguous or any_field else None,
    )


def _code_and_facts(errors):
    codes = [error.code for error in errors]
    facts = {name for error in errors for name in error.facts}
    code = openapi.Schema(type=openapi.TYPE_STRING, enum=codes)
    return {"code": code} | {name: each for name, each in fact_schemas().items() if name in facts}


def fact_schemas():
    """Schema of each fact that a refusal can have."""
    return {
        "seat_numbers": _seats("The seats concerned."),
        "alternatives": _seats("Free seats near them, nearest first."),
        "still_free": _seats("Which of the seats are free."),
        "available_seats": _integer("Free seats of the show."),
        "limit": _integer("How many seats of a show one customer can have."),
        "seats": _integer("How many seats of the show the customer has."),
        "retry_after": _integer("Seconds to wait before trying again."),
        "bookable_until": _datetime("When sales closed."),
        "cancel_until": _datetime("Until when it could be cancelled."),
        "cancelled_at": _datetime("When it was cancelled.", x_nullable=True),
        **_facts_of_tickets(),
    }


def _facts_of_tickets():
    return {
        "status": _string("Of the booking: held or expired."),
        "show_cancelled": openapi.Schema(
            type=openapi.TYPE_BOOLEAN, description="Whether the cinema has cancelled the show."
        ),
        "seat_number": _integer("The seat that the booking has now."),
        "seat_label": _string("Its row and place, such as B2."),
        "show": _integer("Id of the ticket's show."),
        "movie": _string("Its movie."),
        "screen_name": _string("Its screen."),
        "date_time": _datetime("When it starts."),
        "starts": _string("The same in words, in the cinema's time zone."),
        "doors_open_at": _datetime("From when on tickets are checked in."),
        "opens": _string("The same in words, in the cinema's time zone."),
        "ends_at": _datetime("When the show ended."),
        "ended": _string("The same in words, in the cinema's time zone."),
        "admitted_at": _datetime("When the ticket was checked in."),
        "admitted_by": openapi.Schema(
            type=openapi.TYPE_STRING,
            description="Username of who checked it in; null if that account was deleted.",
            x_nullable=True,
        ),
        "at": _string("When, in words, in the cinema's time zone."),
        "undo_until": _datetime("Until when it could be undone."),
        "minutes": _integer("For how long it can be undone."),
    }


def _api_error():
    return openapi.Schema(
        type=openapi.TYPE_OBJECT,
        required=["detail", "code"],
        properties={"detail": _string(), "code": _string()},
    )


def _string(description=None):
    return openapi.Schema(type=openapi.TYPE_STRING, description=description)


def _strings():
    return openapi.Schema(type=openapi.TYPE_ARRAY, items=_string())


def _integer(description):
    return openapi.Schema(type=openapi.TYPE_INTEGER, description=description)


def _seats(description):
    seat = openapi.Schema(type=openapi.TYPE_INTEGER)
    return openapi.Schema(type=openapi.TYPE_ARRAY, items=seat, description=description)


def _datetime(description, **extra):
    return openapi.Schema(
        type=openapi.TYPE_STRING,
        format=openapi.FORMAT_DATETIME,
        description=description,
        **extra,
    )
