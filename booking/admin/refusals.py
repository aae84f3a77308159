"""Show refusals of the box office as errors of an admin form."""

from django import forms
from django.contrib import admin

from ..exceptions import Refusal


class RefusalForm(forms.ModelForm):
    """A form with the refusal that saving it has raised, as a form or field error."""

    refusal: Refusal | None = None
    field_of_refusal: dict[type[Refusal], str] = {}

    def clean(self):
        cleaned = super().clean()
        if self.refusal is not None:
            field = self.field_of_refusal.get(type(self.refusal))
            self.add_error(field if field in self.fields else None, self.describe(self.refusal))
        return cleaned

    def describe(self, refusal: Refusal) -> str:
        return str(refusal)


class RefusalMixin(admin.ModelAdmin):
    """ModelAdmin whose `save_model` may raise a refusal: the form is shown again with it.

    The view is a transaction, so nothing is saved.
    """

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            request.refusal = refusal
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form
