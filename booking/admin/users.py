from math import ceil

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from ..logging import hash_account, security_log
from ..throttling import Rate, get_client_network, get_login_keys


class LoginForm(AdminAuthenticationForm):
    """The admin's login, with the same rate limit and security log as the API's."""

    def clean(self):
        username = self.cleaned_data.get("username", "")
        account = hash_account(username=username)
        rate = Rate("THROTTLE_LOGIN")
        keys = get_login_keys(network=get_client_network(self.request), username=username)
        if not rate.allows(keys):
            security_log.info("event=login_throttled account=%s", account)
            minutes = ceil(rate.seconds_left() / 60)
            raise ValidationError(f"Too many wrong passwords. Try again in {minutes} minutes.")
        try:
            cleaned = super().clean()
        except ValidationError:
            security_log.info("event=login_failed account=%s", account)
            raise
        rate.refund(keys)
        security_log.info("event=logged_in user=%s account=%s", self.get_user().pk, account)
        return cleaned


admin.site.login_form = LoginForm
admin.site.unregister(User)


class CaseInsensitiveUserChangeForm(UserChangeForm):
    """Refuse another user's username in any case, as Django's form for a new user does."""

    def clean_username(self):
        username = self.cleaned_data["username"]
        others = User.objects.exclude(pk=self.instance.pk).annotate(lower=Lower("username"))
        if others.filter(lower=username.lower()).exists():
            raise ValidationError("A user with that username already exists.", code="unique")
        return username


@admin.register(User)
class CustomerAdmin(UserAdmin):
    form = CaseInsensitiveUserChangeForm
