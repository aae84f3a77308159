"""What may keep an answer, and how it is asked whether it is still the same."""

from hashlib import sha256

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from .renderers import as_json

SECONDS = 2  # that anybody may show an anonymous answer again


def conditional(data, request):
    """The answer with a strong ETag, or 304 if that is what the client has already.

    Anonymous answers may be kept for a moment by anybody, personal ones by nobody.
    """
    body = as_json(data)
    response = HttpResponse(body, content_type="application/json")
    personal = request.user.is_authenticated
    response["Cache-Control"] = "private, no-store" if personal else f"public, max-age={SECONDS}"
    response["Vary"] = "Authorization"
    response["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
    known = [
        etag.removeprefix("W/") for etag in parse_etags(request.headers.get("If-None-Match", ""))
    ]
    if response["ETag"] in known or "*" in known:
        same = HttpResponseNotModified()
        for header in ("Cache-Control", "ETag", "Vary"):
            same[header] = response[header]
        return same
    return response
