"""drf-yasg inspector of an operation: booking/api/docs/, and what follows from the view."""

from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema
from drf_yasg.utils import force_serializer_instance
from rest_framework.settings import api_settings

from ...throttling import UserThrottle
from .. import idempotency
from ..errors import FIELD_OF_REFUSAL
from ..negotiation import AnyMediaType
from .error_responses import error_response
from .errors import (
    BODY_ERRORS,
    COMMON_ERRORS,
    IDEMPOTENCY_ERRORS,
    NOT_ACCEPTABLE,
    NOT_AUTHENTICATED,
    NOT_FOUND,
    PERMISSION_DENIED,
    THROTTLED,
    TOKEN_ERRORS,
    ApiError,
)
from .field_inspector import CorrectingFieldInspector
from .parameters import (
    CURSOR,
    ETAG_HEADER,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    LINK_HEADER,
    PAGE_SIZE,
    REPLAYED_HEADER,
)
from .permissions import is_for_staff, requires_login


class AutoSchema(SwaggerAutoSchema):
    field_inspectors = [CorrectingFieldInspector, *SwaggerAutoSchema.field_inspectors]

    @property
    def documented(self):
        """The Operation in booking/api/docs/."""
        return self.overrides["documented"]

    def get_consumes(self):
        return ["application/json"]  # Swagger UI shows no form where there is a choice

    def get_produces(self):
        json = super().get_produces()
        media_type = self.documented.media_type
        return json if media_type in json else [media_type, *json]  # errors are JSON

    def get_security(self):
        if requires_login(self.view):
            return [{"Bearer": []}]
        return [{"Bearer": []}, {}] if self.view.authentication_classes else []  # {}: optional

    def add_manual_parameters(self, parameters):
        if self._is_idempotent():
            parameters = [*parameters, IDEMPOTENCY_KEY]
        if self.documented.has_etag:
            parameters = [*parameters, IF_NONE_MATCH]
        return super().add_manual_parameters(parameters)

    def get_query_serializer(self):
        filter_class = getattr(self.view, "filter_class", None)
        return filter_class() if filter_class and self.has_list_response() else None

    def get_pagination_parameters(self):
        return [PAGE_SIZE, CURSOR] if self._is_paginated() else []

    def get_responses(self):
        return openapi.Responses({**self._success_responses(), **self._error_responses()})

    def _is_idempotent(self):
        action = getattr(self.view, getattr(self.view, "action", None) or self.method.lower())
        return getattr(action, "is_idempotent", False)

    def _is_paginated(self):
        return self.has_list_response() and bool(getattr(self.view, "pagination_class", None))

    def _is_throttled(self):
        """UserThrottle counts logged-in users only."""
        throttles = self.view.throttle_classes
        by_user = self.view.authentication_classes and UserThrottle in throttles
        by_password = self.method in getattr(self.view, "password_methods", ())
        return bool(by_user or by_password or set(throttles) - {UserThrottle})

    def _success_responses(self):
        status = self.documented.status
        if status == 204:
            return {"204": openapi.Response("Done.")}
        schema = self.documented.response
        if not isinstance(schema, openapi.Schema):
            schema = self.serializer_to_schema(force_serializer_instance(schema))
        headers, not_modified = {}, {}
        if self._is_idempotent():
            headers[idempotency.REPLAYED] = REPLAYED_HEADER
        if self._is_paginated():
            schema = openapi.Schema(type=openapi.TYPE_ARRAY, items=schema)
            headers["Link"] = LINK_HEADER
        if self.documented.has_etag:
            headers["ETag"] = ETAG_HEADER
            not_modified["304"] = openapi.Response("Not modified.", headers=dict(headers))
        description = "Created." if status == 201 else "Done."
        success = openapi.Response(description, schema, headers=headers or None)
        return {str(status): success, **not_modified}

    def _error_responses(self):
        by_status = {}
        for error in self._errors():
            by_status.setdefault(error.status, []).append(error)
        return {
            str(status): error_response(
                self.components,
                by_status[status],
                self._fields() if status == 400 else [],
                any_field=bool(self.get_query_parameters()),  # unknown ones are errors by name
            )
            for status in sorted(by_status)
        }

    def _fields(self):
        """Names of all query parameters and body fields that may have field errors."""
        query = [parameter.name for parameter in self.get_query_parameters()]
        body = self.get_request_serializer()
        if not body:
            return query
        fields = [
            name for name, field in body.fields.items() if getattr(field, "has_field_errors", True)
        ]
        return [*query, *fields, api_settings.NON_FIELD_ERRORS_KEY]

    def _errors(self):
        if requires_login(self.view):
            yield NOT_AUTHENTICATED
        if is_for_staff(self.view):
            yield PERMISSION_DENIED
        if self.view.authentication_classes:
            yield from TOKEN_ERRORS
        field_errors = list(FIELD_OF_REFUSAL)  # these have no code
        own = [ApiError.of(e) for e in self.documented.errors if e not in field_errors]
        if "{" in self.path and 404 not in [error.status for error in own]:
            yield NOT_FOUND
        yield from own
        if self.documented.request or self._is_idempotent():  # otherwise the body is not read
            yield from BODY_ERRORS
        if self._is_idempotent():
            yield from IDEMPOTENCY_ERRORS
        if self._is_throttled():
            yield THROTTLED
        accepts_any = self.view.content_negotiation_class is AnyMediaType
        yield from (each for each in COMMON_ERRORS if each != NOT_ACCEPTABLE or not accepts_any)
