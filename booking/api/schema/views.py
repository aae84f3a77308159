"""Views of the OpenAPI documents, as JSON or YAML, Swagger UI and ReDoc."""

from django.contrib import admin
from django.urls import reverse
from drf_yasg.renderers import SwaggerUIRenderer
from drf_yasg.views import get_schema_view

from .generator import StaffSchemaGenerator


class PublicSchemaView(get_schema_view(public=True, authentication_classes=[])):
    permission_classes = []
    throttle_classes = []


class StaffSchemaView(PublicSchemaView):
    """Only for users of the admin; others are redirected to its login."""

    generator_class = StaffSchemaGenerator

    @classmethod
    def as_view(cls, **initkwargs):
        return admin.site.admin_view(super().as_view(**initkwargs))


class StaffSwaggerUIRenderer(SwaggerUIRenderer):
    def get_swagger_ui_settings(self):
        url = reverse("staff-schema", kwargs={"format": "json"})
        return super().get_swagger_ui_settings() | {"url": url}


swagger_ui = PublicSchemaView.with_ui("swagger")
redoc = PublicSchemaView.with_ui("redoc")
document = PublicSchemaView.without_ui()
staff_swagger_ui = StaffSchemaView.as_view(renderer_classes=[StaffSwaggerUIRenderer])
staff_document = StaffSchemaView.without_ui()
