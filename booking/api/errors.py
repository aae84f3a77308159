"""Error responses of exceptions: `{"detail": "<sentence>", "code": "<stable word>", …facts}`.

Errors of fields keep DRF's shape, `{"field": ["…"]}`, and beside it have their codes, `{"codes":
{"field": ["required"]}}`. A refusal is a 400, as existing clients
expect, unless STATUS_OF_REFUSAL or FIELD_OF_REFUSAL says otherwise.
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

from ..db.errors import BUSY, UNAVAILABLE, classify, sqlstate
from ..exceptions import (
    CustomerNotFound,
    NoActiveAccount,
    NoSuchSeat,
    NotYourTurn,
    PasswordChanged,
    PasswordRequired,
    Refusal,
    ReservationNotFound,
    SessionNotFound,
    ShowNotFound,
    TokenNotValid,
    TooBusy,
    UserInactive,
    UsernameTaken,
    WrongPassword,
    duration,
)
from ..metrics import REFUSALS
from . import API_PREFIX

log = logging.getLogger(__name__)

STATUS_OF_REFUSAL = {
    CustomerNotFound: status.HTTP_401_UNAUTHORIZED,
    NoActiveAccount: status.HTTP_401_UNAUTHORIZED,
    PasswordChanged: status.HTTP_401_UNAUTHORIZED,
    TokenNotValid: status.HTTP_401_UNAUTHORIZED,
    UserInactive: status.HTTP_401_UNAUTHORIZED,
    ShowNotFound: status.HTTP_404_NOT_FOUND,
    ReservationNotFound: status.HTTP_404_NOT_FOUND,
    SessionNotFound: status.HTTP_404_NOT_FOUND,
}
FIELD_OF_REFUSAL = {  # refusals that are errors of a field, and its name
    NoSuchSeat: lambda view: getattr(view, "seat_field", "seat_number"),
    PasswordRequired: lambda view: "password",
    UsernameTaken: lambda view: "username",
    WrongPassword: lambda view: getattr(view, "password_field", "password"),
}
LIBRARY_SENTENCES = {  # by code; they replace those of DRF and simplejwt
    "not_authenticated": "Please log in.",
    "token_not_valid": TokenNotValid.message,
    "bad_authorization_header": "Send the token as: Authorization: Bearer <access token>",
}


class BadRequest(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "This request cannot be read."
    default_code = "bad_request"


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body of this request is too large."
    default_code = "body_too_large"


class LengthRequired(exceptions.APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "Send the length of the body in the header Content-Length."
    default_code = "length_required"


class UnsupportedContentEncoding(exceptions.APIException):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_detail = "Send the body uncompressed, without the header Content-Encoding."
    default_code = "unsupported_content_encoding"


class HttpsRequired(exceptions.APIException):
    status_code = status.HTTP_403_FORBIDDEN
    default_detail = "Use HTTPS. If you sent a token over plain HTTP, log in again to replace it."
    default_code = "https_required"


class Busy(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "We are very busy right now. Please try again in a moment."
    default_code = "busy"
    wait = 1  # seconds, in the header Retry-After


class Unavailable(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "Booking is unavailable right now. Please try again later."
    default_code = "unavailable"
    wait = 5  # seconds, in the header Retry-After


class ServerError(exceptions.APIException):
    default_detail = "Something went wrong on our side."
    default_code = "server_error"


DATABASE_ERRORS = {BUSY: Busy, UNAVAILABLE: Unavailable}


def status_of(refusal_class):
    return STATUS_OF_REFUSAL.get(refusal_class, status.HTTP_400_BAD_REQUEST)


def exception_handler(exc, context):
    """Response to an exception that a view raised (REST_FRAMEWORK["EXCEPTION_HANDLER"])."""
    if isinstance(exc, Refusal):
        return _refusal_response(exc, context["view"])
    exc = _as_api_exception(exc)
    response = drf_exception_handler(exc, context)
    if response is None:
        return _server_error_response(exc, context["request"])
    if isinstance(exc, exceptions.ValidationError):
        response.data = {**response.data, "codes": exc.get_codes()}
    else:
        response.data = _body(exc, response.data)
    return response


def bad_request(request, exception):
    """Django's handler400, for errors before a view is found, such as a wrong Host header."""
    if request.path_info.startswith(API_PREFIX):
        return plain_response(BadRequest())
    return defaults.bad_request(request, exception)


def server_error(request):
    """Django's handler500, for errors outside the API's views, such as in the admin."""
    error = _as_service_error(sys.exc_info()[1])
    if request.path_info.startswith(API_PREFIX):
        return plain_response(error or ServerError())
    if error:
        return text_response(error)
    return defaults.server_error(request)


def plain_response(error):
    """Response of an APIException outside DRF, such as in middleware."""
    return JsonResponse(
        {"detail": error.detail, "code": error.detail.code},
        status=error.status_code,
        headers=_retry_after(error),
    )


def text_response(error):
    """Response of an APIException outside the API, such as in the admin."""
    return HttpResponse(error.detail, "text/plain", error.status_code, headers=_retry_after(error))


def _retry_after(error):
    wait = getattr(error, "wait", None)
    return {"Retry-After": str(wait)} if wait else None


def throttled_sentence(seconds):
    when = f"in {duration(seconds)}" if seconds else "later"
    return f"Too many attempts. Please try again {when}."


def _as_api_exception(exc):
    """Convert Django's exceptions; leave others as they are."""
    if isinstance(exc, RequestDataTooBig):
        return BodyTooLarge()
    if isinstance(exc, SuspiciousOperation):
        return BadRequest()
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    return _as_service_error(exc) or exc


def _as_service_error(exc):
    """Busy or Unavailable, or None if neither load nor the database is the cause."""
    if isinstance(exc, NotYourTurn):
        busy = Busy(str(exc))
        busy.wait = exc.wait
        return busy
    if isinstance(exc, TooBusy):
        return Busy()
    kind = classify(exc)
    if kind is None:
        return None
    level = logging.WARNING if kind == BUSY else logging.ERROR
    log.log(level, "The database is %s: %s", kind, exc, extra={"sqlstate": sqlstate(exc)})
    return DATABASE_ERRORS[kind]()


def _refusal_response(refusal, view):
    REFUSALS.labels(refusal.code).inc()
    kind = type(refusal)
    if field := FIELD_OF_REFUSAL.get(kind):
        name = field(view)
        body = {name: [str(refusal)], "codes": {name: [refusal.code]}}
    else:
        body = {"detail": str(refusal), "code": refusal.code, **refusal.facts}
    response = Response(body, status=status_of(kind))
    if response.status_code == status.HTTP_401_UNAUTHORIZED:
        response["WWW-Authenticate"] = view.get_authenticate_header(view.request)
    return response


def _body(exc, data):
    detail = data["detail"]
    code = data.get("code") or detail.code
    if isinstance(exc, exceptions.Throttled):
        detail = throttled_sentence(exc.wait)
    return {"detail": LIBRARY_SENTENCES.get(code, detail), "code": code}


def _server_error_response(exc, request):
    """500 as JSON, with DEBUG too; signals and logs the exception as Django does."""
    got_request_exception.send(sender=None, request=request._request)
    error = ServerError()
    response = Response({"detail": error.detail, "code": error.detail.code}, error.status_code)
    log_response(
        "%s: %s",
        response.reason_phrase,
        request.path,
        response=response,
        request=request._request,
        exception=exc,
    )
    return response
