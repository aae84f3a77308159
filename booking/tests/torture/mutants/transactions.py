"""Mutants whose transactions are too many, too few, or done in part."""

import random
import threading
import time
from io import BytesIO
from queue import Queue

from .patching import DELAY, original, replace


def no_idempotency(application):
    """Processes every retry like a first request, and keeps the last response."""
    from booking.api.renderers import JSONRenderer
    from booking.models import IdempotencyKey

    json_response = original("json_response")

    def process_again(claim, fingerprint, act):
        response = act()
        answer = json_response(response.status_code, JSONRenderer().render(response.data))
        kept = {"fingerprint": fingerprint, "status": 201, "body": answer.content.decode()}
        IdempotencyKey.objects.update_or_create(**claim, defaults=kept)
        return answer

    replace("run_once", process_again)


def replays_response_of_another_user(application):
    """Looks up an Idempotency-Key without its user."""
    from booking.models import IdempotencyKey

    run_once, json_response = original("run_once"), original("json_response")

    def replay_any(claim, fingerprint, act):
        of_others = IdempotencyKey.objects.current().exclude(user=claim["user_id"])
        first = of_others.filter(key=claim["key"], status__gt=0).first()
        if first is None:
            return run_once(claim, fingerprint, act)
        response = json_response(first.status, first.body)
        response["Idempotency-Replayed"] = "true"
        return response

    replace("run_once", replay_any)


def acknowledge_before_commit(application):
    """Sends the response, and commits a moment later."""
    from django.core.signals import request_finished, request_started
    from django.db import DatabaseError, close_old_connections, connections, transaction

    # They would close the connection of a transaction that spans the request.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)

    def respond_early(environ, start_response):
        responses = Queue()
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length) if length else b"")

        def serve():
            try:
                with transaction.atomic():
                    responses.put(list(application(environ, start_response)))
                    time.sleep(20 * DELAY)
            except DatabaseError:
                responses.put(None)  # only read if there was no response yet
            finally:
                connections.close_all()

        threading.Thread(target=serve).start()
        response = responses.get()
        if response is None:
            start_response("503 Service Unavailable", [])
        return response or []

    return respond_early


def executes_twice(application):
    """Retries inside the server although the first attempt was committed."""
    reserve = original("reserve")

    def reserve_twice(**wanted):
        reservation = reserve(**wanted)
        if wanted.get("count") and random.random() < 0.5:
            reservation = reserve(**wanted)
        return reservation

    replace("reserve", reserve_twice)


def partial_reservations(application):
    """Sells those of the wanted seats that are free."""
    require_free, free_seats = original("require_free"), original("free_seats")
    current_attempt = original("current_attempt")

    def keep_free_ones(sale):
        wanted = current_attempt().seat_numbers
        show = sale.snapshot
        free = free_seats(show.show, show.now).intersection(wanted)
        if free:
            current_attempt().seat_numbers = sorted(free)
        else:
            require_free(sale)

    replace("require_free", keep_free_ones)
