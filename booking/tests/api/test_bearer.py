"""Whoever books is looked at by the box office; to clients it is as if that had been done first."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.test import override_settings
from rest_framework_simplejwt.tokens import AccessToken

from booking.models import Booking, IdempotencyKey
from booking.tests.factories import ApiTestCase, booking, client_of, show


class BearerTests(ApiTestCase):
    """Of two addresses: one seat, several seats."""

    def setUp(self):
        self.hall = show()
        self.bob = client_of(self.bobs_user)

    def asks(self):
        """Whatever can be asked, the same for whom it would be refused or not understood."""
        past = show(starts_in=timedelta(days=-1))
        full = show(total_seats=1)
        booking(self.alices_user, full, 1)
        for hall in (self.hall.pk, past.pk, full.pk, 10**6):
            yield f"/api/shows/{hall}/book/", {"seat_number": 1}
            yield f"/api/shows/{hall}/reservations/", {"seat_numbers": [1, 2]}
            yield f"/api/shows/{hall}/reservations/", {"count": 2, "hold": True}
        yield f"/api/shows/{self.hall.pk}/book/", {"seat_number": "five"}
        yield f"/api/shows/{self.hall.pk}/book/", {"seat_number": 10**6}
        yield f"/api/shows/{self.hall.pk}/book/", []
        yield f"/api/shows/{self.hall.pk}/reservations/", {}

    def assertRefused(self, answer):
        before = Booking.objects.count()
        for address, body in self.asks():
            before = Booking.objects.count()
            for headers in ({}, {"HTTP_IDEMPOTENCY_KEY": "key"}):
                with self.subTest(address, body=body, **headers):
                    self.assertAnswer(self.bob.post(address, body, **headers), 401, answer)
            self.assertEqual(Booking.objects.count(), before)
        self.assertFalse(IdempotencyKey.objects.exists())

    def test_who_is_deactivated(self):
        User.objects.filter(pk=self.bobs_user.pk).update(is_active=False)
        self.assertRefused(
            {"detail": "This account has been deactivated.", "code": "user_inactive"}
        )

    def test_who_is_gone(self):
        self.bobs_user.delete()
        self.assertRefused({"detail": "This account no longer exists.", "code": "user_not_found"})

    def test_whose_password_was_changed(self):
        self.bobs_user.set_password("paper-moon-1973")
        self.bobs_user.save()
        changed = {
            "detail": "Your password has been changed. Please log in again.",
            "code": "password_changed",
        }
        self.assertRefused(changed)

    def test_a_token_without_a_word_on_the_password(self):
        token = AccessToken.for_user(self.bobs_user)
        del token.payload["hash_password"]
        self.bob.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        changed = {
            "detail": "Your password has been changed. Please log in again.",
            "code": "password_changed",
        }
        self.assertRefused(changed)

    def test_a_token_of_nobody(self):
        for name in (None, "bob", "", -1, 10**30):
            token = AccessToken.for_user(self.bobs_user)
            token["user_id"] = name
            self.bob.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
            answer = self.bob.post(f"/api/shows/{self.hall.pk}/book/", {"seat_number": 1})
            elsewhere = self.bob.get("/api/my-bookings/")
            self.assertAnswer(answer, 401, elsewhere.json())

    @override_settings(THROTTLE_USER="40/1h", THROTTLE_HOLD="5/1h")
    def test_a_stolen_token_uses_up_nothing_of_its_owners(self):
        self.bobs_user.set_password("paper-moon-1973")
        self.bobs_user.save()
        for _ in range(8):
            for address, body in self.asks():
                self.assertEqual(self.bob.post(address, body).status_code, 401)
        bob = client_of(self.bobs_user)
        held = {"count": 1, "hold": True}
        answer = bob.post(f"/api/shows/{self.hall.pk}/reservations/", held)
        self.assertEqual(answer.status_code, 201)
        self.assertEqual(bob.get("/api/my-bookings/").status_code, 200)

    def test_an_answer_that_is_given_again(self):
        address, key = f"/api/shows/{self.hall.pk}/book/", {"HTTP_IDEMPOTENCY_KEY": "key"}
        for _ in range(2):
            answer = self.bob.post(address, {"seat_number": 1}, **key)
            self.assertEqual(answer.status_code, 201)
        User.objects.filter(pk=self.bobs_user.pk).update(is_active=False)
        inactive = {"detail": "This account has been deactivated.", "code": "user_inactive"}
        self.assertAnswer(self.bob.post(address, {"seat_number": 1}, **key), 401, inactive)
