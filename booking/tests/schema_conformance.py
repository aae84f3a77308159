"""The truth test: whatever the tests ask by the test client is compared with the schema.

An answer whose status, code, fact, field, type or header the schema does not tell of fails the
test that got it, and so does a request that is granted although the schema does not allow it.
What asks a real server (the README's commands, the torture) is not seen here.
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

from booking import exceptions
from booking.tests.openapi_document import document, query_of

METHODS = ("get", "post", "put", "patch", "delete")
SENTENCES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
FIELD_ERRORS = {"type": "object", "additionalProperties": SENTENCES, "minProperties": 1}
ALWAYS_THERE = ("Retry-After", "ETag")  # where they are documented
ELSEWHERE = {  # what an address may answer that is nowhere, or has no such method
    *("not_found", "method_not_allowed", "bad_request", "https_required", "body_too_large"),
    *("not_authenticated", "token_not_valid", "bad_authorization_header", "user_not_found"),
    *("user_inactive", "password_changed", "throttled", "server_error", "busy", "unavailable"),
}


def check_every_response():
    """Compare what any test client sends and gets with the schema, from now on."""
    ask = Client.generic

    def ask_and_compare(client, method, path, data="", *args, **kwargs):
        response = ask(client, method, path, data, *args, **kwargs)
        compare(Request(response.wsgi_request, data), response)
        return response

    Client.generic = ask_and_compare


@contextmanager
def sending_more():
    """For tests that send what must be ignored."""
    Request.may_send_more = True
    try:
        yield
    finally:
        Request.may_send_more = False


class Request:
    may_send_more = False

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
        """What was sent, as JSON would say it; None if it is nothing that can be read."""
        kind = self.meta.get("CONTENT_TYPE", "").partition(";")[0]
        if kind == "application/json":
            return json.loads(self.data)
        if kind == "application/x-www-form-urlencoded":
            sent = QueryDict(self.data)
        elif kind == "multipart/form-data":
            sent, _ = MultiPartParser(self.meta, BytesIO(self.data), []).parse()
        else:
            return None
        return {
            name: values if fields.get(name, {}).get("type") == "array" else values[-1]
            for name, values in sent.lists()
        }


def compare(request, response):
    """Raises AssertionError, which says what the schema does not tell of."""
    if not request.path.startswith("/api/") or request.method not in METHODS:
        return
    operation = document().operation(request)
    if operation is None:
        complaints = [*of_another_address(request, response)]
    else:
        complaints = [*of_answer(request, operation, response)]
        if response.status_code < 300 and not request.may_send_more:
            complaints += of_request(request, operation)
    if complaints:
        raise AssertionError(
            f"Not as in the schema: {request} -> {response.status_code}: " + "; ".join(complaints)
        )


def of_another_address(request, response):
    if response.status_code < 400:
        yield "this operation is not documented"
    elif not request.is_head:
        body = json.loads(response.content)
        yield from document().violations({"$ref": "#/definitions/ApiError"}, body)
        if body.get("code") not in ELSEWHERE:
            yield f"the code {body.get('code')} is not documented"


def of_answer(request, operation, response):
    documented = operation["responses"].get(str(response.status_code))
    if documented is None:
        yield "this status is not documented"
        return
    documented = document().resolved(documented)
    yield from of_headers(documented.get("headers", {}), response)
    if "schema" not in documented:
        if response.content:
            yield "a body is not documented"
    elif not request.is_head:
        if response["Content-Type"] != "application/json":
            yield f"it is {response['Content-Type']}"
        body = json.loads(response.content)
        yield from document().violations(documented["schema"], body)
        if response.status_code >= 400:
            yield from of_error(operation, body)


def of_headers(documented, response):
    """Those that are there for clients; X-Request-ID is on the document's first page."""
    for name in {*settings.CORS_EXPOSE_HEADERS} - {"X-Request-ID"}:
        if name in response and name not in documented:
            yield f"the header {name} is not documented"
        elif name in response:
            value = as_type(response[name], documented[name])
            yield from document().violations(documented[name], value, name)
        elif name in documented and name in ALWAYS_THERE:
            yield f"the header {name} is missing"


def of_error(operation, body):
    """What Swagger 2.0 cannot say: each code has facts of its own, and without a code it is all
    about fields."""
    if "code" in body:
        found = {name: body[name] for name in body.keys() - {"detail", "code"}}
        if found.keys() != facts_of(body["code"]):
            yield f"the facts of {body['code']} are {sorted(found)}"
        for name in found.keys() & document().facts.keys():
            yield from document().violations(document().facts[name], found[name], name)
    else:
        yield from document().violations(FIELD_ERRORS, body)
        known = {"non_field_errors", *document().fields(operation), *query_of(operation)}
        if unknown := body.keys() - known:
            yield f"these fields are not documented: {sorted(unknown)}"


def of_request(request, operation):
    """It was granted: then it was as the schema says. A number or a yes may come as text, as
    forms have nothing else, and an empty parameter asks for nothing."""
    if {} not in operation["security"] and operation["security"] and not request.has_token:
        yield "it was granted without a token"
    parameters = query_of(operation)
    for name, values in request.query.lists():
        if name not in parameters:
            yield f"the query parameter {name} is not documented"
        elif values[-1].strip():
            value = as_type(values[-1], parameters[name])
            yield from document().violations(parameters[name], value, f"?{name}")
    if fields := document().fields(operation):
        body = request.body(fields)
        if isinstance(body, dict):
            body = {name: as_type(value, fields.get(name, {})) for name, value in body.items()}
        yield from document().violations(document().body_of(operation), body, "sent")


def as_type(value, schema):
    if isinstance(value, list):
        return [as_type(each, schema.get("items", {})) for each in value]
    if not isinstance(value, str):
        return value
    if schema.get("type") == "integer" and re.fullmatch("[0-9]+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


@cache
def facts_of(code):
    return {name for kind in all_refusals() if kind.code == code for name in kind.example}


def all_refusals(kind=exceptions.Refusal):
    for subclass in kind.__subclasses__():
        yield subclass
        yield from all_refusals(subclass)
