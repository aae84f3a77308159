from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import JsonResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from ..models import Screen
from ..seating import Kind, LayoutError, parse_layout
from .addresses import HandMadeAddressMixin
from .protection import ProtectSoldMixin

KIND_NOUNS = {
    Kind.SEAT: ("seat", "seats"),
    Kind.WHEELCHAIR: ("wheelchair space", "wheelchair spaces"),
    Kind.COMPANION: ("companion seat", "companion seats"),
    Kind.HOUSE: ("house seat", "house seats"),
}


class ScreenForm(forms.ModelForm):
    class Meta:
        model = Screen
        fields = ["name", "layout"]
        widgets = {
            "layout": forms.Textarea(
                attrs={"rows": 16, "cols": 60, "class": "layout-drawing", "spellcheck": "false"}
            )
        }

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if "layout" in self.fields:  # it is missing for staff who may only look
            self.fields["layout"].strip = False  # blanks before the first row are a part of it


@admin.register(Screen)
class ScreenAdmin(HandMadeAddressMixin, ProtectSoldMixin, admin.ModelAdmin):
    """Screens, with their layout as a drawing and as a picture while one types."""

    form = ScreenForm
    list_display = ["name", "seats"]
    search_fields = ["name"]
    readonly_fields = ["picture"]
    fields = ["name", "layout", "picture"]

    class Media:
        css = {"all": ["booking/seat-plan.css", "booking/screen-layout.css"]}
        js = [Script("booking/screen-layout.js", defer=True)]

    def get_urls(self):
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", view, name="booking_screen_preview"), *super().get_urls()]

    def preview(self, request):
        """The picture of a drawing that is not saved yet, or what is wrong with it."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        return JsonResponse(describe_drawing(request.POST.get("layout", "")))

    @admin.display(description="Picture")
    def picture(self, screen):
        return format_html(
            '<div id="layout-preview" data-url="{}" role="img" aria-label="The hall, drawn">'
            "Shown with JavaScript; without it, mistakes are listed when you save.</div>",
            reverse("admin:booking_screen_preview"),
        )

    @admin.display(description="Seats")
    def seats(self, screen):
        return count_by_kind(screen.seating)


def describe_drawing(drawing):
    try:
        layout = parse_layout(drawing)
    except LayoutError as error:
        return {"problems": [str(problem) for problem in error.problems]}
    return {
        "problems": [],
        "counts": count_by_kind(layout),
        "width": layout.width,
        "rows": [row._asdict() for row in layout.rows],
        "seats": [
            {"x": seat.x, "y": seat.y, "label": seat.label, "kind": seat.kind}
            for seat in layout.seats
        ],
    }


def count_by_kind(layout):
    """Such as "180 in all: 174 seats, 4 wheelchair spaces, 2 house seats"."""
    kinds = [seat.kind for seat in layout.seats]
    parts = []
    for kind, (one, many) in KIND_NOUNS.items():
        if count := kinds.count(kind):
            parts.append(f"{count} {one if count == 1 else many}")
    return f"{len(kinds)} in all: {', '.join(parts)}" if len(parts) > 1 else parts[0]
