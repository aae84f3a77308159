from functools import wraps

from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect

from .. import accounts, tokens
from ..accounts import users_by_name, validate_username
from ..exceptions import count_of, duration
from ..logging import security_log
from ..text import normalize, validate_visible
from ..throttling import LoginLimit
from .addresses import HandMadeAddressMixin


def too_many_passwords(limit):
    return f"Too many wrong passwords. Try again in {duration(limit.rate.seconds_left())}."


class LoginForm(AdminAuthenticationForm):
    """The admin's login, with the same rate limit and security log as the API's."""

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
class CustomerAdmin(HandMadeAddressMixin, UserAdmin):
    form = ChangeUserForm
    add_form = NewUserForm
    change_password_form = SetPasswordForm
    actions = ["log_out_everywhere"]

    @admin.action(description="Log out everywhere", permissions=["change"])
    def log_out_everywhere(self, request, queryset):
        for user in queryset:
            accounts.log_out_everywhere(user=user, by=request.user)
            self.log_change(request, user, "Logged out everywhere.")
        users = count_of(len(queryset), "user")
        self.message_user(request, f"{users} logged out everywhere.", messages.SUCCESS)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            accounts.log_out_everywhere(user=obj, by=request.user)
