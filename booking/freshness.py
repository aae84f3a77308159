"""Whether the films have changed, for workers that keep answers about them for a moment.

Workers of one host tell each other by the time of a file: to look at it costs a microsecond, to ask
the database a hundred times that. Other hosts learn of a change when the moment is over.
"""

import logging
import os
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.db import connection, transaction

USER = os.getuid() if hasattr(os, "getuid") else ""

log = logging.getLogger(__name__)


@cache
def marker():
    """One for each database and each user of the system."""
    known = repr([connection.settings_dict[name] for name in ("HOST", "PORT", "NAME")])
    name = sha256(f"{known} {USER}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"movie-booking-{name}.changed"


def version():
    """Another one after each change."""
    try:
        return os.stat(marker()).st_mtime_ns
    except OSError:
        return 0


def films_change():
    """Call it after films were changed: from the commit on they are another version."""
    transaction.on_commit(_touch)


def _touch():
    try:
        marker().touch()
    except OSError as error:
        log.warning("Others learn of the change in a moment only: %s", error)
