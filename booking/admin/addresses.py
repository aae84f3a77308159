"""Addresses that somebody has typed or changed by hand: never an error page."""

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.db import models
from django.http import HttpResponseRedirect
from django.urls import reverse

from ..text import search_words
from .days import FIRST_YEAR, LAST_YEAR
from .fields import SafeAutocompleteSelect, is_id

MAX_SELECTED = 200  # rows; as many as a list shows on one page
# A wrong expression is found by the database only, and some take for ever.
REFUSED_LOOKUPS = ("regex", "iregex")
WRONG_VALUES = (
    IncorrectLookupParameters,
    FieldError,
    IndexError,
    OverflowError,
    TypeError,
    ValidationError,
    ValueError,
)


class UnreadableAddress(Exception):
    """The parameters in the address of a list cannot be read."""


class HandMadeAddressMixin:
    """Lists ignore what they cannot search for, and forms what they cannot fill in.

    Comes before ModelAdmin. Django itself answers most wrong lookups with a redirect; what gets
    past it are values that only the query finds to be wrong, and initial values of another type.
    """

    def changelist_view(self, request, extra_context=None):
        try:
            return super().changelist_view(request, extra_context)
        except UnreadableAddress:
            return self.list_everything(request)

    def list_everything(self, request):
        messages.warning(request, "That address could not be read, so everything is listed.")
        names = self.opts.app_label, self.opts.model_name
        return HttpResponseRedirect(reverse("admin:{}_{}_changelist".format(*names)))

    def get_changelist_instance(self, request):
        """Raises UnreadableAddress, here and not while the page is rendered."""
        if any(self._is_unreadable(name, value) for name, value in request.GET.items()):
            raise UnreadableAddress
        try:
            return super().get_changelist_instance(request)
        except WRONG_VALUES as error:
            if not request.GET:
                raise
            raise UnreadableAddress from error

    def _is_unreadable(self, name, value):
        if "\x00" in name + value or name.rpartition("__")[2] in REFUSED_LOOKUPS:
            return True
        field, _, part = name.rpartition("__")
        if field and part in ("year", "month", "day"):
            least, most = (FIRST_YEAR, LAST_YEAR) if part == "year" else (1, 31)
            return not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most)
        return False

    def get_search_results(self, request, queryset, search_term):
        words = " ".join(search_words(search_term))
        return super().get_search_results(request, queryset, words)

    def response_action(self, request, queryset, **options):
        """Refuses selections by something that is no id, and of more rows than one request can
        change, and the form of a confirmation page can list.
        """
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        sentence = ""
        if not all(map(is_id, selected)):
            sentence = "That selection could not be read, so nothing was changed."
        # All rows of all pages:
        elif (
            request.POST.get("select_across", "0") != "0"
            and queryset[: MAX_SELECTED + 1].count() > MAX_SELECTED
        ):
            sentence = f"Select at most {MAX_SELECTED} at once. Nothing was changed."
        if sentence:
            messages.warning(request, sentence)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, **options)

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
