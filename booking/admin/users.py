from functools import wraps

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.utils import unquote
from django.contrib.auth import logout
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join

from .. import accounts, second_factor, tokens
from ..accounts import users_by_name, validate_username
from ..exceptions import count_of, duration
from ..logging import security_log
from ..models import Booking
from ..models.clock import Now
from ..text import normalize, validate_visible
from ..throttling import LoginLimit
from .addresses import HandMadeAddressMixin
from .pagination import BoundedChangeList, BoundedPaginator
from .protection import ProtectSoldMixin

LISTED_BOOKINGS = 50  # on a customer's page


def too_many_passwords(limit):
    return f"Too many wrong passwords. Try again in {duration(limit.rate.seconds_left())}."


class LoginForm(AdminAuthenticationForm):
    """The admin's login, with the same rate limit and security log as the API's."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Username or email address"

    def clean(self):
        username = self.cleaned_data.get("username")
        if username is None or not self.cleaned_data.get("password"):
            return super().clean()  # a field is missing, so no password is checked
        limit = LoginLimit(self.request, username=username)
        if not limit.allows_attempt():
            raise ValidationError(too_many_passwords(limit))
        try:
            cleaned = super().clean()
        except ValidationError:
            security_log.info("event=login_failed account=%s", limit.account)
            if not limit.count_wrong_password():
                raise ValidationError(too_many_passwords(limit)) from None
            raise
        security_log.info("event=logged_in user=%s account=%s", self.get_user().pk, limit.account)
        return cleaned


def count_wrong_old_passwords(password_change):
    """Decorator for the admin's view where staff change their password: the limit of logins."""

    @wraps(password_change)
    def view(request, extra_context=None):
        if request.method != "POST":
            return password_change(request, extra_context)
        limit = LoginLimit(request, username=request.user.get_username())
        if not limit.allows_attempt():
            messages.error(request, too_many_passwords(limit))
            return HttpResponseRedirect(request.path)
        response = password_change(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form is None:
            security_log.info("event=password_changed user=%s", request.user.pk)
        elif form.has_error("old_password", "password_incorrect"):
            security_log.info("event=password_wrong user=%s", request.user.pk)
            limit.count_wrong_password()
        return response

    return view


admin.site.login_form = LoginForm
admin.site.password_change = count_wrong_old_passwords(admin.site.password_change)
admin.site.unregister(User)


class PersonalDataMixin:
    """Names and email address of one line, in NFC, as in the API."""

    def clean(self):
        cleaned = super().clean()
        for name in ("first_name", "last_name", "email"):
            if value := self.cleaned_data.get(name):
                self.cleaned_data[name] = normalize(value)
                try:
                    validate_visible(value)
                except ValidationError as error:
                    self.add_error(name, error)
        return cleaned


class NewUserForm(PersonalDataMixin, AdminUserCreationForm):
    def clean_username(self):
        username = super().clean_username()
        validate_username(username)
        return username


class ChangeUserForm(PersonalDataMixin, UserChangeForm):
    """Refuse another user's username in any case, as Django's form for a new user does.

    Users from before the rule for usernames keep theirs.
    """

    def clean_username(self):
        username = self.cleaned_data["username"]
        if username != self.initial["username"]:
            validate_username(username)
        if users_by_name(username).exclude(pk=self.instance.pk).exists():
            raise ValidationError("A user with that username already exists.", code="unique")
        return username


class SetPasswordForm(AdminPasswordChangeForm):
    """Django's form, which ends the API sessions as well. Those in the admin end by themselves."""

    def save(self, commit=True):
        user = super().save(commit)
        tokens.close_all_sessions(user=user)
        return user


@admin.register(User)
class CustomerAdmin(HandMadeAddressMixin, ProtectSoldMixin, UserAdmin):
    """Customers, and for superusers staff.

    Only superusers see and change permissions, groups and staff flags, and touch accounts of staff.
    The accounts of the cinema's own are changed by nobody.
    """

    form = ChangeUserForm
    add_form = NewUserForm
    change_password_form = SetPasswordForm
    change_form_template = "admin/auth/user/change_form.html"
    actions = ["log_out_everywhere", "reset_second_factor"]
    readonly_fields = ["last_login", "date_joined", "bookings"]
    search_help_text = "Username, name or email address"
    show_full_result_count = False
    paginator = BoundedPaginator
    change_list_template = "admin/bounded_change_list.html"

    def get_changelist(self, request, **kwargs):
        return BoundedChangeList

    def get_urls(self):
        view = self.admin_site.admin_view
        return [path("<id>/erase/", view(self.erase), name="auth_user_erase"), *super().get_urls()]

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return super().get_fieldsets(request, obj)
        personal = (None, {"fields": ["username", "first_name", "last_name", "email", "is_active"]})
        password = (None, {"fields": ["password"]})
        bookings = ("Bookings", {"fields": ["bookings"]})
        dates = ("Dates", {"fields": ["last_login", "date_joined"]})
        if not request.user.is_superuser:
            return [personal, bookings, dates]
        rights = ["is_staff", "is_superuser", "groups", "user_permissions"]
        return [personal, password, bookings, ("Rights", {"fields": rights}), dates]

    def get_list_filter(self, request):
        return super().get_list_filter(request) if request.user.is_superuser else ["is_active"]

    def may_touch(self, request, user):
        if user is None:
            return True
        if user.username in accounts.RESERVED_USERNAMES:
            return False
        return request.user.is_superuser or not (user.is_staff or user.is_superuser)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self.may_touch(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self.may_touch(request, obj)

    @admin.display(description="Newest bookings")
    def bookings(self, user):
        newest = user.bookings.select_related("show__movie").annotate_current_status()
        rows = [
            (
                reverse("admin:booking_booking_change", args=[booking.pk]),
                booking.reference,
                booking.seat_label,
                str(booking.show),
                Booking.Status(booking.current_status).label,
            )
            for booking in newest.order_by("-created_at", "-pk")[:LISTED_BOOKINGS]
        ]
        if not rows:
            return "None yet."
        all_bookings = f"{reverse('admin:booking_booking_changelist')}?user__id__exact={user.pk}"
        return format_html(
            '{}<a href="{}">All bookings</a>',
            format_html_join("", '<div><a href="{}">{}</a> {}, {}: {}</div>', rows),
            all_bookings,
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        user = self.get_object(request, object_id)
        may_erase = user is not None and self.may_erase(request, user)
        extra = {"may_erase": may_erase and not accounts.is_erased(user)}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def delete_view(self, request, object_id, extra_context=None):
        user = self.get_object(request, unquote(object_id))
        extra = {"may_erase": user is not None and self.may_erase(request, user)}
        return super().delete_view(request, object_id, {**extra, **(extra_context or {})})

    def may_erase(self, request, user):
        is_staff = user.is_staff or user.is_superuser
        return self.has_change_permission(request, user) and not is_staff

    def erase(self, request, id):
        """Erase a customer's account, as customers can do themselves."""
        user = self.get_object(request, unquote(id))
        if user is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, id)
        if not self.may_erase(request, user):
            raise PermissionDenied
        if accounts.is_erased(user):  # such as the second request of a double click
            self.message_user(request, "This account is already erased.")
            return HttpResponseRedirect(reverse("admin:auth_user_changelist"))
        if request.method == "POST":
            name = user.get_username()
            accounts.erase_by_staff(user=user, by=request.user)
            self.log_change(request, user, "Erased.")
            self.message_user(request, f"The account {name} is erased.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:auth_user_changelist"))
        coming = user.bookings.active().filter(show__date_time__gt=Now()).count()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Erase {user.get_username()}",
            "opts": self.opts,
            "customer": user,
            "coming": coming,
        }
        return TemplateResponse(request, "admin/auth/user/erase.html", context)

    @admin.action(description="Log out everywhere", permissions=["change"])
    def log_out_everywhere(self, request, queryset):
        touched = [user for user in queryset if self.may_touch(request, user)]
        for user in touched:
            accounts.log_out_everywhere(user=user, by=request.user)
            self.log_change(request, user, "Logged out everywhere.")
        if request.user in touched:  # else the session that is gone would be saved: 400
            logout(request)
            return HttpResponseRedirect(request.path)
        users = count_of(len(touched), "user")
        self.message_user(request, f"{users} logged out everywhere.", messages.SUCCESS)

    @admin.action(description="Reset the second factor", permissions=["change"])
    def reset_second_factor(self, request, queryset):
        """For staff who have lost phone and recovery codes."""
        for user in queryset:
            second_factor.turn_off(user, by=request.user)
            self.log_change(request, user, "Reset the second factor.")
        users = count_of(len(queryset), "user")
        self.message_user(request, f"Second factor of {users} reset.", messages.SUCCESS)

    def get_actions(self, request, action_location=None):
        options = {"action_location": action_location} if action_location else {}  # Django 6.1
        actions = super().get_actions(request, **options)
        if not request.user.is_superuser or settings.STAFF_TWO_FACTOR == second_factor.OFF:
            actions.pop("reset_second_factor", None)
        return actions

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            accounts.log_out_everywhere(user=obj, by=request.user)
