"""Forged and damaged access tokens: each returns 401."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
from django.conf import settings
from rest_framework_simplejwt.tokens import AccessToken

from booking.tests.factories import ApiTestCase
from booking.tokens import open_session

KEY = settings.SIMPLE_JWT["SIGNING_KEY"]


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header, payload, key=KEY):
    """A token signed with HS256, whatever algorithm its header names."""
    text = f"{part(header)}.{part(payload)}"
    signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{part(signature)}"


class ForgedTokenTests(ApiTestCase):
    def payload(self, **differences):
        claims = {**AccessToken.for_user(self.alice).payload, **differences}
        return {name: value for name, value in claims.items() if value is not None}

    def encode(self, key=KEY, algorithm="HS256", headers=None, **differences):
        return jwt.encode(self.payload(**differences), key, algorithm, headers)

    def forgeries(self):
        now = datetime.now(UTC)
        long_ago, later = now - timedelta(days=2), now + timedelta(days=2)
        good = self.encode()
        head, body, signature = good.split(".")
        bobs = part(self.payload(user_id=str(self.bob.pk)))
        others = {
            "alg none": self.encode(key=None, algorithm="none"),
            "alg None": f"{part({'alg': 'None', 'typ': 'JWT'})}.{body}.",
            "alg NONE, signed": signed({"alg": "NONE", "typ": "JWT"}, self.payload()),
            "alg empty": signed({"alg": "", "typ": "JWT"}, self.payload()),
            "alg missing": signed({"typ": "JWT"}, self.payload()),
            "HS384": signed({"alg": "HS384"}, self.payload()),
            "HS512": signed({"alg": "HS512"}, self.payload()),
            "RS256": signed({"alg": "RS256", "typ": "JWT"}, self.payload()),
            "ES256": signed({"alg": "ES256", "typ": "JWT"}, self.payload()),
            "another key": self.encode(key="k" * 50),
            "an empty key": signed({"alg": "HS256"}, self.payload(), key=""),
            "the key in the header": self.encode(
                key="k" * 50, headers={"jwk": {"kty": "oct", "k": part(b"k" * 50)}}
            ),
            "a key file in the header": self.encode(key="k" * 50, headers={"kid": "/dev/null"}),
            "no signature": f"{head}.{body}.",
            "no third part": f"{head}.{body}",
            "a fourth part": f"{good}.{signature}",
            "another user's payload": f"{head}.{bobs}.{signature}",
            "a reversed signature": f"{head}.{body}.{signature[::-1]}",
            "a refresh token": str(open_session(user=self.alice)),
            "another type": self.encode(token_type="sliding"),
            "no type": self.encode(token_type=None),
            "expired": self.encode(exp=int(long_ago.timestamp())),
            "no exp": self.encode(exp=None),
            "exp is not a number": self.encode(exp="tomorrow"),
            "issued in the future": self.encode(iat=int(later.timestamp())),
            "not before the future": self.encode(nbf=int(later.timestamp())),
            "no id": self.encode(jti=None),
            "no user": self.encode(user_id=None),
            "unknown user": self.encode(user_id="0"),
            "user ID is not a number": self.encode(user_id="alice"),
            "user ID out of range": self.encode(user_id=str(10**30)),
            "list of users": self.encode(user_id=[str(self.alice.pk)]),
            "another password": self.encode(hash_password="0" * 32),
            "no password": self.encode(hash_password=None),
            "not an object": signed({"alg": "HS256"}, ["user_id", str(self.alice.pk)]),
            "not JSON": signed({"alg": "HS256"}, b"user_id=1"),
            "a random text": uuid4().hex,
            "dots": "..",
            "nothing": '""',
        }
        return good, others

    def test_forged_tokens_are_unauthorized(self):
        good, forgeries = self.forgeries()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {good}")
        self.assertResponse(self.client.get("/api/my-bookings/"), 200, [])
        self.assertGreater(len(forgeries), 30)
        for name, token in forgeries.items():
            with self.subTest(name):
                self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
                response = self.client.get("/api/my-bookings/")
                self.assertEqual(response.status_code, 401, response.content)
                self.assertIn("code", response.json())
                self.assertEqual(response["WWW-Authenticate"], 'Bearer realm="api"')
