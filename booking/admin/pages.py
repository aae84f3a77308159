"""Base of our own pages in the admin."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied


class AdminPageMixin:
    """A page of the admin that is neither list nor form of a model.

    Wrap the view in `admin.site.admin_view`. `permission_required` is needed for every request;
    what changes something requires more.
    """

    permission_required: str
    title = ""

    def dispatch(self, request, *args, **kwargs):
        self.require_permission(self.permission_required)
        return super().dispatch(request, *args, **kwargs)

    def require_permission(self, permission):
        if not self.request.user.has_perm(permission):
            raise PermissionDenied

    def get_context_data(self, **context):
        page = {**admin.site.each_context(self.request), "title": self.title}
        return super().get_context_data(**page | context)
