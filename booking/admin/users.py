from math import ceil

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from rest_framework_simplejwt.token_blacklist.admin import BlacklistedToken, OutstandingToken

from ..callers import network_of, security
from ..rates import Rate, login_names, pseudonym


class LoginForm(AdminAuthenticationForm):
    """Which wrong passwords are counted of, as of the API's logins."""

    def clean(self):
        username = self.cleaned_data.get("username", "")
        rate, names = Rate("THROTTLE_LOGIN"), login_names(network_of(self.request), username)
        if not rate.allows(names):
            security.info("event=login_throttled account=%s", pseudonym(username))
            minutes = ceil(rate.wait / 60)
            raise ValidationError(f"Too many wrong passwords. Try again in {minutes} minutes.")
        try:
            cleaned = super().clean()
        except ValidationError:
            security.info("event=login_failed account=%s", pseudonym(username))
            raise
        rate.forgive(names)
        user = self.get_user()
        security.info("event=logged_in user=%s account=%s", user.pk, pseudonym(username))
        return cleaned


admin.site.login_form = LoginForm
admin.site.unregister([User, OutstandingToken, BlacklistedToken])


class RenameForm(UserChangeForm):
    """Which sees that Alice and alice are one name, as the form for a new user does already."""

    def clean_username(self):
        username = self.cleaned_data["username"]
        others = User.objects.exclude(pk=self.instance.pk).annotate(lower=Lower("username"))
        if others.filter(lower=username.lower()).exists():
            raise ValidationError("A user with that username already exists.", code="unique")
        return username


@admin.register(User)
class CustomerAdmin(UserAdmin):
    form = RenameForm
