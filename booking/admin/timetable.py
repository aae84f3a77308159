"""The timetable of one day: a row for each screen, a block for each show."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from ..models import Screen, Show
from ..models.bookings import available_seats
from ..models.shows import cinema_midnight
from .days import read_day
from .pages import AdminPageMixin

FIRST_START = time(10, 0)  # shown at least, until midnight; more if there are shows
SLOT = timedelta(minutes=30)  # an empty place to click on


@dataclass(frozen=True, slots=True)
class Block:
    """A show, as part of the day's width."""

    show: Show
    left: float  # percent
    width: float  # percent, with cleaning
    running: float  # percent of the block, without cleaning

    @property
    def sold(self) -> int:
        return self.show.total_seats - self.show.available_seats

    @property
    def percent_sold(self) -> int:
        return round(100 * self.sold / self.show.total_seats)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    screen: Screen | None
    blocks: list[Block]
    slots: list["Slot"]


@dataclass(frozen=True, slots=True)
class Slot:
    """An empty place of a screen: a link to add a show there."""

    left: float
    width: float
    time: datetime
    address: str


class Timetable:
    """Two queries: screens, and shows. Positions are of elapsed time, so that a day on which the
    clocks change has 23 or 25 hours.
    """

    def __init__(self, day: date, *, may_add: bool) -> None:
        self.day = day
        morning = datetime.combine(day, FIRST_START, tzinfo=timezone.get_current_timezone())
        midnight = cinema_midnight(day + timedelta(days=1))
        shows = Show.objects.on_day(day).select_related("movie").defer("layout")
        shows = list(shows.annotate(available_seats=available_seats()).order_by("date_time", "id"))
        first = min([morning, *(show.date_time for show in shows)])
        last = max([midnight, *(show.screen_is_free_at for show in shows)])
        self.begin = first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        hours = -((self.begin - last) // timedelta(hours=1))
        self.length = timedelta(hours=hours)
        self.hours = [
            (self._percent(timedelta(hours=number)), timezone.localtime(self._after(number)))
            for number in range(hours)
        ]
        self.hour_width = 100 / hours
        self.rows = self._rows(shows, may_add)
        self.is_empty = not shows

    def _after(self, hours: int) -> datetime:
        return self.begin + timedelta(hours=hours)

    def _percent(self, duration: timedelta) -> float:
        return round(100 * (duration / self.length), 3)

    def _rows(self, shows, may_add):
        screens = list(Screen.objects.defer("layout"))
        by_screen = {screen.name.casefold(): (screen.name, screen, []) for screen in screens}
        for show in shows:
            name = show.screen_name
            if show.screen_id:  # under the name that the screen has now
                name = next(each.name for each in screens if each.pk == show.screen_id)
            by_screen.setdefault(name.casefold(), (name, None, []))[2].append(self._block(show))
        return [
            Row(name, screen, blocks, self._slots(screen) if screen and may_add else [])
            for name, screen, blocks in by_screen.values()
        ]

    def _block(self, show: Show) -> Block:
        whole = show.screen_is_free_at - show.date_time
        return Block(
            show=show,
            left=self._percent(show.date_time - self.begin),
            width=self._percent(whole),
            running=round(100 * (1 - settings.CLEANING_TIME / whole), 1),
        )

    def _slots(self, screen):
        slots, moment = [], self.begin
        while moment < self.begin + self.length:
            local = timezone.localtime(moment)
            query = urlencode({"screen": screen.pk, "date_time": f"{local:%Y-%m-%d %H:%M}"})
            slots.append(
                Slot(
                    left=self._percent(moment - self.begin),
                    width=self._percent(SLOT),
                    time=local,
                    address=f"{reverse('admin:booking_show_add')}?{query}",
                )
            )
            moment += SLOT
        return slots


class TimetableView(AdminPageMixin, TemplateView):
    template_name = "admin/booking/show/timetable.html"
    permission_required = "booking.view_show"
    title = "Timetable"

    def get_context_data(self, **context):
        today = timezone.localdate()
        day = self.chosen_day() or today
        may_add = self.request.user.has_perm("booking.add_show")
        return super().get_context_data(
            title=f"{day:%A} {day.day} {day:%B %Y}",
            timetable=Timetable(day, may_add=may_add),
            day=day,
            today=today,
            previous=day - timedelta(days=1),
            following=day + timedelta(days=1),
            may_add=may_add,
            may_add_screen=self.request.user.has_perm("booking.add_screen"),
            **context,
        )

    def chosen_day(self):
        text = self.request.GET.get("date", "").strip()
        day = read_day(text)
        if text and day is None:
            messages.warning(self.request, "Enter a date such as 2026-12-24. This is today.")
        return day
