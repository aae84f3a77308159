"""Addresses that somebody has typed or changed by hand: never an error page."""

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpResponseRedirect

from .days import FIRST_YEAR, LAST_YEAR
from .fields import SafeAutocompleteSelect, is_id


class HandMadeAddressMixin:
    """Lists ignore what they cannot search for, and forms what they cannot fill in.

    Comes before ModelAdmin. Django itself answers most wrong lookups with a redirect; what gets
    past it are null characters, years that no date has, and initial values of another type.
    """

    def changelist_view(self, request, extra_context=None):
        if any(self._is_unreadable(name, value) for name, value in request.GET.items()):
            messages.warning(request, "That address could not be read, so everything is listed.")
            return HttpResponseRedirect(request.path)
        return super().changelist_view(request, extra_context)

    def _is_unreadable(self, name, value):
        if "\x00" in name + value:
            return True
        field, _, part = name.rpartition("__")
        if field and part in ("year", "month", "day"):
            least, most = (FIRST_YEAR, LAST_YEAR) if part == "year" else (1, 31)
            return not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most)
        return False

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, search_term.replace("\x00", ""))

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SafeAutocompleteSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request):
        """Only what the form's fields can show."""
        found = super().get_changeform_initial_data(request)
        readable = {}
        for name, value in found.items():
            try:
                field = self.model._meta.get_field(name)
                if isinstance(field, models.ForeignKey):
                    if not is_id(value):
                        continue
                else:
                    value = field.to_python(value)
            except (ValidationError, ValueError, TypeError, OverflowError, FieldDoesNotExist):
                continue
            readable[name] = value
        return readable
