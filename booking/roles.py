"""Roles of staff: groups, and what they may do."""

from typing import Any

from django.apps import apps as installed_apps

DOOR = "Door"
BOX_OFFICE = "Box office"
MANAGER = "Manager"

LOOK = ["booking.view_movie", "booking.view_screen", "booking.view_show", "booking.view_booking"]
SELL = ["booking.add_booking", "booking.change_booking", "auth.view_user"]
PLAN = [
    f"booking.{action}_{model}"
    for model in ("movie", "screen", "show")
    for action in ("add", "change", "delete")
]

MAIL = ["booking.view_mail", "booking.change_mail"]
ADMIT = "booking.admit_booking"

PERMISSIONS = {
    DOOR: [*LOOK, ADMIT],
    BOX_OFFICE: [*LOOK, ADMIT, *SELL],
    MANAGER: [*LOOK, ADMIT, *SELL, *PLAN, *MAIL, "booking.export_booking", "auth.change_user"],
}


def create_roles(apps: Any = installed_apps) -> None:
    """Create the groups, or give them the permissions they lack. Takes none away.

    A migration runs before Django creates the permissions, so missing ones are created.
    """
    group_model = apps.get_model("auth", "Group")
    for name, permissions in PERMISSIONS.items():
        group, _ = group_model.objects.get_or_create(name=name)
        group.permissions.add(*[_permission(apps, each) for each in permissions])


def _permission(apps: Any, full_name: str) -> Any:
    app_label, codename = full_name.split(".")
    action, model = codename.split("_")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename=codename,
        defaults={"name": f"Can {action} {model}"},
    )
    return permission
