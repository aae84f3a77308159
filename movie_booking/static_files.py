from django.contrib.staticfiles import storage
from django.urls import get_script_prefix


class StaticFilesStorage(storage.StaticFilesStorage):
    """Static files, with URLs below the path prefix of the request.

    Django adds only FORCE_SCRIPT_NAME, not the SCRIPT_NAME that a server passes: it computes
    STATIC_URL once, before the first request.
    """

    base_url = property(lambda self: f"{get_script_prefix()}static/")
