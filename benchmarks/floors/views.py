import json
import secrets

import jwt
from django.conf import settings
from django.db import IntegrityError, connection
from django.http import JsonResponse
from rest_framework.response import Response
from rest_framework.views import APIView

CONSTANT = {"detail": "This never changes."}

# Lock, check and insert. Under READ COMMITTED the check may see bookings as they were before the
# statement waited for the lock; then the unique constraint refuses the insert.
BOOK = """
    WITH show AS MATERIALIZED (
        SELECT id, total_seats FROM booking_show
        WHERE id = %(show)s AND cancelled_at IS NULL AND date_time > now()
        FOR UPDATE
    )
    INSERT INTO booking_booking (user_id, show_id, seat_number, status, reference, created_at)
    SELECT %(user)s, show.id, %(seat)s, 'booked', %(reference)s, now()
    FROM show
    WHERE %(seat)s BETWEEN 1 AND show.total_seats AND NOT EXISTS (
        SELECT 1 FROM booking_booking AS other
        WHERE other.show_id = show.id AND other.seat_number = %(seat)s
            AND other.status IN ('held', 'booked')
    )
    RETURNING id, created_at
"""


def constant(request):
    return JsonResponse(CONSTANT)


class Constant(APIView):
    """Constant response with the application's authentication, permission and renderer."""

    def get(self, request):
        return Response(CONSTANT)


def book(request, show):
    """Bare view: books in one statement; checks the token's signature but not the user."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    user = int(jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])["user_id"])
    seat = int(json.loads(request.body)["seat_number"])
    reference = secrets.token_hex(4)
    parameters = {"show": show, "user": user, "seat": seat, "reference": reference}
    try:
        with connection.cursor() as cursor:
            cursor.execute(BOOK, parameters)
            row = cursor.fetchone()
    except IntegrityError:
        row = None
    if row is None:
        return JsonResponse({"detail": "This seat has just been taken."}, status=400)
    body = {"id": row[0], "reference": reference, "seat_number": seat, "created_at": row[1]}
    return JsonResponse(body, status=201)
