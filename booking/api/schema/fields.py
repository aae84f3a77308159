from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector
from rest_framework import serializers

from ..fields import MomentField


class TruthfulInspector(FieldInspector):
    """Takes back what drf-yasg claims of a field and is not so."""

    def process_result(self, result, method_name, obj, **kwargs):
        if method_name != "field_to_swagger_object":
            return result
        if isinstance(obj, serializers.Serializer):
            self._require(openapi.resolve_ref(result, self.components), obj)
        for claim in self._untrue(obj):
            result.pop(claim, None)
        return result

    def _untrue(self, field):
        yield "title"  # the name once more
        yield "readOnly"  # which would keep clients from sending an answer on, to another program
        if isinstance(field, serializers.CharField):
            if field.read_only:
                yield "minLength"  # what is answered may be empty, whatever input would have to be
            if field.read_only or field.allow_blank:
                yield "format"  # nothing is no address
        if isinstance(field, MomentField):
            yield "format"  # a date alone will do

    def _require(self, schema, serializer):
        fields = serializer.fields.items()
        required = [name for name, field in fields if field.required or field.read_only]
        schema.required = required or None
        for name in required:
            if schema.properties[name].get("x-nullable"):
                # Generators of clients take what may be null for what may be absent, but for this.
                schema.properties[name]["x-omitempty"] = False
