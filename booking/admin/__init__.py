"""The admin, for staff. Changes to seats go through the box office, as in the API."""

from django.contrib import admin

from . import bookings, first_page, groups, mails, movies, screens, second_factor, shows, users

__all__ = [
    "bookings",
    "first_page",
    "groups",
    "mails",
    "movies",
    "screens",
    "second_factor",
    "shows",
    "users",
]

admin.site.site_header = "Movie booking"
admin.site.site_title = "Movie booking"
admin.site.enable_nav_sidebar = False  # lists need the width
