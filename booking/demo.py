"""Logins of the demo data, for development only: their passwords are public."""

from django.conf import settings
from django.contrib.auth import get_user_model

CUSTOMER = ("demo", "demo-popcorn")
CUSTOMER_EMAIL = "demo@example.com"
STAFF = ("staff", "staff-popcorn")  # a superuser
STAFF_BY_ROLE = {  # the names of roles.py
    "Door": ("door", "door-popcorn"),
    "Box office": ("clerk", "clerk-popcorn"),
    "Manager": ("manager", "manager-popcorn"),
}


def working_logins() -> list[tuple[str, str, str]]:
    """Title, username and password of each demo login that works. Never any with DEBUG off."""
    if not settings.DEBUG:
        return []
    users = get_user_model().objects.filter(is_active=True)
    found = []
    for title, (username, password) in [("Customer", CUSTOMER), ("Staff", STAFF)]:
        user = users.filter(username=username).first()
        if user and user.check_password(password):
            found.append((title, username, password))
    return found
