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
            "test_settings.SettingsTests.test_invalid_variable_stops_the_start"
        ),
        "a token for a user who cannot be is a 500": (
            "security.test_forged_tokens.ForgedTokenTests.test_forged_tokens_are_unauthorized"
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
        "401 may turn into 403": (
            "api.test_login.TokenTests.test_request_without_token_is_unauthorized"
        ),
        "a throttle believes X-Forwarded-For": (
            "security.test_throttling.LoginThrottleTests"
            ".test_forwarded_header_without_proxy_is_ignored"
        ),
        "each worker throttles for itself": (
            "security.test_throttling.WorkersTests.test_logins_to_four_workers_share_one_limit"
        ),
        "weak passwords are accepted": (
            "api.test_signup.SignUpTests.test_signup_with_invalid_fields_is_refused"
        ),
        "personal answers may be kept": (
            "security.test_headers.CacheControlTests.test_personal_responses_are_not_stored"
        ),
        "a full-width name is a 500": (
            "api.test_signup.SignUpTests.test_signup_with_lookalike_username_is_refused"
        ),
        "ALICE is not alice": (
            "api.test_signup.SignUpTests.test_signup_with_taken_username_in_another_case_is_refused"
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
