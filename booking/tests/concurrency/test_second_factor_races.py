"""A code that is used by two requests at the same moment lets in one of them."""

from types import SimpleNamespace
from unittest import mock

from django.contrib.auth.models import User
from django.test import TransactionTestCase
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from booking import second_factor
from booking.tests.concurrency.racing import at_once
from booking.tests.factories import create_user


class Outcome:
    def __init__(self, device):
        self.is_let_in = device is not None


class SecondFactorRaceTests(TransactionTestCase):
    def setUp(self):
        self.stella = create_user("stella", is_staff=True)
        self.device = TOTPDevice.objects.create(user=self.stella, name="app")
        recovery = StaticDevice.objects.create(user=self.stella, name="recovery codes")
        recovery.token_set.create(token="abcdefgh")

        # The time of the codes stands still, however slow the machine is.
        time = SimpleNamespace(time=lambda: 1_800_000_000)
        self.enterContext(mock.patch("django_otp.plugins.otp_totp.models.time", time))

    def code(self):
        app = TOTP(self.device.bin_key)
        app.time = 1_800_000_000
        return f"{app.token():06}"

    def race(self, code, table):
        def give():
            return Outcome(second_factor.check_code(User.objects.get(pk=self.stella.pk), code))

        return sum(each.is_let_in for each in at_once([give] * 4, table))

    def test_code_of_the_app_lets_in_once(self):
        self.assertEqual(self.race(self.code(), "otp_totp_totpdevice"), 1)

    def test_recovery_code_lets_in_once(self):
        self.assertEqual(self.race("abcdefgh", "otp_static_statictoken"), 1)

    def test_race_is_real_without_the_row_lock(self):
        """The same reads, outside of a transaction and without the lock."""

        def check_without_lock(user, device_id, code):
            device = TOTPDevice.from_persistent_id(device_id)
            return device if device.verify_token(code) else None

        with mock.patch.object(second_factor, "verify_token", check_without_lock):
            self.assertGreater(self.race(self.code(), "otp_totp_totpdevice"), 1)
