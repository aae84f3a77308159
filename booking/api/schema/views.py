"""Views of the OpenAPI documents (Swagger 2.0 and OpenAPI 3.1), Swagger UI and ReDoc."""

import json
from functools import lru_cache

from django.contrib import admin
from django.http import HttpResponse
from django.urls import get_script_prefix, reverse
from drf_yasg.codecs import OpenAPICodecJson
from drf_yasg.renderers import ReDocRenderer, SwaggerJSONRenderer, SwaggerUIRenderer
from drf_yasg.views import get_schema_view

from ...demo import working_logins
from ..caching import conditional_get, etag_of
from .generator import INFO, SchemaGenerator, StaffSchemaGenerator
from .openapi3 import openapi3


class OpenAPI3Codec(OpenAPICodecJson):
    def generate_swagger_object(self, swagger):
        # Through JSON, as some texts are lazy and some keys are not strings.
        return openapi3(json.loads(OpenAPICodecJson(self.validators).encode(swagger)))


class OpenAPI3Renderer(SwaggerJSONRenderer):
    """The document as OpenAPI 3.1."""

    codec_class = OpenAPI3Codec


def public_document(request, content_type, make, *arguments):
    """Response with a document that everybody may read, pages of other origins included (CORS).

    `make(*arguments)` returns its text. It is called once for each process and path prefix, so
    neither the function nor its arguments may be new ones in each request.
    """
    response = _document(request, content_type, make, *arguments)
    response["Access-Control-Allow-Origin"] = "*"
    return response


@conditional_get
def _document(request, content_type, make, *arguments):
    text = _make_once(get_script_prefix(), make, *arguments)
    headers = {"Cache-Control": "no-cache"}  # compare the ETag each time
    response = HttpResponse(text, content_type=content_type, headers=headers)
    response["ETag"] = etag_of(response)
    return response


@lru_cache(maxsize=16)
def _make_once(path_prefix, make, *arguments):
    return make(*arguments)


def make_swagger(codec_class):
    """Text of the public document. It has no host: clients use the one that they got it from."""
    schema = SchemaGenerator(INFO, url="").get_schema(public=True)
    return codec_class(validators=[]).encode(schema)


class SchemaView(get_schema_view(public=True, url="", authentication_classes=[])):
    permission_classes = []
    throttle_classes = []


class PublicSchemaView(SchemaView):
    def get(self, request, *args, **kwargs):
        renderer = request.accepted_renderer
        if not hasattr(renderer, "codec_class"):  # Swagger UI or ReDoc
            return super().get(request, *args, **kwargs)
        content_type = f"{renderer.media_type}; charset={renderer.charset}"
        return public_document(request, content_type, make_swagger, renderer.codec_class)


class StaffSchemaView(SchemaView):
    """Only for users of the admin; others are redirected to its login."""

    generator_class = StaffSchemaGenerator

    @classmethod
    def as_view(cls, **initkwargs):
        return admin.site.admin_view(super().as_view(**initkwargs))


class StartPageRenderer(SwaggerUIRenderer):
    """Swagger UI, with the demo logins in development."""

    def set_context(self, renderer_context, swagger=None):
        super().set_context(renderer_context, swagger)
        renderer_context["demo_logins"] = working_logins()


class StaffSwaggerUIRenderer(SwaggerUIRenderer):
    def get_swagger_ui_settings(self):
        url = reverse("staff-schema", kwargs={"format": "json"})
        return super().get_swagger_ui_settings() | {"url": url}


swagger_ui = PublicSchemaView.as_view(
    renderer_classes=[StartPageRenderer, ReDocRenderer, *PublicSchemaView.renderer_classes]
)
redoc = PublicSchemaView.with_ui("redoc")
document = PublicSchemaView.without_ui()
openapi3_document = PublicSchemaView.as_view(renderer_classes=[OpenAPI3Renderer])
staff_swagger_ui = StaffSchemaView.as_view(renderer_classes=[StaffSwaggerUIRenderer])
staff_document = StaffSchemaView.without_ui()
staff_openapi3_document = StaffSchemaView.as_view(renderer_classes=[OpenAPI3Renderer])
