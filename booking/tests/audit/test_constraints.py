"""A constraint that is missing, another one, or not valid is named."""

from unittest import skipUnless

from django.db import transaction

from booking.tests.audit.breaking import POSTGRESQL, AuditTestCase, drop, execute


class ConstraintTests(AuditTestCase):
    def test_constraint_that_is_missing_is_named(self):
        for table, name in [
            ("booking_booking", "one_active_booking_per_seat"),
            ("booking_mail", "one_reminder_of_a_reservation"),
            ("booking_screen", "one_screen_per_name"),
            ("auth_user", "one_account_per_name"),
        ]:
            with self.subTest(name), transaction.atomic():
                drop(table, name)
                self.assertNamed("constraints_exist", f"{name} of {table} is missing")
                transaction.set_rollback(True)

    def test_constraint_on_other_columns_is_named(self):
        drop("booking_booking", "one_active_booking_per_seat")
        execute(
            "CREATE INDEX one_active_booking_per_seat ON booking_booking (show_id, seat_number)"
        )
        words = "one_active_booking_per_seat of booking_booking is another one"
        self.assertNamed("constraints_exist", words)

    def test_constraint_for_other_rows_is_named(self):
        drop("booking_booking", "one_active_booking_per_seat")
        execute(
            "CREATE UNIQUE INDEX one_active_booking_per_seat ON booking_booking "
            "(show_id, seat_number) WHERE status = 'booked'"
        )
        words = "one_active_booking_per_seat of booking_booking is another one"
        self.assertNamed("constraints_exist", words)

    @skipUnless(POSTGRESQL, "SQLite has no constraints that are not valid")
    def test_constraint_that_is_not_valid_is_named(self):
        name = "seat_numbers_start_at_one"
        drop("booking_booking", name)
        execute(
            f"ALTER TABLE booking_booking ADD CONSTRAINT {name} CHECK (seat_number >= 1) NOT VALID"
        )
        self.assertNamed("constraints_are_valid", f"{name} is not valid")

    @skipUnless(POSTGRESQL, "SQLite has no indexes that are not valid")
    def test_index_that_is_not_valid_is_named(self):
        execute(
            "UPDATE pg_index SET indisvalid = false "
            "WHERE indexrelid = 'one_active_booking_per_seat'::regclass"
        )
        self.assertNamed("constraints_are_valid", "one_active_booking_per_seat is not valid")
