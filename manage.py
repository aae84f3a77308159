#!/usr/bin/env python
"""Django's command line: `python manage.py help` lists the commands."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.core.serializers.base import DeserializationError
        from django.db import DatabaseError
    except ImportError as error:
        raise SystemExit(
            "Django is not installed for this Python. `make run` sets everything up; "
            "by hand: python -m pip install -r requirements.txt"
        ) from error
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(f"Not configured: {error}") from error
    except (DatabaseError, DeserializationError) as error:
        if "--traceback" in sys.argv:
            raise
        reason = " ".join(str(error).split())
        raise SystemExit(f"Error: {reason}") from error


if __name__ == "__main__":
    main()
