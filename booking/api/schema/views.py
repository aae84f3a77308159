"""Views of the OpenAPI documents (Swagger 2.0 and OpenAPI 3.1), Swagger UI and ReDoc."""

import json

from django.contrib import admin
from django.urls import reverse
from drf_yasg.codecs import OpenAPICodecJson
from drf_yasg.renderers import ReDocRenderer, SwaggerJSONRenderer, SwaggerUIRenderer
from drf_yasg.views import get_schema_view

from ...demo import working_logins
from .generator import StaffSchemaGenerator
from .openapi3 import openapi3


class OpenAPI3Codec(OpenAPICodecJson):
    def generate_swagger_object(self, swagger):
        # Through JSON, as some texts are lazy and some keys are not strings.
        return openapi3(json.loads(OpenAPICodecJson(self.validators).encode(swagger)))


class OpenAPI3Renderer(SwaggerJSONRenderer):
    """The document as OpenAPI 3.1."""

    codec_class = OpenAPI3Codec


class PublicSchemaView(get_schema_view(public=True, authentication_classes=[])):
    permission_classes = []
    throttle_classes = []


class StaffSchemaView(PublicSchemaView):
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
