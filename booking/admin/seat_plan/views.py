from datetime import timedelta

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView, View

from ... import accounts, box_office
from ...exceptions import Refusal, SeatTaken, count_of
from ...models import Booking, Reservation, Show
from ...models.clock import Now
from ...seating import best_seats
from ..pages import AdminPageMixin
from .forms import MAX_SEATS_AT_ONCE, SeatPlanForm
from .plan import WORDS, SeatPlan, State

MAX_SUGGESTIONS = 8
DOUBLE_CLICK = timedelta(seconds=20)

SELL, CHANGE_BOOKINGS = "booking.add_booking", "booking.change_booking"


class Mistake(Exception):
    """A sentence for the clerk: the chosen seats do not fit the button."""


class SeatPlanMixin(AdminPageMixin):
    permission_required = "booking.view_show"

    def get_show(self):
        return get_object_or_404(Show.objects.select_related("movie"), pk=self.kwargs["pk"])


class SeatPlanStateView(SeatPlanMixin, View):
    """The seats that are not free, and the counts, for the page's refresh."""

    def get(self, request, pk):
        return JsonResponse(SeatPlan(self.get_show()).as_json())


class SeatPlanView(SeatPlanMixin, TemplateView):
    template_name = "admin/booking/show/seats.html"

    def get(self, request, pk):
        if "suggest" in request.GET:
            return self.suggest_customers(request.GET["suggest"])
        return self.respond(SeatPlanForm(layout=self.get_show().seating))

    def post(self, request, pk):
        self.plan = SeatPlan(self.get_show())
        form = SeatPlanForm(request.POST, layout=self.plan.layout)
        permission, act = self.ACTIONS.get(request.POST.get("action"), (None, None))
        if act is None:
            form.add_error(None, "Choose one of the buttons.")
            return self.respond(form)
        self.require_permission(permission)
        if not form.is_valid():
            return self.respond(form)
        try:
            sentence = act(self, form)
        except Mistake as mistake:
            form.add_error(None, str(mistake))
        except Refusal as refusal:
            self.explain(form, refusal)
        else:
            if sentence is None:  # nothing was changed
                return self.respond(form)
            messages.success(request, sentence)
            return HttpResponseRedirect(request.path)
        return self.respond(form)

    # --- What the buttons do ---

    def choose_best(self, form):
        count = form.cleaned_data["count"]
        if not count:
            raise Mistake("Enter how many seats.")
        for_groups = self.plan.free.difference(self.plan.layout.by_number_only)
        if len(for_groups) < count:
            raise Mistake(f"Only {count_of(len(for_groups), 'seat')} for groups left.")
        best = best_seats(for_groups, self.plan.layout, count)
        form.data = form.data.copy()
        form.data.setlist("seat", best)
        form.data["seats"] = ""
        form.cleaned_data["seats"] = []

    def sell(self, form):
        return self._take_seats(form, "Sold", customer=self.find_customer(form))

    def hold(self, form):
        minutes = form.cleaned_data["minutes"] or SeatPlanForm.base_fields["minutes"].initial
        return self._take_seats(
            form,
            "Held",
            customer=self.find_customer(form),
            hold=True,
            hold_for=timedelta(minutes=minutes),
        )

    def set_aside(self, form):
        return self._take_seats(
            form,
            "Set aside",
            customer=accounts.reserved_account(accounts.HOUSE),
            hold=True,
            hold_for=timedelta(days=10_000),  # until sales close
        )

    def _take_seats(self, form, verb, *, customer, **options):
        seats = self._chosen(form)
        note = form.cleaned_data["note"]
        try:
            taken = box_office.reserve(
                show_id=self.kwargs["pk"],
                by=self.request.user,
                customer=customer,
                seat_numbers=seats,
                note=note,
                **options,
            )
            bookings = [each.booking for each in taken.bookings]
        except SeatTaken:
            bookings = self._just_taken(seats, customer, note)
            if not bookings:
                raise
        else:
            self.log(bookings, ADDITION, f"{verb} at the counter.")
        labels = self.labels(seats)
        return f"{verb}: {labels}. The reference is {bookings[0].reference}."

    def _just_taken(self, seats, customer, note):
        """The bookings of a double click's first request, if this is its second one."""
        same = Booking.objects.active().of_show(self.kwargs["pk"]).of_user(customer.pk)
        same = same.filter(seat_number__in=seats, note=note, created_at__gt=Now() - DOUBLE_CLICK)
        bookings = list(same)
        is_one_sale = len({booking.reference for booking in bookings}) == 1
        return bookings if is_one_sale and len(bookings) == len(seats) else []

    def confirm(self, form):
        """Sell held seats to the customers of the holds."""
        references = {each.booking.reference for each in self._chosen_taken(form, State.HELD)}
        if len(references) != 1:
            raise Mistake("Choose held seats of one customer.")
        held = Reservation.find(references.pop())
        confirmed = box_office.confirm(reservation=held, by=self.request.user)
        bookings = [each.booking for each in confirmed.bookings if each.is_active]
        self.log(bookings, CHANGE, "Confirmed at the counter.")
        return f"Sold: {self.labels(each.seat_number for each in bookings)}."

    def move(self, form):
        chosen = [self.plan[number] for number in self._chosen(form)]
        sold = [each for each in chosen if each.booking]
        free = [each for each in chosen if not each.booking]
        if len(sold) != 1 or len(free) != 1:
            raise Mistake("To move, choose one sold or held seat and one free seat.")
        booking, seat = sold[0].booking, free[0].seat
        box_office.move(
            booking=booking,
            seat_number=seat.number,
            by=self.request.user,
            as_staff=True,
            reason=form.cleaned_data["reason"],
        )
        self.log([booking], CHANGE, f"Moved from {sold[0].seat.label} to {seat.label}.")
        return f"Moved {booking.reference} from {sold[0].seat.label} to {seat.label}."

    def cancel(self, form):
        """One after the other: a refusal of one leaves the others cancelled."""
        done = []
        for each in self._chosen_taken(form):
            try:
                box_office.cancel(
                    booking=each.booking,
                    by=self.request.user,
                    as_staff=True,
                    reason=form.cleaned_data["reason"],
                )
            except Refusal as refusal:
                messages.warning(self.request, f"{each.seat.label}: {refusal}")
            else:
                done.append(each)
        if not done:
            return None
        self.log([each.booking for each in done], CHANGE, "Cancelled.")
        return f"Free again: {self.labels(each.seat.number for each in done)}."

    ACTIONS = {
        "best": (SELL, choose_best),
        "sell": (SELL, sell),
        "hold": (SELL, hold),
        "set_aside": (SELL, set_aside),
        "confirm": (SELL, confirm),
        "move": (CHANGE_BOOKINGS, move),
        "cancel": (CHANGE_BOOKINGS, cancel),
    }

    # --- Parts of them ---

    def _chosen(self, form):
        if not form.chosen:
            raise Mistake("Choose at least one seat.")
        if len(form.chosen) > MAX_SEATS_AT_ONCE:
            raise Mistake(f"Choose at most {MAX_SEATS_AT_ONCE} seats at once.")
        return form.chosen

    def _chosen_taken(self, form, *states):
        chosen = [self.plan[number] for number in self._chosen(form)]
        wrong = [
            each.seat.number
            for each in chosen
            if not each.booking or (states and each.state not in states)
        ]
        if wrong:
            kind = " or ".join(states) if states else "sold or held"
            raise Mistake(f"Not {kind}: {self.labels(wrong)}.")
        return chosen

    def find_customer(self, form):
        text = form.cleaned_data["customer"].strip()
        if not text:
            return accounts.reserved_account(accounts.WALK_IN)
        exact = accounts.users_by_name(text).first()
        if exact and exact.is_active:
            return exact
        found = list(search_customers(text)[:MAX_SUGGESTIONS])
        if len(found) == 1:
            return found[0]
        if found:
            names = "; ".join(map(describe_customer, found))
            raise Mistake(f"Several customers match “{text}”: {names}. Enter the username.")
        raise Mistake(f"There is no customer “{text}”. Leave it empty for a walk-in.")

    def suggest_customers(self, text):
        self.require_permission(SELL)
        text = text.replace("\x00", "").strip()[:254]
        found = search_customers(text)[:MAX_SUGGESTIONS] if len(text) > 1 else []
        names = [{"username": each.username, "name": describe_customer(each)} for each in found]
        return JsonResponse({"customers": names})

    def log(self, bookings, action, sentence):
        LogEntry.objects.log_actions(self.request.user.pk, bookings, action, sentence)

    def labels(self, numbers):
        return ", ".join(map(self.plan.layout.label, numbers))

    def explain(self, form, refusal):
        """The refusal as an error of the form, with the seats by their labels."""
        sentence = str(refusal)
        if isinstance(refusal, SeatTaken):
            taken = self.labels(refusal.facts["seat_numbers"])
            sentence = f"Taken meanwhile: {taken}."
            if alternatives := refusal.facts["alternatives"]:
                sentence += f" Free nearby: {self.labels(alternatives)}."
            form.data = form.data.copy()
            free = set(form.chosen).difference(refusal.facts["seat_numbers"])
            form.data.setlist("seat", sorted(free))
            form.data["seats"] = ""
            form.cleaned_data["seats"] = []
        form.add_error(None, sentence)

    def respond(self, form):
        show = self.get_show()
        plan = SeatPlan(show)
        return self.render_to_response(
            self.get_context_data(
                title=str(show),
                show=show,
                plan=plan,
                form=form,
                chosen=set(form.chosen),
                words=WORDS,
                may_sell=self.request.user.has_perm(SELL),
                may_change=self.request.user.has_perm(CHANGE_BOOKINGS),
            )
        )


def search_customers(text):
    """Active customers, without the accounts of the cinema's own."""
    found = accounts.search_users(text).filter(is_active=True)
    return found.exclude(username__in=accounts.RESERVED_USERNAMES)


def describe_customer(user):
    return ", ".join(filter(None, [user.username, user.get_full_name(), user.email]))
