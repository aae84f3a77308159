"""The staff's pages. Whatever changes a seat goes through the box office, here too."""

from django.contrib import admin

from . import bookings, movies, shows, users

__all__ = ["bookings", "movies", "shows", "users"]

admin.site.site_header = "Movie booking"
admin.site.site_title = "Movie booking"
admin.site.index_title = "Box office"
admin.site.enable_nav_sidebar = False  # the lists need the room
