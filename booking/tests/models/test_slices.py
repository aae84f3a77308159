from unittest import mock

from django.contrib.auth.models import User
from django.test import TestCase

from booking.models import slices
from booking.tests.factories import create_user


class SliceTests(TestCase):
    def test_slices_return_every_row_once(self):
        users = [create_user(f"user{number}") for number in range(5)]
        for size in (1, 2, 5, 6):
            with self.subTest(size), mock.patch.object(slices, "SLICE_SIZE", size):
                found = [row for each in slices.slices(User.objects.all()) for row in each]
                self.assertEqual(found, users)
