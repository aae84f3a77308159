"""The OpenAPI document as tests use it: find an operation, validate a value against a schema."""

import json
import re
from functools import cache

from drf_yasg.codecs import OpenAPICodecJson
from jsonschema import Draft4Validator, FormatChecker

from booking.api.schema.error_responses import fact_schemas
from booking.api.schema.generator import INFO, StaffSchemaGenerator


@cache
def document():
    """The staff's document, which includes the public one."""
    schema = StaffSchemaGenerator(INFO).get_schema(public=True)
    return Document(OpenAPICodecJson(validators=[]).encode(schema))


class Document:
    def __init__(self, text):
        self.raw = json.loads(text)
        self.definitions = as_json_schema(self.raw["definitions"], self.raw["definitions"])
        self.facts = {name: dict(schema) for name, schema in fact_schemas().items()}
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

    def resolve_response(self, response):
        if "$ref" in response:
            return self.raw["responses"][response["$ref"].removeprefix("#/responses/")]
        return response

    def resolve_schema(self, schema):
        if "$ref" in schema:
            return self.raw["definitions"][schema["$ref"].removeprefix("#/definitions/")]
        return schema

    def body_schema(self, operation):
        for parameter in operation["parameters"]:
            if parameter["in"] == "body":
                return parameter["schema"]
        return None

    def body_fields(self, operation):
        """Schemas of the fields of a request body, by name."""
        body = self.body_schema(operation)
        if body is None:
            return {}
        return self.definitions[body["$ref"].removeprefix("#/definitions/")]["properties"]

    def violations(self, schema, value, where="response"):
        """Validation errors of the value, one string each."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = as_json_schema(schema, self.raw["definitions"])
            whole |= {"definitions": self.definitions}
            self.validators[key] = Draft4Validator(whole, format_checker=FORMATS)
        for error in self.validators[key].iter_errors(value):
            place = ".".join([where, *map(str, error.absolute_path)])
            yield f"{place}: {error.message[:200]}"


def query_parameters(operation):
    return {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}


def as_json_schema(schema, definitions):
    """Swagger 2.0 to strict JSON Schema: no unknown fields, and null only with `x-nullable`."""
    if isinstance(schema, list):
        return [as_json_schema(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        return as_json_schema(merge(schema["allOf"], definitions), definitions)
    converted = {
        name: as_json_schema(each, definitions)
        for name, each in schema.items()
        if name != "required"
    }
    if isinstance(schema.get("required"), list):
        converted["required"] = schema["required"]
    if isinstance(schema.get("properties"), dict):
        converted.setdefault("additionalProperties", False)
    if schema.get("x-nullable") is True:
        converted["type"] = [schema["type"], "null"]
        if "enum" in schema:
            converted["enum"] = [*schema["enum"], None]
    return converted


def merge(schemas, definitions):
    """The schemas of an `allOf` as one, with the properties of all."""
    merged = {"type": "object", "properties": {}, "required": []}
    for schema in schemas:
        if "$ref" in schema:
            schema = definitions[schema["$ref"].removeprefix("#/definitions/")]
        merged["properties"] |= schema["properties"]
        merged["required"] += schema.get("required", [])
    return merged


FORMATS = FormatChecker(formats=[])
PATTERNS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z",  # responses are in UTC
    "date": r"\d{4}-\d\d-\d\d",
    "uri": r"https?://[^\s/]+(/\S*)?",
    "uri-reference": r"/\S*",
}


def matches(pattern):
    return lambda value: not isinstance(value, str) or bool(re.fullmatch(pattern, value))


for name, pattern in PATTERNS.items():
    FORMATS.checks(name)(matches(pattern))
