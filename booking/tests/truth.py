"""The truth test: whatever the tests ask by the test client is compared with docs/swagger.json.

An answer whose status, code, fact, field, type or header the document does not tell of fails the
test that got it, and so does a request that is granted although the document does not allow it.
"""

import json
import re
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.test import Client
from jsonschema import Draft4Validator, FormatChecker

from booking import exceptions

METHODS = ("get", "post", "put", "patch", "delete")
FORMATS = FormatChecker(formats=[])
SENTENCES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
FIELD_ERRORS = {"type": "object", "additionalProperties": SENTENCES}


def watch():
    """From now on, by every test client."""
    ask = Client.generic

    def ask_and_compare(client, method, path, data="", content_type="", *args, **kwargs):
        response = ask(client, method, path, data, content_type, *args, **kwargs)
        query = kwargs.get("QUERY_STRING") or urlsplit(str(path)).query
        compare(Request(method, str(path), query, data, content_type), response)
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

    def __init__(self, method, path, query="", data=b"", content_type=""):
        self.method = "get" if method == "HEAD" else method.lower()
        self.is_head = method == "HEAD"
        self.path = unquote(urlsplit(path).path)
        if not self.path.endswith("/"):
            self.path += "/"
        self.query = parse_qs(query)
        self.data = data
        self.content_type = content_type

    def __str__(self):
        return f"{self.method.upper()} {self.path}"


def compare(request, response):
    """Raises AssertionError, which says what the document does not tell of."""
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
            f"Not as in docs/swagger.json: {request} -> {response.status_code}: "
            + "; ".join(complaints)
        )


def of_another_address(request, response):
    """One that is nowhere, or has no such method: for these the document has its first page."""
    statuses = {400, 401, 403, 404, 405, 413, 500, 503}
    if response.status_code not in statuses:
        yield f"this operation is not documented, nor refused with one of {sorted(statuses)}"
    elif not request.is_head:
        body = json.loads(response.content)
        yield from document().violations({"$ref": "#/definitions/ApiError"}, body)


def of_answer(request, operation, response):
    documented = operation["responses"].get(str(response.status_code))
    if documented is None:
        yield "this status is not documented"
        return
    documented = document().resolved(documented)
    yield from of_headers(documented, response)
    if "schema" not in documented:
        if response.content:
            yield "a body is not documented"
    elif not request.is_head:
        if response["Content-Type"] != "application/json":
            yield f"it is {response['Content-Type']}"
        body = json.loads(response.content)
        yield from document().violations(documented["schema"], body)
        if response.status_code >= 400:
            yield from of_error(body)


def of_headers(documented, response):
    """Those that are there for clients; X-Request-ID is on the document's first page."""
    known = {name.lower() for name in documented.get("headers", {})} | {"x-request-id"}
    for name in settings.CORS_EXPOSE_HEADERS:
        if name in response and name.lower() not in known:
            yield f"the header {name} is not documented"


def of_error(body):
    """What Swagger 2.0 cannot say: each code has facts of its own, and without a code it is all
    about fields."""
    if "code" not in body:
        yield from document().violations(FIELD_ERRORS, body)
    elif body.keys() != {"detail", "code"} | facts_of(body["code"]):
        yield f"the facts of {body['code']} are {sorted(body.keys() - {'detail', 'code'})}"


def of_request(request, operation):
    """It was granted: then it was as the document says. A number or a yes may come as text, as
    forms have nothing else, and the document says that they may be sent."""
    parameters = query_of(operation)
    for name, values in request.query.items():
        if name not in parameters:
            yield f"the query parameter {name} is not documented"
        else:
            for value in values:
                value = as_type(value, parameters[name])
                yield from document().violations(parameters[name], value, f"?{name}")
    fields = document().fields(operation)
    if fields and request.content_type == "application/json":
        body = json.loads(request.data)
        body = {name: as_type(value, fields.get(name, {})) for name, value in body.items()}
        yield from document().violations(document().body_of(operation), body, "sent")


def as_type(value, schema):
    if not isinstance(value, str):
        return value
    if schema.get("type") == "integer" and re.fullmatch("[0-9]+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def query_of(operation):
    return {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}


@cache
def facts_of(code):
    refusals = [kind for kind in vars(exceptions).values() if isinstance(kind, type)]
    return {name for kind in refusals if kind.code == code for name in kind.example}


@cache
def document():
    return Document((settings.BASE_DIR / "docs/swagger.json").read_text(encoding="utf-8"))


class Document:
    def __init__(self, text):
        self.raw = json.loads(text)
        self.definitions = strict(self.raw["definitions"], self.raw["definitions"])
        self.paths = [
            (re.compile(re.sub(r"\{(\w+)\}", self._pattern, path)), item)
            for path, item in self.raw["paths"].items()
        ]
        self.validators = {}

    def _pattern(self, parameter):
        return "[0-9]+" if parameter[1] == "id" else "[0-9A-Za-z]+"

    def operation(self, request):
        for pattern, item in self.paths:
            if pattern.fullmatch(request.path):
                return item.get(request.method)
        return None

    def resolved(self, response):
        if "$ref" in response:
            return self.raw["responses"][response["$ref"].removeprefix("#/responses/")]
        return response

    def body_of(self, operation):
        for parameter in operation["parameters"]:
            if parameter["in"] == "body":
                return parameter["schema"]
        return None

    def fields(self, operation):
        """What may be sent, by name."""
        body = self.body_of(operation)
        if body is None:
            return {}
        return self.definitions[body["$ref"].removeprefix("#/definitions/")]["properties"]

    def violations(self, schema, value, where="answered"):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {**strict(schema, self.raw["definitions"]), "definitions": self.definitions}
            self.validators[key] = Draft4Validator(whole, format_checker=FORMATS)
        for error in self.validators[key].iter_errors(value):
            place = ".".join([where, *map(str, error.absolute_path)])
            yield f"{place}: {error.message[:200]}"


def strict(schema, definitions):
    """In the words of JSON Schema: a field that is not named is wrong, and null only where it may
    be."""
    if isinstance(schema, list):
        return [strict(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        return strict(merged(schema["allOf"], definitions), definitions)
    found = {name: strict(each, definitions) for name, each in schema.items() if name != "required"}
    if isinstance(schema.get("required"), list):
        found["required"] = schema["required"]
    if isinstance(schema.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    if schema.get("x-nullable") is True:
        found["type"] = [schema["type"], "null"]
    return found


def merged(parts, definitions):
    """As one object, which has the fields of all."""
    whole = {"type": "object", "properties": {}, "required": []}
    for part in parts:
        if "$ref" in part:
            part = definitions[part["$ref"].removeprefix("#/definitions/")]
        whole["properties"] |= part["properties"]
        whole["required"] += part.get("required", [])
    return whole


@FORMATS.checks("date-time", raises=ValueError)
def is_moment(value):
    """In UTC, as every time that is answered."""
    return not isinstance(value, str) or bool(
        value.endswith("Z") and datetime.fromisoformat(value.replace("Z", "+00:00"))
    )


@FORMATS.checks("date", raises=ValueError)
def is_day(value):
    return not isinstance(value, str) or bool(date.fromisoformat(value))
