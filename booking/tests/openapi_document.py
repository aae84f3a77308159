"""The schema as tests ask it: which operation it is, and what is not as it says."""

import json
import re
from functools import cache

from drf_yasg.codecs import OpenAPICodecJson
from jsonschema import Draft4Validator, FormatChecker

from booking.api.schema.error_responses import fact_schemas
from booking.api.schema.generator import INFO, StaffSchemaGenerator


@cache
def document():
    """The staff's, as the public's is in it."""
    schema = StaffSchemaGenerator(INFO).get_schema(public=True)
    return Document(OpenAPICodecJson(validators=[]).encode(schema))


class Document:
    def __init__(self, text):
        self.raw = json.loads(text)
        self.definitions = strict(self.raw["definitions"], self.raw["definitions"])
        self.facts = {name: dict(each) for name, each in fact_schemas().items()}
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

    def shape(self, schema):
        """The definition, if it refers to one."""
        if "$ref" in schema:
            return self.raw["definitions"][schema["$ref"].removeprefix("#/definitions/")]
        return schema

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
            whole = strict(schema, self.raw["definitions"]) | {"definitions": self.definitions}
            self.validators[key] = Draft4Validator(whole, format_checker=FORMATS)
        for error in self.validators[key].iter_errors(value):
            place = ".".join([where, *map(str, error.absolute_path)])
            yield f"{place}: {error.message[:200]}"


def query_of(operation):
    return {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}


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


FORMATS = FormatChecker(formats=[])
PATTERNS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z",  # in UTC, as all that is answered
    "date": r"\d{4}-\d\d-\d\d",
    "uri": r"https?://[^\s/]+(/\S*)?",
}


def follows(pattern):
    return lambda value: not isinstance(value, str) or bool(re.fullmatch(pattern, value))


for name, pattern in PATTERNS.items():
    FORMATS.checks(name)(follows(pattern))
