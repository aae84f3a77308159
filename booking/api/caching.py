"""What may keep an answer, and how it is asked whether it is still the same."""

import time
from hashlib import sha256
from types import SimpleNamespace
from typing import NamedTuple

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from ..freshness import version
from .renderers import as_json

SECONDS = 2  # that anybody may show an anonymous answer again which tells of seats
SECONDS_OF_FILMS = 60
MOST_KEPT, LARGEST_KEPT = 200, 64 * 1024  # answers, of each worker; bytes


def conditional(data, request, seconds=SECONDS, headers=None):
    """The answer with a strong ETag, or 304 if that is what the client has already.

    Anonymous answers may be kept for a moment by anybody, personal ones by nobody.
    """
    body = as_json(data)
    headers = dict(headers or {})
    told = body + headers.get("Link", "").encode()
    headers["ETag"] = f'"{sha256(told).hexdigest()[:32]}"'
    headers["Cache-Control"] = _who_may_keep_it(request, seconds)
    if request.authenticators:
        headers["Vary"] = "Authorization"
    return Answer(body, headers).to(request)


def _who_may_keep_it(request, seconds):
    personal = request.authenticators and request.user.is_authenticated
    return "private, no-store" if personal else f"public, max-age={seconds}"


class Answer(NamedTuple):
    body: bytes
    headers: dict

    def to(self, request):
        known = parse_etags(request.headers.get("If-None-Match", ""))
        if "*" in known or self.headers["ETag"] in [each.removeprefix("W/") for each in known]:
            response = HttpResponseNotModified(headers=self.headers)
        else:
            response = HttpResponse(
                self.body, content_type="application/json", headers=self.headers
            )
        response.answer = self
        return response


class KeptFilms:
    """For views of the films, which change once a week and are asked for all day: each worker
    gives an answer again for a second, unless staff of this host have changed a film."""

    def dispatch(self, request, *args, **kwargs):
        if not settings.KEEP_FILMS or request.method != "GET" or not _takes_json(request):
            return super().dispatch(request, *args, **kwargs)
        now = version(), int(time.monotonic())
        if KEPT.now != now:
            KEPT.now, KEPT.answers = now, {}
        answers, address = KEPT.answers, request.build_absolute_uri()
        if address in answers:
            return answers[address].to(request)
        response = super().dispatch(request, *args, **kwargs)
        answer = getattr(response, "answer", None)
        if answer and len(answer.body) <= LARGEST_KEPT and len(answers) < MOST_KEPT:
            answers[address] = answer
        return response


KEPT = SimpleNamespace(now=None, answers={})  # all of one second and one version


def _takes_json(request):
    return request.headers.get("Accept", "*/*") in ("*/*", "application/json")
