"""What goes wrong, said in one shape: `{"detail": "<sentence>", "code": "<stable_word>", …facts}`.

Errors of a field keep DRF's own shape, `{"field": ["…"]}`. A refusal of the box office is a
400, as the clients that were there first expect; the few that are not stand in a table here.
"""

import logging
import sys

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.log import log_response
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from ..db.errors import BUSY, UNAVAILABLE, classify
from ..exceptions import (
    CustomerNotFound,
    NoActiveAccount,
    NoSuchSeat,
    Refusal,
    ReservationNotFound,
    ShowNotFound,
    TokenNotValid,
    UsernameTaken,
    WrongPassword,
)
from . import API_PREFIX

log = logging.getLogger(__name__)

STATUS_OF_REFUSAL = {
    CustomerNotFound: status.HTTP_401_UNAUTHORIZED,
    NoActiveAccount: status.HTTP_401_UNAUTHORIZED,
    TokenNotValid: status.HTTP_401_UNAUTHORIZED,
    ShowNotFound: status.HTTP_404_NOT_FOUND,
    ReservationNotFound: status.HTTP_404_NOT_FOUND,
}
FIELD_OF_REFUSAL = {
    NoSuchSeat: lambda view: getattr(view, "seat_field", "seat_number"),
    UsernameTaken: lambda view: "username",
    WrongPassword: lambda view: getattr(view, "password_field", "password"),
}


class BadRequest(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "This request cannot be read."
    default_code = "bad_request"


class NothingThere(exceptions.NotFound):
    default_detail = "There is nothing with this id."


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body of this request is too large."
    default_code = "body_too_large"


class HttpsRequired(exceptions.APIException):
    status_code = status.HTTP_403_FORBIDDEN
    default_detail = "Use HTTPS. A token that was sent in clear should be given up: log in anew."
    default_code = "https_required"


class Busy(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The box office is busy. Try again in a moment."
    default_code = "busy"
    wait = 1  # seconds, in the header Retry-After


class Unavailable(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The box office is closed for the moment. Try again later."
    default_code = "unavailable"
    wait = 5


class ServerError(exceptions.APIException):
    default_detail = "Something went wrong on our side."
    default_code = "server_error"


MEANING_OF_TROUBLE = {BUSY: Busy, UNAVAILABLE: Unavailable}


def status_of(refusal_class):
    return STATUS_OF_REFUSAL.get(refusal_class, status.HTTP_400_BAD_REQUEST)


def exception_handler(exc, context):
    """The answer to whatever a view raised (REST_FRAMEWORK["EXCEPTION_HANDLER"])."""
    if isinstance(exc, Refusal):
        return _refuse(exc, context["view"])
    exc = _meaning(exc)
    response = drf_exception_handler(exc, context)
    if response is None:
        return _server_error(exc, context["request"])
    if not isinstance(exc, exceptions.ValidationError):
        response.data = _detail_and_code(response.data["detail"], response.data.get("code"))
    return response


def bad_request(request, exception):
    """Django's handler400: what is refused before a view is found, such as a foreign host."""
    if request.path_info.startswith(API_PREFIX):
        return plain_response(BadRequest())
    return defaults.bad_request(request, exception)


def server_error(request):
    """Django's handler500: what fails outside of the API's views, such as the admin."""
    answer = _meaning_of_trouble(sys.exc_info()[1])
    if request.path_info.startswith(API_PREFIX):
        return plain_response(answer or ServerError())
    if answer:
        headers = {"Retry-After": str(answer.wait)}
        return HttpResponse(answer.detail, "text/plain", answer.status_code, headers=headers)
    return defaults.server_error(request)


def _meaning(exc):
    """What it means to a client that Django raised this."""
    if isinstance(exc, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(exc, SuspiciousOperation):
        return BadRequest()
    if isinstance(exc, Http404):
        return NothingThere()
    return _meaning_of_trouble(exc) or exc


def _meaning_of_trouble(exc):
    """Busy or Unavailable, or None if it is not the database's trouble."""
    kind = classify(exc)
    if kind is None:
        return None
    log.log(logging.WARNING if kind == BUSY else logging.ERROR, "The database is %s: %s", kind, exc)
    return MEANING_OF_TROUBLE[kind]()


def _refuse(refusal, view):
    kind = type(refusal)
    if field := FIELD_OF_REFUSAL.get(kind):
        body = {field(view): [str(refusal)]}
    else:
        body = {"detail": str(refusal), "code": refusal.code, **refusal.facts}
    response = Response(body, status=status_of(kind))
    if response.status_code == status.HTTP_401_UNAUTHORIZED:
        response["WWW-Authenticate"] = view.get_authenticate_header(view.request)
    return response


def _detail_and_code(detail, code=None):
    return {"detail": detail, "code": code or detail.code}


def _server_error(exc, request):
    """As JSON also in development; the traceback goes to the log, as Django would do it."""
    got_request_exception.send(sender=None, request=request._request)
    answer = ServerError()
    response = Response(_detail_and_code(answer.detail), status=answer.status_code)
    log_response(
        "%s: %s",
        response.reason_phrase,
        request.path,
        response=response,
        request=request._request,
        exception=exc,
    )
    return response


def plain_response(answer):
    wait = getattr(answer, "wait", None)
    return JsonResponse(
        _detail_and_code(answer.detail),
        status=answer.status_code,
        headers={"Retry-After": str(wait)} if wait else None,
    )
