"""Model fields for one line of text, and for its search key."""

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from ..text import MAX_KEY_LENGTH, normalize, search_key, validate_visible


class LineField(models.CharField):
    """A CharField of one line of visible characters, stored and compared in NFC."""

    default_validators = [validate_visible]

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return normalize(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options  # the same column


class SearchKeyAttribute(DeferredAttribute):
    """Always the key of the field it belongs to, whatever was loaded or assigned."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return search_key(getattr(instance, self.field.of))

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.field.attname] = value


class SearchKeyField(models.CharField):
    """The `search_key` of another field. Every save writes it, fixtures included."""

    descriptor_class = SearchKeyAttribute

    def __init__(self, *, of: str, **options: Any) -> None:
        self.of = of
        fixed = {"max_length": MAX_KEY_LENGTH, "db_default": "", "editable": False}
        super().__init__(**{**options, **fixed, "blank": True})

    def db_parameters(self, connection: Any) -> Any:
        """Sorted by code point on every database, as SQLite does by itself."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        for option in ("max_length", "db_default", "editable", "blank"):
            options.pop(option, None)
        return name, path, arguments, {**options, "of": self.of}
