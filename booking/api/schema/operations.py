"""The document behind Swagger UI: what drf-yasg can see for itself, and what it cannot.

A view says with `operation` what it takes, gives and refuses. The rest follows from the view:
security from its permissions, query parameters from its filter and paging, and from all of these
what may go wrong besides.
"""

import re

from django.urls import get_resolver
from django.utils.decorators import method_decorator
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.inspectors import FieldInspector, SwaggerAutoSchema
from drf_yasg.utils import force_serializer_instance, no_body, swagger_auto_schema
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.settings import api_settings

from ..models.idempotency_keys import LONGEST_KEY
from . import idempotency
from .errors import FIELD_OF_REFUSAL
from .fields import MomentField
from .pagination import CursorPagination
from .schema_errors import (
    ANYWHERE,
    NO_TOKEN,
    NOTHING_THERE,
    OF_A_BODY,
    OF_A_KEY,
    THROTTLED,
    TOKEN_TROUBLE,
    Components,
    Failure,
    error_response,
)
from .throttling import UserThrottle

INFO = openapi.Info(
    title="Movie booking",
    default_version="1",
    description=(
        "A cinema sells numbered seats for shows. List movies and their shows without an "
        "account; to book a seat, sign up, log in, press **Authorize** and paste the `access` "
        "token.\n\n"
        "Bodies may be JSON or form-encoded; what an operation does not name is ignored. Times "
        "are ISO 8601 in UTC. Errors are "
        '`{"detail": "<sentence>", "code": "<stable word>"}`; errors of a field are '
        '`{"<field>": ["<sentence>"]}`. Go by the code: sentences may change. A method that an '
        "address does not have is 405 `method_not_allowed`.\n\n"
        "Every answer has a header `X-Request-ID`, the one that was sent or a new one: name it "
        "when something went wrong."
    ),
)

URLS = "booking.api.urls"

TAGS = [
    ("Start", "An address to begin with."),
    ("Accounts", "Sign up and log in."),
    ("Movies", "What is shown."),
    ("Shows", "When and where it is shown, and how many seats are free."),
    ("Reservations", "Several seats in one go, booked at once or held for a while."),
    ("Bookings", "Single seats: bought, changed and given back."),
]


def operation(
    name,
    summary,
    *,
    tag,
    description="",
    takes=None,
    gives=None,
    status=200,
    conditional=False,
    errors=(),
):
    """Documents a view's method: its name in generated clients, its one sentence, the
    serializer it reads, the serializer (or schema) it answers, whether it has an ETag, and what
    may go wrong: refusals, or failures of another kind."""
    return swagger_auto_schema(
        operation_id=name,
        operation_summary=summary,
        operation_description=description,
        tags=[tag],
        request_body=takes or no_body,
        gives=gives,
        success=status,
        conditional=conditional,
        errors=errors,
    )


def documented(**operations):
    """The same for methods that a class inherits: `@documented(list=operation(…))`."""

    def decorate(view_class):
        for method, decorator in operations.items():
            view_class = method_decorator(decorator, name=method)(view_class)
        return view_class

    return decorate


class SchemaGenerator(OpenAPISchemaGenerator):
    """What the public may call."""

    reference_resolver_class = Components

    def get_endpoints(self, request):
        endpoints = super().get_endpoints(request)
        return {path: each for path, each in endpoints.items() if self.is_shown(each[0])}

    def is_shown(self, view_class):
        return IsAdminUser not in view_class.permission_classes

    def get_schema(self, request=None, public=False):
        schema = super().get_schema(request, public)
        schema.tags = [{"name": name, "description": text} for name, text in TAGS]
        schema.paths = openapi.Paths(dict(sorted(schema.paths.items(), key=_place)))
        return schema

    def determine_path_prefix(self, paths):
        return ""  # addresses in full, whichever of them there are

    def get_security_requirements(self, security_definitions):
        return None  # each operation says its own

    def get_path_parameters(self, path, view_cls):
        parameters = super().get_path_parameters(path, view_cls)
        for parameter in parameters:
            noun = path.split("/")[2].removesuffix("s")
            parameter.description = f"The {noun}'s {parameter.name}."
            if parameter.name == "id":
                parameter.type = openapi.TYPE_INTEGER
        return parameters

    def get_path_item(self, path, view_cls, operations):
        """With the path's parameters in each operation, in front: pages show them in that order."""
        item = super().get_path_item(path, view_cls, operations)
        of_path = item.pop("parameters")
        for operation in operations.values():
            operation.parameters = [*of_path, *operation.parameters]
        return item


def _place(path_and_item):
    """Among the addresses as api/urls.py lists them, which begins with signing up."""
    places = [
        re.sub("<.*?>", "{}", f"/api/{url.pattern}") for url in get_resolver(URLS).url_patterns
    ]
    path = re.sub("{.*?}", "{}", path_and_item[0])
    return places.index(path) if path in places else len(places)


class StaffSchemaGenerator(SchemaGenerator):
    """What the staff may call, all of the public's included."""

    def is_shown(self, view_class):
        return True


class AnswerInspector(FieldInspector):
    """What is answered is there, null or not, and a text may be empty, whatever input would have
    to be."""

    def process_result(self, result, method_name, obj, **kwargs):
        if method_name != "field_to_swagger_object":
            return result
        if isinstance(obj, serializers.Serializer):
            self._require(openapi.resolve_ref(result, self.components), obj)
        elif isinstance(obj, serializers.CharField):
            if obj.read_only:
                result.pop("minLength", None)
            if obj.read_only or obj.allow_blank:
                result.pop("format", None)  # nothing is no address
        elif isinstance(obj, MomentField):
            result.pop("format", None)  # a date alone will do
        return result

    def _require(self, schema, serializer):
        fields = serializer.fields.items()
        required = [name for name, field in fields if field.required or field.read_only]
        schema.required = required or None
        for name in required:
            if schema.properties[name].get("x-nullable"):
                # Generators of clients take what may be null for what may be absent, but for this.
                schema.properties[name]["x-omitempty"] = False


class AutoSchema(SwaggerAutoSchema):
    field_inspectors = [AnswerInspector, *SwaggerAutoSchema.field_inspectors]

    def get_consumes(self):
        return ["application/json"]  # forms, too, but a form with one field teaches nobody

    def get_security(self):
        if self._is_personal():
            return [{"Bearer": []}]
        return [{"Bearer": []}, {}] if self.view.authentication_classes else []  # {}: or nothing

    def add_manual_parameters(self, parameters):
        if self._is_idempotent():
            parameters = [*parameters, IDEMPOTENCY_KEY]
        if self.overrides["conditional"]:
            parameters = [*parameters, IF_NONE_MATCH]
        return super().add_manual_parameters(parameters)

    def get_query_serializer(self):
        filter_class = getattr(self.view, "filter_class", None)
        return filter_class() if filter_class and self.has_list_response() else None

    def get_pagination_parameters(self):
        if not self._is_paged():
            return []
        return [
            openapi.Parameter(
                "page_size",
                openapi.IN_QUERY,
                type=openapi.TYPE_INTEGER,
                minimum=1,
                default=CursorPagination.page_size,
                description=f"How many at once, {CursorPagination.largest_page_size} at the most.",
            ),
            openapi.Parameter(
                "cursor",
                openapi.IN_QUERY,
                type=openapi.TYPE_STRING,
                description="Where the page begins. Follow the `Link` header rather than "
                "writing one.",
            ),
        ]

    def get_responses(self):
        return openapi.Responses({**self._success(), **self._errors()})

    def _is_personal(self):
        return IsAuthenticated in self.view.permission_classes

    def _is_idempotent(self):
        action = getattr(self.view, getattr(self.view, "action", None) or self.method.lower())
        return getattr(action, "is_idempotent", False)

    def _is_paged(self):
        return self.has_list_response() and bool(getattr(self.view, "pagination_class", None))

    def _is_throttled(self):
        """UserThrottle counts those only who are logged in."""
        throttles = self.view.throttle_classes
        known = self.view.authentication_classes and UserThrottle in throttles
        guarded = self.method in getattr(self.view, "takes_password", ())
        return bool(known or guarded or set(throttles) - {UserThrottle})

    def _success(self):
        status = self.overrides.get("success", 200)
        if status == 204:
            return {"204": openapi.Response("Done.")}
        schema = self.overrides.get("gives") or self.get_view_serializer()
        if not isinstance(schema, openapi.Schema):
            schema = self.serializer_to_schema(force_serializer_instance(schema))
        headers, more = {}, {}
        if self._is_idempotent():
            headers[idempotency.REPLAYED] = REPLAYED_HEADER
        if self._is_paged():
            schema = openapi.Schema(type=openapi.TYPE_ARRAY, items=schema)
            headers["Link"] = LINK_HEADER
        if self.overrides["conditional"]:
            headers["ETag"] = ETAG_HEADER
            more["304"] = openapi.Response("It is still the same.", headers=dict(headers))
        description = "Created." if status == 201 else "Done."
        answer = openapi.Response(description, schema, headers=headers or None)
        return {str(status): answer, **more}

    def _errors(self):
        failures = {}
        for failure in self._what_may_go_wrong():
            failures.setdefault(failure.status, []).append(failure)
        return {
            str(status): error_response(
                self.components, failures[status], self._fields() if status == 400 else []
            )
            for status in sorted(failures)
        }

    def _fields(self):
        """The names of all that may be sent and wrong."""
        asked = [parameter.name for parameter in self.get_query_parameters()]
        body = self.get_request_serializer()
        return [*asked, *body.fields, api_settings.NON_FIELD_ERRORS_KEY] if body else asked

    def _what_may_go_wrong(self):
        if self._is_personal():
            yield NO_TOKEN
        if self.view.authentication_classes:
            yield from TOKEN_TROUBLE
        if "{" in self.path:
            yield NOTHING_THERE
        for error in self.overrides.get("errors", ()):
            if isinstance(error, Failure):
                yield error
            elif error not in FIELD_OF_REFUSAL:
                yield Failure.of_refusal(error)
        if self.method != "GET":
            yield from OF_A_BODY
        if self._is_idempotent():
            yield from OF_A_KEY
        if self._is_throttled():
            yield THROTTLED
        yield from ANYWHERE


def links(names):
    """An object of addresses."""
    address = openapi.Schema(type=openapi.TYPE_STRING, format=openapi.FORMAT_URI)
    return openapi.Schema(
        type=openapi.TYPE_OBJECT, properties=dict.fromkeys(names, address), required=list(names)
    )


IDEMPOTENCY_KEY = openapi.Parameter(
    idempotency.HEADER,
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    max_length=LONGEST_KEY + 2,  # with quotes
    description="Makes it safe to send the request again: the same key, such as a UUID, for the "
    "same request, and what was done is not done again but answered again. For a day.",
)

IF_NONE_MATCH = openapi.Parameter(
    "If-None-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="The `ETag` of the answer that one has: 304 if it is still the same.",
)

ETAG_HEADER = {"type": "string", "description": "Of this answer, for `If-None-Match`."}

REPLAYED_HEADER = {
    "type": "string",
    "description": "`true`: this is the answer to an earlier request with the same "
    f"`{idempotency.HEADER}`.",
}

LINK_HEADER = {
    "type": "string",
    "description": 'The next page, if there is one: `<address>; rel="next"`.',
}
