from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group

from .addresses import HandMadeAddressMixin

admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(HandMadeAddressMixin, GroupAdmin):
    """Roles. Only superusers change them: with a permission to, one could give oneself all."""

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser
