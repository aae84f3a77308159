"""The two documents, the public's and the staff's, and the pages that show them."""

from django.contrib import admin
from django.urls import reverse
from drf_yasg.renderers import SwaggerUIRenderer
from drf_yasg.views import get_schema_view

from .document import StaffSchemaGenerator


class PublicSchemaView(get_schema_view(public=True, authentication_classes=[])):
    permission_classes = []
    throttle_classes = []


class StaffSchemaView(PublicSchemaView):
    """Only for who may enter the admin; others are shown the way in."""

    generator_class = StaffSchemaGenerator

    @classmethod
    def as_view(cls, **initkwargs):
        return admin.site.admin_view(super().as_view(**initkwargs))


class StaffSwaggerUIRenderer(SwaggerUIRenderer):
    def get_swagger_ui_settings(self):
        address = reverse("staff-schema", kwargs={"format": "json"})
        return super().get_swagger_ui_settings() | {"url": address}


swagger_ui = PublicSchemaView.with_ui("swagger")
redoc = PublicSchemaView.with_ui("redoc")
document = PublicSchemaView.without_ui()
staff_swagger_ui = StaffSchemaView.as_view(renderer_classes=[StaffSwaggerUIRenderer])
staff_document = StaffSchemaView.without_ui()
