"""Conversion of the Swagger 2.0 document to OpenAPI 3.1.

`python -m booking.api.schema.openapi3 <swagger.json >openapi.json`, or the renderer in views.py.
What the conversion does not know is an error, so that nothing is lost silently.
"""

import json
import sys
from typing import Any

VERSION = "3.1.1"

JSON = "application/json"

REFERENCES = {
    "#/definitions/": "#/components/schemas/",
    "#/responses/": "#/components/responses/",
    "#/parameters/": "#/components/parameters/",
}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")

# Keywords with the same name and meaning in JSON Schema 2020-12.
SAME_KEYWORDS = {
    *("title", "description", "type", "format", "enum", "default", "required", "readOnly"),
    *("minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
}
# Converted together with others, or without a meaning for clients of 3.1.
OTHER_KEYWORDS = {"exclusiveMinimum", "exclusiveMaximum", "x-nullable", "x-omitempty"}
# Members of a parameter or a response header that describe its value.
VALUE_KEYWORDS = SAME_KEYWORDS - {"description", "required"} | {
    "exclusiveMinimum",
    "exclusiveMaximum",
    "items",
    "x-nullable",
    "x-example",
}
ARRAY_STYLES = {
    "csv": {"explode": False},
    "multi": {"explode": True},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
}


def openapi3(document: dict[str, Any]) -> dict[str, Any]:
    """The same API as an OpenAPI 3.1 document."""
    _refuse_unknown(
        document,
        "swagger info host schemes basePath consumes produces securityDefinitions security paths "
        "definitions responses parameters tags externalDocs",
    )
    produces = document.get("produces", [JSON])
    components = {
        "schemas": _each(_schema, document.get("definitions", {})),
        "responses": {
            name: _response(each, produces) for name, each in document.get("responses", {}).items()
        },
        "parameters": _each(_parameter, document.get("parameters", {})),
        "securitySchemes": _each(_security_scheme, document.get("securityDefinitions", {})),
    }
    converted = {
        "openapi": VERSION,
        "info": document["info"],
        # Relative to the address of the document, so right behind any proxy.
        "servers": [{"url": document.get("basePath", "/").rstrip("/") or "/"}],
        "paths": {path: _path(item, produces) for path, item in document["paths"].items()},
        "components": {name: each for name, each in components.items() if each},
    }
    return converted | _copy(document, "security tags externalDocs")


def _path(item, produces):
    _refuse_unknown(item, f"parameters {' '.join(METHODS)}")
    converted = {method: _operation(item[method], produces) for method in item if method in METHODS}
    if "parameters" in item:
        converted["parameters"] = [_parameter(each) for each in item["parameters"]]
    return converted


def _operation(operation, produces):
    _refuse_unknown(
        operation,
        "operationId summary description tags deprecated security externalDocs consumes produces "
        "parameters responses",
    )
    produces = operation.get("produces", produces)
    parameters = operation.get("parameters", [])
    converted = _copy(operation, "operationId summary description")
    converted["parameters"] = [_parameter(each) for each in parameters if not _is_body(each)]
    for body in filter(_is_body, parameters):
        converted["requestBody"] = _request_body(body)
    converted["responses"] = {
        status: _response(each, produces) for status, each in operation["responses"].items()
    }
    return converted | _copy(operation, "security tags deprecated externalDocs")


def _is_body(parameter):
    return parameter.get("in") == "body"


def _request_body(body):
    _refuse_unknown(body, "in name required description schema")
    # JSON only, as in the Swagger 2.0 document, though forms are accepted as well: of an operation
    # with two media types openapi-python-client 0.29 makes a module that cannot be imported.
    return {
        **_copy(body, "description required"),
        "content": {JSON: {"schema": _schema(body["schema"])}},
    }


def _parameter(parameter):
    if "$ref" in parameter:
        return {"$ref": _reference(parameter["$ref"])}
    if parameter["in"] not in ("path", "query", "header"):
        raise ValueError(f"A parameter in {parameter['in']!r} is not supported.")
    style = ARRAY_STYLES[parameter.get("collectionFormat", "csv")]
    return {
        **_copy(parameter, "name in description required allowEmptyValue"),
        **(style if parameter["type"] == "array" else {}),
        "schema": _value_schema(
            parameter, but="name in description required allowEmptyValue collectionFormat"
        ),
    }


def _response(response, produces):
    if "$ref" in response:
        return {"$ref": _reference(response["$ref"])}
    _refuse_unknown(response, "description schema headers examples")
    converted = {"description": response["description"]}
    if "headers" in response:
        converted["headers"] = _each(_header, response["headers"])
    if "schema" in response:
        converted["content"] = _content(response, produces)
    return converted


def _content(response, produces):
    files = [media_type for media_type in produces if media_type != JSON]
    if response["schema"] == {"type": "file"}:
        return {media_type: {} for media_type in files}
    if files:
        produces = [JSON]  # of errors
    examples = response.get("examples", {})
    schema = _schema(response["schema"])
    return {
        media_type: {"schema": schema}
        | ({"example": examples[media_type]} if media_type in examples else {})
        for media_type in dict.fromkeys([*produces, *examples])
    }


def _header(header):
    return {
        **_copy(header, "description"),
        "schema": _value_schema(header, but="description"),
    }


def _value_schema(source, but):
    _refuse_unknown(source, f"{but} {' '.join(VALUE_KEYWORDS)}")
    schema = {name: each for name, each in source.items() if name in VALUE_KEYWORDS}
    if "x-example" in schema:
        schema["example"] = schema.pop("x-example")
    return _schema(schema)


def _security_scheme(scheme):
    """HTTP bearer authentication, which Swagger 2.0 can only call an API key."""
    if (scheme["type"], scheme.get("in"), scheme.get("name")) != (
        "apiKey",
        "header",
        "Authorization",
    ):
        raise ValueError(f"A security scheme of the type {scheme['type']!r} is not supported.")
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        **_copy(scheme, "description"),
    }


def _schema(schema):
    converted = {}
    for name, value in schema.items():
        if name in SAME_KEYWORDS:
            converted[name] = value
        elif name in CONVERTED_KEYWORDS:
            new_name, convert = CONVERTED_KEYWORDS[name]
            converted[new_name] = convert(value)
        elif name not in OTHER_KEYWORDS:
            raise ValueError(f"The schema keyword {name!r} is not supported.")
    for kind in ("Minimum", "Maximum"):  # a flag before, the bound itself now
        if schema.get(f"exclusive{kind}"):
            converted[f"exclusive{kind}"] = converted.pop(kind.lower())
    return _nullable(converted) if schema.get("x-nullable") else converted


def _nullable(schema):
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def _reference(reference):
    for old, new in REFERENCES.items():
        if reference.startswith(old):
            return new + reference.removeprefix(old)
    raise ValueError(f"The reference {reference!r} is not supported.")


def _each(convert, named):
    return {name: convert(each) for name, each in named.items()}


CONVERTED_KEYWORDS = {
    "$ref": ("$ref", _reference),
    "properties": ("properties", lambda value: _each(_schema, value)),
    "items": ("items", _schema),
    "allOf": ("allOf", lambda value: list(map(_schema, value))),
    "additionalProperties": (
        "additionalProperties",
        lambda value: value if isinstance(value, bool) else _schema(value),
    ),
    "example": ("examples", lambda value: [value]),
    "discriminator": ("discriminator", lambda value: {"propertyName": value}),
}


def _copy(source, names):
    return {name: source[name] for name in names.split() if name in source}


def _refuse_unknown(source, known):
    unknown = source.keys() - known.split()
    if unknown:
        raise ValueError(f"Not supported: {', '.join(sorted(unknown))}.")


def dumps(document: dict[str, Any]) -> str:
    """Text of docs/openapi.json."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(dumps(openapi3(json.load(sys.stdin))))
