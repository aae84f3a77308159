"""Error reports to Sentry, if SENTRY_DSN is set. Its package, sentry-sdk, is optional."""

from django.core.exceptions import ImproperlyConfigured


def start_sentry(dsn):
    """Report exceptions that nothing handles, without data of requests and customers."""
    try:
        import sentry_sdk
        from sentry_sdk.integrations.argv import ArgvIntegration
        from sentry_sdk.integrations.logging import LoggingIntegration
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
            auto_session_tracking=False,
            send_client_reports=False,
            integrations=[LoggingIntegration(event_level=None)],  # log lines have client IPs
            disabled_integrations=[ArgvIntegration()],  # such as the email address of a user
            before_send=prepare_event,
        )
    except ValueError:  # the message has the DSN
        raise ImproperlyConfigured("SENTRY_DSN is not understood.") from None


def prepare_event(event, hint):
    """The event without personal data and secrets, or None if the response is a 503.

    Headers, the query string and some paths have tokens, and the message of an exception may have
    anything: PostgreSQL's has values of the row. What remains are the method, the route, types of
    exceptions and the traceback. The request ID finds the rest in the log.
    """
    from booking.db.errors import classify, sqlstate
    from booking.exceptions import TooBusy
    from booking.logging import current_request_id

    error = hint.get("exc_info", (None, None))[1]
    if isinstance(error, TooBusy) or (error and classify(error)):
        return None
    for exception in event.get("exception", {}).get("values", []):
        exception.pop("value", None)
    if event.get("transaction_info") == {"source": "url"}:  # not a route
        del event["transaction"]
    event["request"] = {"method": event.get("request", {}).get("method")}
    event["tags"] = {"request_id": current_request_id.get(), "sqlstate": error and sqlstate(error)}
    return event
