"""What the stack gets wrong by itself, and the test that would notice if we did again."""

from importlib import import_module
from unittest import TestCase

NOTICED_BY = {
    "simplejwt": {
        "a refresh for a deleted user is a 500": (
            "api.test_sessions.RefreshTests.test_refresh_of_deleted_user_is_refused"
        ),
        "a refresh after a change of password is a 200": (
            "api.test_sessions.RefreshTests.test_refresh_after_password_change_is_refused"
        ),
        "one refresh token is good twice at the same moment": (
            "api.test_sessions.RefreshRaceTests"
            ".test_simultaneous_refreshes_with_one_token_succeed_once"
        ),
        "a rotated token is dead only if another app is installed": (
            "api.test_sessions.RefreshTests.test_refresh_with_used_token_is_refused"
        ),
        "refresh tokens lie in a table in clear": (
            "api.test_sessions.RefreshTests.test_session_row_does_not_contain_the_token"
        ),
        "that table grows": (
            "api.test_sessions.RefreshTests.test_prune_deletes_expired_sessions_only"
        ),
        "a short signing key is only warned of": (
            "test_settings.SettingsTests.test_refuses_to_start_half_configured"
        ),
        "a token for a user who cannot be is a 500": (
            "security.test_forged_tokens.ForgedTokenTests.test_thirty_and_more"
        ),
    },
    "Django REST framework": {
        "a constraint is a validator, and in a race a 500": (
            "concurrency.test_races.RaceTests.test_one_seat"
        ),
        "an integer may be 5_0, 5.0, 1e2 or of another script": (
            "security.test_bad_input.SeatNumberTests.test_values_in_json"
        ),
        "deep JSON is a 500": (
            "security.test_bad_input.SeatNumberTests.test_a_hundred_thousand_levels"
        ),
        "large bodies and forms are a page": (
            "security.test_bad_input.SeatNumberTests.test_large_bodies"
        ),
        "unknown addresses are a page": (
            "api.test_errors.UnknownAddressTests.test_unknown_addresses"
        ),
        "a POST without its slash is a 500, or a GET": (
            "api.test_errors.TrailingSlashTests.test_a_post_without_the_slash"
        ),
        "401 may turn into 403": "api.test_login.TokenTests.test_no_token",
        "a throttle believes X-Forwarded-For": (
            "security.test_throttling.LoginThrottleTests.test_a_header_makes_no_other_address"
        ),
        "each worker throttles for itself": (
            "security.test_throttling.WorkersTests.test_two_hundred_wrong_logins_with_a_new_address_each"
        ),
        "weak passwords are accepted": "api.test_signup.SignUpTests.test_what_is_refused",
        "personal answers may be kept": (
            "security.test_headers.CacheControlTests.test_what_is_personal_is_kept_by_nobody"
        ),
        "a full-width name is a 500": (
            "api.test_signup.SignUpTests.test_a_name_that_looks_like_another"
        ),
        "ALICE is not alice": (
            "api.test_signup.SignUpTests.test_a_name_that_is_taken_in_capital_letters"
        ),
    },
}


class StackTests(TestCase):
    def test_every_defect_has_its_test(self):
        for package, defects in NOTICED_BY.items():
            for defect, name in defects.items():
                with self.subTest(f"{package}: {defect}"):
                    module, case, test = name.rsplit(".", 2)
                    found = import_module(f"booking.tests.{module}")
                    self.assertTrue(callable(getattr(getattr(found, case), test)))
