"""Fast read-only serialization: field lookups are resolved once per class.

DRF looks up every field of every object, and builds new fields for each serializer. Here one
`attrgetter` per class reads all attributes of an object, and the renderer (orjson) writes text,
numbers and times as DRF would: 2.5 to 6.8 times faster.

Limits, checked when a class is first used: stock fields only (see `STOCK_FIELDS`), nested
ReadOnlySerializers, and lists of either; everything else raises a TypeError that names the
serializer and the field. An attribute has the type of its field (a CharField reads a str), times
are in UTC as the database returns them, and a missing attribute is an AttributeError even where
DRF would leave out the field. Fields cannot depend on the serializer's context.

With `settings.FAST_PATHS` off, DRF's own way is used; test_serializers.py compares both.
"""

from datetime import UTC
from functools import cache
from operator import attrgetter

from django.conf import settings
from django.utils.functional import cached_property
from rest_framework import ISO_8601, serializers
from rest_framework.fields import Field, empty
from rest_framework.settings import api_settings

# Their `to_representation` of a value is what orjson writes for the value itself.
STOCK_FIELDS = (
    serializers.BigIntegerField,
    serializers.BooleanField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DateField,
    serializers.DateTimeField,
    serializers.IntegerField,
    serializers.ReadOnlyField,
)


class ReadOnlySerializer(serializers.Serializer):
    @cached_property  # so that a list looks it up once, not for each of its items
    def to_representation(self):
        return get_reader(type(self)) if settings.FAST_PATHS else super().to_representation

    @classmethod
    def represent(cls, instance):
        """The same as `cls(instance).data`, without the cost of building a serializer."""
        if settings.FAST_PATHS:
            return get_reader(cls)(instance)
        return cls(instance).data


class ReadOnlyModelSerializer(ReadOnlySerializer, serializers.ModelSerializer):
    """A ModelSerializer without input: all fields of the model are read-only.

    `Meta.model_source = "booking"` reads them from an object whose attribute `booking` is an
    instance of the model. Declared fields keep their own source.
    """

    def get_extra_kwargs(self):
        return {name: {"read_only": True} for name in self.Meta.fields}

    def build_field(self, field_name, *args):
        field_class, kwargs = super().build_field(field_name, *args)
        model_source = getattr(self.Meta, "model_source", None)
        if model_source:
            kwargs["source"] = f"{model_source}.{field_name}"
        return field_class, kwargs


@cache
def get_reader(serializer_class):
    """A function that turns an object into a dictionary. Raises TypeError."""
    if serializer_class.to_representation is not ReadOnlySerializer.to_representation:
        raise TypeError(f"{serializer_class.__name__} must not have its own to_representation().")
    fields = [each for each in serializer_class().fields.values() if not each.write_only]
    for field in fields:
        if problem := reason_against_field(field) or reason_against_source(field, serializer_class):
            raise TypeError(
                f"{serializer_class.__name__}.{field.field_name} cannot be read by a "
                f"ReadOnlySerializer: {problem}."
            )
    plain = [each for each in fields if each.default is empty]
    names = [each.field_name for each in plain]
    get_values = make_values_getter([each.source for each in plain])
    nested = [
        (each.field_name, make_nested_reader(each))
        for each in plain
        if isinstance(each, serializers.BaseSerializer)
    ]
    with_default = [each for each in fields if each.default is not empty]
    defaults = [(each.field_name, each.source, each.default) for each in with_default]

    def read(instance):
        data = dict(zip(names, get_values(instance), strict=True))
        for name, read_nested in nested:
            if data[name] is not None:
                data[name] = read_nested(data[name])
        for name, source, default in defaults:
            data[name] = getattr(instance, source, default)
        return data

    return read


def make_values_getter(sources):
    """A function that returns a tuple of an object's attributes, for any number of them."""
    if len(sources) > 1:
        return attrgetter(*sources)
    getters = [attrgetter(source) for source in sources]
    return lambda instance: tuple(get(instance) for get in getters)


def make_nested_reader(field):
    if isinstance(field, serializers.ListSerializer):
        read = get_reader(type(field.child))
        return lambda instances: [read(each) for each in instances]
    return get_reader(type(field))


def reason_against_field(field):
    """Why orjson would not write a value of this field as DRF does; None if it would."""
    kind = type(field)
    if kind.get_attribute is not Field.get_attribute:
        return "it has its own get_attribute()"
    if isinstance(field, ReadOnlySerializer):
        return None  # checked by its own reader
    if kind is serializers.ListSerializer:
        return reason_against_field(field.child)
    if kind.to_representation is serializers.ListField.to_representation:
        is_nested = isinstance(field.child, serializers.BaseSerializer)
        return "write many=True" if is_nested else reason_against_field(field.child)
    for stock in STOCK_FIELDS:
        if isinstance(field, stock):
            if kind.to_representation is not stock.to_representation:
                return f"{kind.__name__} has its own to_representation()"
            return reason_against_option(field)
    return f"{kind.__name__} is neither one of its fields nor a ReadOnlySerializer"


def reason_against_option(field):
    if isinstance(field, serializers.BigIntegerField):
        coerces = getattr(field, "coerce_to_string", api_settings.COERCE_BIGINT_TO_STRING)
        return "it writes numbers as text" if coerces else None
    if isinstance(field, serializers.DateTimeField):
        if getattr(field, "timezone", None) is not UTC:
            return "its times are not in UTC (default_timezone=datetime.UTC)"
        default_format = api_settings.DATETIME_FORMAT
    elif isinstance(field, serializers.DateField):
        default_format = api_settings.DATE_FORMAT
    else:
        return None
    has_format = getattr(field, "format", default_format) != ISO_8601
    return "it has its own format" if has_format else None


def reason_against_source(field, serializer_class):
    if field.source == "*":
        return "its source is the whole object"
    meta = getattr(serializer_class, "Meta", None)
    prefix = f"{meta.model_source}." if hasattr(meta, "model_source") else ""
    if field.source.startswith(prefix):
        name = field.source.removeprefix(prefix)
        if callable(getattr(getattr(meta, "model", None), name, None)):
            return f"{name} is callable"
    if field.default is not empty:
        if not isinstance(field, serializers.ReadOnlyField):
            return "only a ReadOnlyField may have a default"
        if callable(field.default) or "." in field.source:
            return "its default is not a constant"
    return None
