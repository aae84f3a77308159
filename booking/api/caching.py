"""What may keep an answer, and how it is asked whether it is still the same."""

from hashlib import sha256

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.renderers import JSONRenderer

SECONDS = 2  # that anybody may show an anonymous answer again


def conditional(data, request):
    """The answer with a strong ETag, or 304 if that is what the client has already.

    Anonymous answers may be kept for a moment by anybody, personal ones by nobody.
    """
    body = JSONRenderer().render(data)
    response = HttpResponse(body, content_type="application/json")
    personal = request.user.is_authenticated
    response["Cache-Control"] = "private, no-store" if personal else f"public, max-age={SECONDS}"
    patch_vary_headers(response, ["Authorization"])
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response)
