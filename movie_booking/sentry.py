"""Error reports to Sentry, if SENTRY_DSN is set. Its package, sentry-sdk, is optional."""

from django.core.exceptions import ImproperlyConfigured


def start_sentry(dsn):
    """Report errors without data of the request."""
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, so the package sentry-sdk must be installed: "
            "python -m pip install sentry-sdk"
        ) from None
    try:
        sentry_sdk.init(
            dsn=dsn,
            send_default_pii=False,
            include_local_variables=False,  # some are passwords and tokens
            max_request_body_size="never",
            max_breadcrumbs=0,  # SQL and log lines
            before_send=remove_request_data,
        )
    except ValueError:  # the message has the DSN
        raise ImproperlyConfigured("SENTRY_DSN is not understood.") from None


def remove_request_data(event, hint):
    """Keep only the method and URL of the request: headers and query strings have tokens."""
    if request := event.get("request"):
        address = {"method": request.get("method"), "url": request.get("url", "").partition("?")[0]}
        event["request"] = address
    event.pop("user", None)
    return event
