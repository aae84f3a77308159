"""The OpenAPI 3.1 document is valid and says all that the Swagger 2.0 document says."""

import json

import jsonschema
from django.conf import settings
from django.test import SimpleTestCase, TestCase
from django.urls import clear_script_prefix, set_script_prefix

from booking.api.schema.openapi3 import JSON, dumps, openapi3
from booking.tests.factories import create_user
from booking.tests.openapi_document import document

try:
    from openapi_spec_validator import OpenAPIV31SpecValidator
except ImportError:  # it is in requirements-dev.txt only
    OpenAPIV31SpecValidator = None


def resolved(whole, part):
    """The part that a local reference leads to; other parts are returned as they are."""
    if "$ref" in part:
        target = whole
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return target
    return part


def small_document(**operation):
    return {
        "swagger": "2.0",
        "info": {"title": "Door", "version": "1"},
        "paths": {"/door/": {"get": {"responses": {}} | operation}},
    }


def converted_schema(schema):
    whole = small_document() | {"definitions": {"Door": schema}}
    return openapi3(whole)["components"]["schemas"]["Door"]


class DocumentTests(TestCase):
    def test_committed_document_is_up_to_date(self):
        docs = settings.BASE_DIR / "docs"
        swagger = json.loads((docs / "swagger.json").read_text(encoding="utf-8"))
        committed = (docs / "openapi.json").read_text(encoding="utf-8")
        self.assertTrue(dumps(openapi3(swagger)) == committed, "docs/openapi.json: make schema")

    def test_document_is_valid(self):
        if OpenAPIV31SpecValidator is None:
            self.skipTest("the validator is missing: pip install -r requirements-dev.txt")
        OpenAPIV31SpecValidator(openapi3(document().raw)).validate()

    def test_served_document_is_the_converted_one(self):
        response = self.client.get("/openapi.json")
        self.assertEqual(response["Content-Type"], "application/json; charset=utf-8")
        swagger = self.client.get("/swagger.json").json()
        self.assertEqual(response.json(), openapi3(swagger))

    def test_server_is_the_path_prefix(self):
        self.addCleanup(clear_script_prefix)
        set_script_prefix("/cinema/")
        served = self.client.get("/openapi.json", SCRIPT_NAME="/cinema").json()
        self.assertEqual(served["servers"], [{"url": "/cinema"}])
        self.assertEqual(openapi3(document().raw)["servers"], [{"url": "/"}])

    def test_staff_document_redirects_others_to_login(self):
        url = "/openapi/staff.json"
        self.assertRedirects(self.client.get(url), f"/admin/login/?next={url}")
        self.client.force_login(create_user("stella", is_staff=True))
        swagger = self.client.get("/swagger/staff.json").json()
        self.assertEqual(self.client.get(url).json(), openapi3(swagger))


class CompletenessTests(SimpleTestCase):
    """Written without the converter's functions: what is lost there must be missed here."""

    maxDiff = None

    def setUp(self):
        self.old = document().raw
        self.new = openapi3(self.old)

    def operations(self):
        self.assertEqual(list(self.new["paths"]), list(self.old["paths"]))
        for path, item in self.old["paths"].items():
            self.assertEqual(list(self.new["paths"][path]), list(item))
            for method, operation in item.items():
                yield f"{method} {path}", operation, self.new["paths"][path][method]

    def assertSameSchema(self, old, new, where):
        """Every keyword of the old schema, at every depth."""
        old, new = dict(old), dict(new)
        if old.pop("x-nullable", False):
            self.assertEqual(new["type"], [old["type"], "null"], where)
            new["type"] = old["type"]
            if "enum" in old:
                old["enum"] = [*old["enum"], None]
        old.pop("x-omitempty", None)
        if "$ref" in old:
            name = old.pop("$ref").removeprefix("#/definitions/")
            self.assertEqual(new.pop("$ref"), f"#/components/schemas/{name}", where)
        if "example" in old:
            self.assertEqual(new.pop("examples"), [old.pop("example")], where)
        properties, new_properties = old.pop("properties", {}), new.pop("properties", {})
        self.assertEqual(list(new_properties), list(properties), where)
        for name, each in properties.items():
            self.assertSameSchema(each, new_properties[name], f"{where}.{name}")
        for name in ("items", "additionalProperties"):
            if isinstance(old.get(name), dict):
                self.assertSameSchema(old.pop(name), new.pop(name), f"{where}.{name}")
        parts, new_parts = old.pop("allOf", []), new.pop("allOf", [])
        for number, (each, new_part) in enumerate(zip(parts, new_parts, strict=True)):
            self.assertSameSchema(each, new_part, f"{where}.allOf.{number}")
        self.assertEqual(new, old, where)

    def test_metadata_is_kept(self):
        for name in ("info", "tags"):
            self.assertEqual(self.new[name], self.old[name])
        self.assertEqual(
            self.new["components"]["securitySchemes"],
            {
                "Bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": self.old["securityDefinitions"]["Bearer"]["description"],
                }
            },
        )

    def test_every_operation_is_kept(self):
        for where, old, new in self.operations():
            for name in ("operationId", "summary", "description", "tags", "security"):
                self.assertEqual(new.get(name), old.get(name), where)

    def test_every_parameter_is_kept(self):
        for where, old, new in self.operations():
            expected = [each for each in old["parameters"] if each["in"] != "body"]
            self.assertEqual(len(new["parameters"]), len(expected), where)
            for each, found in zip(expected, new["parameters"], strict=True):
                flat = {name: value for name, value in found.items() if name != "schema"}
                self.assertEqual(flat | found["schema"], each, f"{where} {each['name']}")
                self.assertLessEqual(
                    flat.keys(), {"name", "in", "description", "required"}, each["name"]
                )

    def test_every_body_is_kept(self):
        bodies = 0
        for where, old, new in self.operations():
            body = next((each for each in old["parameters"] if each["in"] == "body"), None)
            self.assertEqual("requestBody" in new, body is not None, where)
            if body is not None:
                bodies += 1
                found = new["requestBody"]
                self.assertEqual(found.get("required"), body.get("required"), where)
                self.assertEqual(list(found["content"]), [JSON])
                self.assertSameSchema(body["schema"], found["content"][JSON]["schema"], where)
        self.assertGreater(bodies, 5)

    def test_every_response_is_kept(self):
        for where, old, new in self.operations():
            self.assertEqual(list(new["responses"]), list(old["responses"]), where)
            for status, each in old["responses"].items():
                with self.subTest(f"{where} {status}"):
                    found = new["responses"][status]
                    self.assertEqual("$ref" in found, "$ref" in each)
                    self.assertSameResponse(resolved(self.old, each), resolved(self.new, found))

    def assertSameResponse(self, old, new):
        self.assertEqual(new["description"], old["description"])
        headers, new_headers = old.get("headers", {}), new.get("headers", {})
        self.assertEqual(list(new_headers), list(headers))
        for name, each in headers.items():
            found = dict(new_headers[name])
            self.assertEqual(
                found | found.pop("schema") | {"schema": None}, each | {"schema": None}
            )
        self.assertEqual("content" in new, "schema" in old)
        if "schema" in old:
            if old["schema"] == {"type": "file"}:
                [(media_type, content)] = new["content"].items()
                self.assertNotEqual(media_type, JSON)
                self.assertEqual(content, {})
                return
            self.assertEqual(list(new["content"]), [JSON])
            content = new["content"][JSON]
            self.assertEqual(content.get("example"), old.get("examples", {}).get(JSON))
            self.assertSameSchema(old["schema"], content["schema"], "response")

    def test_every_definition_and_property_is_kept(self):
        schemas = self.new["components"]["schemas"]
        definitions = self.old["definitions"]
        self.assertEqual(list(schemas), list(definitions))
        for name, each in definitions.items():
            with self.subTest(name):
                self.assertSameSchema(each, schemas[name], name)

    def test_examples_are_valid_with_null_as_a_type(self):
        base = {"components": self.new["components"]}
        for name, schema in self.new["components"]["schemas"].items():
            for example in schema.get("examples", []):
                with self.subTest(name):
                    whole = base | {"$ref": f"#/components/schemas/{name}"}
                    jsonschema.Draft202012Validator(whole).validate(example)


class ConverterTests(SimpleTestCase):
    """What the API's document does not have, or not yet."""

    def test_schema_keywords_are_converted(self):
        text, number = {"type": "string"}, {"type": "number"}
        door = {"$ref": "#/components/schemas/Door"}
        for schema, expected in [
            (text | {"x-nullable": True}, {"type": ["string", "null"]}),
            (
                text | {"enum": ["me"], "x-nullable": True},
                {"type": ["string", "null"], "enum": ["me", None]},
            ),
            (
                {"$ref": "#/definitions/Door", "x-nullable": True},
                {"anyOf": [door, {"type": "null"}]},
            ),
            (number | {"minimum": 0, "exclusiveMinimum": True}, number | {"exclusiveMinimum": 0}),
            (number | {"maximum": 9, "exclusiveMaximum": False}, number | {"maximum": 9}),
            ({"discriminator": "kind"}, {"discriminator": {"propertyName": "kind"}}),
            (
                {"additionalProperties": text | {"x-nullable": True}},
                {"additionalProperties": {"type": ["string", "null"]}},
            ),
            ({"additionalProperties": False}, {"additionalProperties": False}),
        ]:
            with self.subTest(schema):
                self.assertEqual(converted_schema(schema), expected)

    def test_list_parameter_has_a_style(self):
        listed = {"name": "seat", "in": "query", "type": "array", "items": {"type": "integer"}}
        schema = {"type": "array", "items": {"type": "integer"}}
        for collection, style in [
            ({}, {"explode": False}),
            ({"collectionFormat": "multi"}, {"explode": True}),
            ({"collectionFormat": "pipes"}, {"style": "pipeDelimited", "explode": False}),
        ]:
            whole = openapi3(small_document(parameters=[listed | collection]))
            self.assertEqual(
                whole["paths"]["/door/"]["get"]["parameters"],
                [{"name": "seat", "in": "query", **style, "schema": schema}],
            )

    def test_response_that_is_a_file_has_its_media_type(self):
        responses = {"200": {"description": "A ticket.", "schema": {"type": "file"}}}
        whole = openapi3(small_document(produces=["image/svg+xml"], responses=responses))
        self.assertEqual(
            whole["paths"]["/door/"]["get"]["responses"],
            {"200": {"description": "A ticket.", "content": {"image/svg+xml": {}}}},
        )

    def test_what_is_not_known_is_an_error(self):
        for operation in [
            {"parameters": [{"name": "file", "in": "formData", "type": "file"}]},
            {"parameters": [{"name": "a", "in": "query", "type": "string", "x-unknown": 1}]},
            {"callbacks": {}},
            {"responses": {"200": {"description": "", "links": {}}}},
            {"responses": {"200": {"description": "", "schema": {"oneOf": []}}}},
            {"responses": {"200": {"description": "", "schema": {"$ref": "other.json"}}}},
        ]:
            with self.subTest(operation), self.assertRaises(ValueError):
                openapi3(small_document(**operation))
        basic = {"securityDefinitions": {"Basic": {"type": "basic"}}}
        with self.assertRaises(ValueError):
            openapi3(small_document() | basic)
