"""Cache-Control, ETag and conditional GET (RFC 9110, RFC 9111)."""

from functools import wraps
from hashlib import sha256

from django.conf import settings
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.cache import cache_page

# Seconds (RFC 5861). While a shared cache fetches a new copy, others get the last one.
STALE = 2


def public_for(seconds):
    return f"public, max-age={seconds}, stale-while-revalidate={STALE}"


class ConditionalGetMixin:
    """Cache-Control and a strong ETag for GET and HEAD; 304 if If-None-Match names the ETag.

    Anonymous responses may be cached by anyone for `max_age` seconds, responses to a logged-in
    user by no one. Errors get neither header. Comes before a view's other mixins.
    """

    max_age = 2  # seconds; short, because the responses contain free seats

    @classmethod
    def as_view(cls, *args, **kwargs):
        return conditional_get(super().as_view(*args, **kwargs))

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == 200 and request.method in ("GET", "HEAD"):
            is_personal = bool(request.authenticators) and request.user.is_authenticated
            response["Cache-Control"] = (
                "private, no-store" if is_personal else public_for(self.max_age)
            )
            if request.authenticators:
                patch_vary_headers(response, ["Authorization"])
            response["ETag"] = etag_of(response.render())
        return response


def etag_of(response):
    """A hash of the body and the Link header: a new row may add a next page and change no more."""
    content = response.content + response.get("Link", "").encode()
    return f'"{sha256(content).hexdigest()[:32]}"'


def conditional_get(view):
    """Like Django's `conditional_page`, for HEAD too, and only for responses with an ETag.

    Requests without If-None-Match are left alone: If-Match and If-Unmodified-Since are for changes,
    and Django would respond with 412 and an HTML body.
    """

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if "HTTP_IF_NONE_MATCH" not in request.META or "ETag" not in response:
            return response
        result = get_conditional_response(request, etag=response["ETag"], response=response)
        if "Link" in response:
            result["Link"] = response["Link"]
        return result

    return wrapper


class LocalCacheMixin:
    """Django's `cache_page`: responses stay in the memory of this process for a second.

    For public views whose rows rarely change. Comes after ConditionalGetMixin, so that cached
    responses are compared by ETag as well. Requests with query parameters are not cached: there are
    too many different ones.
    """

    CACHE_SECONDS = 1

    @classmethod
    def as_view(cls, *args, **kwargs):
        view = super().as_view(*args, **kwargs)
        cached_view = cache_page(cls.CACHE_SECONDS, cache="local")(view)

        @wraps(view)
        def wrapper(request, *args, **kwargs):
            if not settings.CACHE_MOVIES or request.META.get("QUERY_STRING"):
                return view(request, *args, **kwargs)
            response = cached_view(request, *args, **kwargs)
            if "Expires" in response:  # cache_page has limited both headers to its one second
                del response["Expires"]
                response["Cache-Control"] = public_for(cls.max_age)
            return response

        return wrapper

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, ["Accept"])  # other media types are refused with 406
        response.render()
        response.data = None  # unpickling it takes longer than rendering it
        return response
