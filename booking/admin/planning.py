"""Planning: a movie at several times over days, and copies of a day or a week; with a preview."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from .. import box_office
from ..exceptions import Refusal, count_of
from ..models import Movie, Screen, Show
from .fields import SafeAutocompleteSelect, clock_shows
from .pages import AdminPageMixin

MAX_SHOWS = 500
MAX_DAYS = 366
YEARS_AHEAD = 5
TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
WEEKDAYS = list(enumerate(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]))


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value):
        day = super().clean(value)
        today = timezone.localdate()
        if day and not 1900 < day.year <= today.year + YEARS_AHEAD:
            raise ValidationError(f"Enter a date up to the year {today.year + YEARS_AHEAD}.")
        return day


class TimesField(forms.CharField):
    """Times of a day, such as "14:00 17:30, 20:15"; ascending, each once."""

    def clean(self, value):
        times = set()
        for word in re.split(r"[\s,;]+", super().clean(value).strip()):
            found = TIME.fullmatch(word)
            if not found:
                raise ValidationError(f"“{word}” is no time. Enter times such as 14:00 17:30.")
            times.add(time(int(found[1]), int(found[2])))
        return sorted(times)


class ScreensField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options):
        super().__init__(Screen.objects.defer("layout"), **options)


@dataclass(frozen=True, slots=True)
class Slot:
    """What a form wants: a movie on a screen on a day at a time by the clock on the wall."""

    movie: Movie
    screen: Screen
    day: date
    time: time


class SeriesForm(forms.Form):
    """A movie at several times over days."""

    title, name = "Put a movie on", "series"

    movie = forms.ModelChoiceField(
        Movie.objects.all(),
        widget=SafeAutocompleteSelect(Show._meta.get_field("movie"), admin.site),
    )
    screens = ScreensField()
    times = TimesField(max_length=500, help_text="Such as 14:00 17:30 20:15")
    first_day = DayField()
    last_day = DayField()
    weekdays = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS,
        coerce=int,
        initial=[number for number, _ in WEEKDAYS],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last:
            if last < first:
                self.add_error("last_day", "The last day is before the first.")
            elif (last - first).days >= MAX_DAYS:
                self.add_error("last_day", f"Plan at most {MAX_DAYS} days at once.")
        return cleaned

    def slots(self):
        values = self.cleaned_data
        days = (values["last_day"] - values["first_day"]).days + 1
        return [
            Slot(values["movie"], screen, day, start)
            for day in (values["first_day"] + timedelta(days=number) for number in range(days))
            if day.weekday() in values["weekdays"]
            for screen in values["screens"]
            for start in values["times"]
        ]


class CopyForm(forms.Form):
    """The shows of a day or a week, on other days."""

    title, name = "Copy a day or a week", "copy"

    days = forms.TypedChoiceField(
        label="Copy", choices=[(1, "one day"), (7, "seven days")], coerce=int, initial=7
    )
    source = DayField(label="Beginning with")
    target = DayField(label="To the days from")
    screens = ScreensField(required=False, help_text="None chosen: all.")

    def slots(self):
        values = self.cleaned_data
        shift = values["target"] - values["source"]
        found = []
        for number in range(values["days"]):
            shows = Show.objects.on_day(values["source"] + timedelta(days=number))
            shows = shows.filter(cancelled_at=None, screen__isnull=False)
            if values["screens"]:
                shows = shows.filter(screen__in=values["screens"])
            for show in shows.select_related("movie", "screen").order_by("date_time", "id"):
                start = timezone.localtime(show.date_time)
                found.append(Slot(show.movie, show.screen, start.date() + shift, start.time()))
        return found


@dataclass(slots=True)
class Row:
    """A show of the preview."""

    show: Show
    problem: str = ""
    is_planned: bool = False  # the same show exists


class Preview:
    """The shows that a form would add, with what is in their way. Nothing is saved."""

    def __init__(self, slots: list[Slot]) -> None:
        self.rows = [self._row(slot) for slot in slots]
        possible = [row for row in self.rows if not row.problem]
        shows = [row.show for row in possible]
        for row, other in zip(possible, box_office.overlapping_shows(shows), strict=True):
            if other is None:
                continue
            row.is_planned = (other.movie_id, other.date_time) == (
                row.show.movie_id,
                row.show.date_time,
            )
            if row.is_planned:
                row.problem = "Planned already."
            else:
                free_at = timezone.localtime(other.screen_is_free_at)
                row.problem = f"The screen is in use until {free_at:%H:%M}: {other.movie.title}."

    def _row(self, slot):
        zone = timezone.get_current_timezone()
        start = datetime.combine(slot.day, slot.time, tzinfo=zone)
        # In UTC: between two times of one zone Python reckons as a clock on the wall would.
        show = Show(movie=slot.movie, screen=slot.screen, date_time=start.astimezone(UTC))
        show.screen_name = slot.screen.name
        if not clock_shows(start):
            return Row(show, "There is no such time: the clocks go forward.")
        if start < timezone.now():
            return Row(show, "It is past.")
        return Row(show)

    @property
    def good(self):
        return [row.show for row in self.rows if not row.problem]

    @property
    def problems(self):
        return [row for row in self.rows if row.problem]

    @property
    def is_planned(self):
        return bool(self.rows) and all(row.is_planned for row in self.rows)


class PlanView(AdminPageMixin, TemplateView):
    """Forms; with `step=preview` the shows that they would add; with `step=save` they are added."""

    template_name = "admin/booking/show/plan.html"
    permission_required = "booking.add_show"
    title = "Plan shows"

    def get(self, request):
        return self.respond()

    def post(self, request):
        form_class = CopyForm if request.POST.get("form") == CopyForm.name else SeriesForm
        form = form_class(request.POST)
        if not form.is_valid() or request.POST.get("step") == "edit":
            return self.respond(form)
        slots = form.slots()
        if not slots:
            form.add_error(None, "There is nothing to plan on these days.")
        elif len(slots) > MAX_SHOWS:
            form.add_error(None, f"That is {len(slots)} shows. Plan at most {MAX_SHOWS} at once.")
        if form.errors:
            return self.respond(form)
        preview = Preview(slots)
        if request.POST.get("step") == "save":
            if preview.is_planned:  # the second request of a double click
                messages.success(request, f"{count_of(len(slots), 'show')} planned.")
                return HttpResponseRedirect(self.timetable(preview))
            if preview.good and (not preview.problems or request.POST.get("leave_out")):
                try:
                    return self.save(preview)
                except Refusal as refusal:  # somebody else has planned meanwhile
                    form.add_error(None, str(refusal))
                    preview = Preview(slots)
        return self.respond(form, preview)

    def save(self, preview):
        shows = preview.good
        box_office.schedule(shows)
        LogEntry.objects.log_actions(self.request.user.pk, shows, ADDITION, "Planned.")
        messages.success(self.request, f"{count_of(len(shows), 'show')} planned.")
        return HttpResponseRedirect(self.timetable(preview))

    def timetable(self, preview):
        first = min(row.show.date_time for row in preview.rows)
        day = timezone.localdate(first)
        return f"{reverse('admin:booking_show_timetable')}?date={day}"

    def respond(self, form=None, preview=None):
        forms_of_page = [
            form if isinstance(form, form_class) else form_class(initial=self.initial())
            for form_class in (SeriesForm, CopyForm)
        ]
        context = self.get_context_data(
            forms=forms_of_page,
            form=form,
            preview=preview,
            has_screens=Screen.objects.exists(),
            media=SeriesForm().media,
        )
        return self.render_to_response(context)

    def initial(self):
        today = timezone.localdate()
        monday = today + timedelta(days=7 - today.weekday())
        return {
            "first_day": monday,
            "last_day": monday + timedelta(days=6),
            "source": monday - timedelta(days=7),
            "target": monday,
        }
