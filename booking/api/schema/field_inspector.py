from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector
from rest_framework import serializers

from ..fields import MomentField


class CorrectingFieldInspector(FieldInspector):
    """Removes from field schemas what drf-yasg gets wrong."""

    def process_result(self, result, method_name, obj, **kwargs):
        if method_name != "field_to_swagger_object":
            return result
        if isinstance(obj, serializers.Serializer):
            self._set_required(openapi.resolve_ref(result, self.components), obj)
        for attribute in self._wrong_attributes(obj):
            result.pop(attribute, None)
        return result

    def _wrong_attributes(self, field):
        yield "title"  # repeats the name
        yield "readOnly"  # would keep clients from passing a response on
        if isinstance(field, serializers.CharField):
            if field.read_only:
                yield "minLength"  # a response may be empty, whatever the input rule is
            if field.read_only or field.allow_blank:
                yield "format"  # "" is no email address or URL
        if isinstance(field, MomentField):
            yield "format"  # a date is accepted as well

    def _set_required(self, schema, serializer):
        """Every field of a response is required, nullable ones included."""
        fields = serializer.fields.items()
        required = [name for name, field in fields if field.required or field.read_only]
        schema.required = required or None
        for name in required:
            if schema.properties[name].get("x-nullable"):
                # Or client generators make a nullable field an optional one.
                schema.properties[name]["x-omitempty"] = False
