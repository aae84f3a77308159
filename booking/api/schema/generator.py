"""drf-yasg generators of the OpenAPI documents: the public one, and the one for staff."""

import re

from django.urls import get_resolver
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.utils import no_body

from ..docs import OPERATIONS
from .error_responses import ReferenceResolver
from .errors import (
    BODY_TOO_LARGE,
    DATABASE_ERRORS,
    IDEMPOTENCY_MISMATCH,
    LENGTH_REQUIRED,
    NOT_ACCEPTABLE,
    SERVER_ERROR,
    THROTTLED,
    UNSUPPORTED_CONTENT_ENCODING,
    UNSUPPORTED_MEDIA_TYPE,
)
from .permissions import is_for_staff

# Swagger UI folds their statuses in each operation (static/booking/swagger-errors.js).
ERRORS_OF_ANY_CALL = [
    NOT_ACCEPTABLE,
    LENGTH_REQUIRED,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    UNSUPPORTED_CONTENT_ENCODING,
    IDEMPOTENCY_MISMATCH,
    THROTTLED,
    SERVER_ERROR,
    *DATABASE_ERRORS,
]

INFO = openapi.Info(
    title="Movie booking",
    default_version="1.0.0",
    description=(
        "A cinema sells numbered seats for shows. List movies and their shows without an "
        "account. To book a seat, sign up and log in: Swagger UI then sends the token with each "
        "call. Or press **Authorize** and paste an `access` token. For client generators the same "
        "schema is at `/openapi.json`, as OpenAPI 3.1.\n\n"
        "Bodies may be JSON or form-encoded. Unknown fields and empty query parameters are "
        "ignored; of a repeated parameter, the last value counts. A query parameter that a list "
        "does not know is a 400. Times are ISO 8601 in UTC.\n\n"
        'Errors are `{"detail": "<sentence>", "code": "<stable word>"}`; field errors are '
        '`{"<field>": ["<sentence>"], "codes": {"<field>": ["<stable word>"]}}`. Rely on the '
        "codes: sentences may change. A method that an endpoint does not have is 405 "
        "`method_not_allowed`.\n\n"
        "Every response has the header `X-Request-ID`, yours or a new one: quote it when you "
        "report a problem.\n\n"
        "A 503, or no response at all, leaves open whether the request was done. Send it again "
        "with the same `Idempotency-Key`; without one, look at `GET /api/my-bookings/` first.\n\n"
        "**Errors that any call may give**\n\n"
        + "\n".join(
            f"- {each.status} `{each.code}`: {each.sentence}" for each in ERRORS_OF_ANY_CALL
        )
    ),
)

URLS = "booking.api.urls"

TAGS = [
    ("Start", "Links to the other endpoints."),
    ("Accounts", "Sign up and log in."),
    ("Movies", "What is shown."),
    ("Shows", "When and where a movie is shown, and how many seats are free."),
    ("Reservations", "Several seats at once, booked or held for a while."),
    ("Bookings", "Single seats: book, move and cancel."),
    ("Tickets", "For booked seats: to show, to print and for calendars."),
    ("Door", "Check tickets in. For staff of the role Door and above."),
]


class SchemaGenerator(OpenAPISchemaGenerator):
    """Documents the endpoints that are not for staff only."""

    reference_resolver_class = ReferenceResolver
    for_staff = False

    def should_include_endpoint(self, path, method, view, public):
        included = self.for_staff or not is_for_staff(view)
        return included and super().should_include_endpoint(path, method, view, public)

    def get_overrides(self, view, method):
        """From booking/api/docs/, so that views need no decorators."""
        documented = OPERATIONS[type(view)][getattr(view, "action", None) or method.lower()]
        return {
            "operation_id": documented.id,
            "operation_summary": documented.summary,
            "operation_description": documented.description,
            "tags": [documented.tag],
            "request_body": documented.request or no_body,
            "documented": documented,
        }

    def get_schema(self, request=None, public=False):
        schema = super().get_schema(request, public)
        schema.paths = openapi.Paths(dict(sorted(schema.paths.items(), key=_position)))
        used = {
            tag for item in schema.paths.values() for each in item.values() for tag in each.tags
        }
        schema.tags = [{"name": name, "description": text} for name, text in TAGS if name in used]
        return schema

    def determine_path_prefix(self, paths):
        return ""  # full paths, whatever prefix they have in common

    def get_security_requirements(self, security_definitions):
        return None  # each operation states its own

    def get_path_parameters(self, path, view_cls):
        parameters = super().get_path_parameters(path, view_cls)
        for parameter in parameters:
            noun = path.split("/")[2].removesuffix("s")
            parameter.description = f"The {noun}'s {parameter.name}."
            if parameter.name == "id":
                parameter.type = openapi.TYPE_INTEGER
        return parameters

    def get_path_item(self, path, view_cls, operations):
        """Moves the path's parameters to the front of each operation's."""
        item = super().get_path_item(path, view_cls, operations)
        of_path = item.pop("parameters")
        for operation in operations.values():
            operation.parameters = [*of_path, *operation.parameters]
        return item


def _position(path_and_item):
    """Position of a path in api/urls.py."""
    urls = [re.sub("<.*?>", "{}", f"/api/{url.pattern}") for url in get_resolver(URLS).url_patterns]
    path = re.sub("{.*?}", "{}", path_and_item[0])
    return urls.index(path) if path in urls else len(urls)


class StaffSchemaGenerator(SchemaGenerator):
    """Documents all endpoints."""

    for_staff = True
