"""Checks every request and response of every test client against the OpenAPI document.

A response fails its test if its status, code, fact, field, type or header is not documented; so
does a request that succeeds although the document does not allow it. Requests to real servers
(the README's commands, torture) are not checked.
"""

import json
import re
from contextlib import contextmanager
from functools import cache
from io import BytesIO

from django.conf import settings
from django.http import QueryDict
from django.http.multipartparser import MultiPartParser
from django.test import Client

from booking.exceptions import Refusal
from booking.tests.openapi_document import document, query_parameters

METHODS = ("get", "post", "put", "patch", "delete")
SENTENCES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
FIELD_ERRORS = {"type": "object", "additionalProperties": SENTENCES, "minProperties": 1}
CODES = {**SENTENCES, "items": {"type": "string", "pattern": "^[a-z_]+$"}}
FIELD_CODES = {**FIELD_ERRORS, "additionalProperties": CODES}
REQUIRED_HEADERS = ("Retry-After", "ETag")  # where they are documented
UNDOCUMENTED_OPERATION_CODES = {  # for an unknown endpoint or method
    *("not_found", "method_not_allowed", "bad_request", "https_required", "body_too_large"),
    *("length_required", "unsupported_content_encoding"),
    *("not_authenticated", "token_not_valid", "bad_authorization_header", "user_not_found"),
    *("user_inactive", "password_changed", "throttled", "server_error", "busy", "unavailable"),
    "permission_denied",
}


def check_every_response():
    """Patch Django's test client, for the rest of the test run."""
    original = Client.generic

    def generic(client, method, path, data="", *args, **kwargs):
        response = original(client, method, path, data, *args, **kwargs)
        check(Request(response.wsgi_request, data), response)
        return response

    Client.generic = generic


@contextmanager
def allow_unknown_fields():
    """For tests that send fields which the API ignores."""
    Request.may_have_unknown_fields = True
    try:
        yield
    finally:
        Request.may_have_unknown_fields = False


class Request:
    may_have_unknown_fields = False

    def __init__(self, request, data):
        self.is_head = request.method == "HEAD"
        self.method = "get" if self.is_head else request.method.lower()
        self.path = request.path
        self.meta = request.META
        self.query = QueryDict(self.meta.get("QUERY_STRING", ""))
        self.has_token = "HTTP_AUTHORIZATION" in self.meta
        self.data = data.encode() if isinstance(data, str) else data

    def __str__(self):
        return f"{self.method.upper()} {self.path}"

    def body(self, fields):
        """The body as JSON would have it; None for an unknown content type."""
        content_type = self.meta.get("CONTENT_TYPE", "").partition(";")[0]
        if content_type == "application/json":
            return json.loads(self.data)
        if content_type == "application/x-www-form-urlencoded":
            form = QueryDict(self.data)
        elif content_type == "multipart/form-data":
            form, _ = MultiPartParser(self.meta, BytesIO(self.data), []).parse()
        else:
            return None
        return {
            name: values if fields.get(name, {}).get("type") == "array" else values[-1]
            for name, values in form.lists()
        }


def check(request, response):
    """Raise AssertionError if the request or the response is not as documented."""
    if not request.path.startswith("/api/") or request.method not in METHODS:
        return
    operation = document().operation(request)
    if operation is None:
        problems = [*undocumented_operation_problems(request, response)]
    else:
        problems = [*response_problems(request, operation, response)]
        if response.status_code < 300 and not request.may_have_unknown_fields:
            problems += request_problems(request, operation)
    if problems:
        raise AssertionError(
            f"Not as in the schema: {request} -> {response.status_code}: " + "; ".join(problems)
        )


def undocumented_operation_problems(request, response):
    if response.status_code < 400:
        yield "this operation is not documented"
    elif not request.is_head:
        body = json.loads(response.content)
        yield from document().violations({"$ref": "#/definitions/ApiError"}, body)
        if body.get("code") not in UNDOCUMENTED_OPERATION_CODES:
            yield f"the code {body.get('code')} is not documented"


def response_problems(request, operation, response):
    documented = operation["responses"].get(str(response.status_code))
    if documented is None:
        yield "this status is not documented"
        return
    documented = document().resolve_response(documented)
    yield from header_problems(documented.get("headers", {}), response)
    if "schema" not in documented:
        if response.content:
            yield "a body is not documented"
    elif documented["schema"] == {"type": "file"}:
        media_type = response["Content-Type"].partition(";")[0]
        if media_type != operation["produces"][0]:
            yield f"the content type is {media_type}"
    elif not request.is_head:
        if response["Content-Type"] != "application/json":
            yield f"the content type is {response['Content-Type']}"
        body = json.loads(response.content)
        yield from document().violations(documented["schema"], body)
        if response.status_code >= 400:
            yield from error_problems(operation, body)


def header_problems(documented, response):
    """Errors in the headers. X-Request-ID is described once, in the document's introduction."""
    for name in {*settings.CORS_EXPOSE_HEADERS} - {"X-Request-ID"}:
        if name in response and name not in documented:
            yield f"the header {name} is not documented"
        elif name in response:
            value = convert_text(response[name], documented[name])
            yield from document().violations(documented[name], value, name)
        elif name in documented and name in REQUIRED_HEADERS:
            yield f"the header {name} is missing"


def error_problems(operation, body):
    """What Swagger 2.0 cannot express: each code has its own facts; without a code, the body has
    field errors only, each with a code."""
    if "code" in body:
        facts = {name: body[name] for name in body.keys() - {"detail", "code"}}
        if facts.keys() != facts_of(body["code"]):
            yield f"the facts of {body['code']} are {sorted(facts)}"
        for name in facts.keys() & document().facts.keys():
            yield from document().violations(document().facts[name], facts[name], name)
    else:
        errors = {name: body[name] for name in body.keys() - {"codes"}}
        codes = body.get("codes")
        yield from document().violations(FIELD_ERRORS, errors)
        yield from document().violations(FIELD_CODES, codes, "codes")
        if shape_of(errors) != shape_of(codes):
            yield f"the codes are {codes}"
        known = {
            "non_field_errors",
            *document().body_fields(operation),
            *query_parameters(operation),
        }
        unknown = errors.keys() - known
        if query_parameters(operation):
            unknown = {name for name in unknown if body[name] != ["Unknown parameter."]}
        if unknown:
            yield f"these fields are not documented: {sorted(unknown)}"


def shape_of(errors):
    """How many errors each field has; None if they are not lists by field."""
    if isinstance(errors, dict) and all(isinstance(each, list) for each in errors.values()):
        return {name: len(each) for name, each in errors.items()}
    return None


def request_problems(request, operation):
    """Of a request that succeeded. Numbers and booleans may be text, as in forms, and empty query
    parameters are ignored."""
    if {} not in operation["security"] and operation["security"] and not request.has_token:
        yield "it succeeded without a token"
    parameters = query_parameters(operation)
    for name, values in request.query.lists():
        if name not in parameters:
            yield f"the query parameter {name} is not documented"
        elif values[-1].strip():
            value = convert_text(values[-1], parameters[name])
            yield from document().violations(parameters[name], value, f"?{name}")
    if fields := document().body_fields(operation):
        body = request.body(fields)
        if isinstance(body, dict):
            body = {name: convert_text(value, fields.get(name, {})) for name, value in body.items()}
        yield from document().violations(document().body_schema(operation), body, "request")


def convert_text(value, schema):
    """Text to the schema's integer or boolean, if it is one."""
    if isinstance(value, list):
        return [convert_text(each, schema.get("items", {})) for each in value]
    if not isinstance(value, str):
        return value
    if schema.get("type") == "integer" and re.fullmatch("[0-9]+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def all_refusals(base=Refusal):
    for refusal in base.__subclasses__():
        yield refusal
        yield from all_refusals(refusal)


@cache
def facts_of(code):
    return {name for kind in all_refusals() if kind.code == code for name in kind.example}
