from copy import copy

from django.contrib.auth.management.commands import createsuperuser

from booking.accounts import require_free_username, validate_username


class Command(createsuperuser.Command):
    """Django's command, with the usernames that the API accepts."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.username_field = copy(self.username_field)
        self.username_field.validators = [
            *self.username_field.validators,
            validate_username,
            require_free_username,
        ]
