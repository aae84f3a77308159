"""What follows from a view, besides what it says of itself."""

from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema
from drf_yasg.utils import force_serializer_instance
from rest_framework.settings import api_settings

from .. import idempotency
from ..errors import FIELD_OF_REFUSAL
from ..throttling import UserThrottle
from .errors import error_response
from .failures import (
    ANYWHERE,
    NO_TOKEN,
    NOT_STAFF,
    NOTHING_THERE,
    OF_A_BODY,
    OF_A_KEY,
    THROTTLED,
    TOKEN_TROUBLE,
    Failure,
)
from .fields import TruthfulInspector
from .parameters import (
    CURSOR,
    ETAG_HEADER,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    LINK_HEADER,
    PAGE_SIZE,
    REPLAYED_HEADER,
)
from .permissions import is_for_staff, is_personal


class AutoSchema(SwaggerAutoSchema):
    field_inspectors = [TruthfulInspector, *SwaggerAutoSchema.field_inspectors]

    @property
    def documented(self):
        """The operation in booking/api/docs.py."""
        return self.overrides["documented"]

    def get_consumes(self):
        return ["application/json"]  # forms, too, but a form with one field teaches nobody

    def get_security(self):
        if is_personal(self.view):
            return [{"Bearer": []}]
        return [{"Bearer": []}, {}] if self.view.authentication_classes else []  # {}: or nothing

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
        return [PAGE_SIZE, CURSOR] if self._is_paged() else []

    def get_responses(self):
        return openapi.Responses({**self._success(), **self._errors()})

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
        status = self.documented.status
        if status == 204:
            return {"204": openapi.Response("Done.")}
        schema = self.documented.response
        if not isinstance(schema, openapi.Schema):
            schema = self.serializer_to_schema(force_serializer_instance(schema))
        headers, more = {}, {}
        if self._is_idempotent():
            headers[idempotency.REPLAYED] = REPLAYED_HEADER
        if self._is_paged():
            schema = openapi.Schema(type=openapi.TYPE_ARRAY, items=schema)
            headers["Link"] = LINK_HEADER
        if self.documented.has_etag:
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
        if is_personal(self.view):
            yield NO_TOKEN
        if is_for_staff(self.view):
            yield NOT_STAFF
        if self.view.authentication_classes:
            yield from TOKEN_TROUBLE
        named = [
            Failure.of(error)
            for error in self.documented.errors
            if isinstance(error, Failure) or error not in FIELD_OF_REFUSAL
        ]
        if "{" in self.path and 404 not in [failure.status for failure in named]:
            yield NOTHING_THERE
        yield from named
        if self.method != "GET":
            yield from OF_A_BODY
        if self._is_idempotent():
            yield from OF_A_KEY
        if self._is_throttled():
            yield THROTTLED
        yield from ANYWHERE
