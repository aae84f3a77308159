"""Known defects of the packages we use, each with the test that covers it."""

from importlib import import_module
from unittest import TestCase

TESTS = {
    "simplejwt": {
        "refresh for a deleted user is a 500": (
            "api.test_sessions.RefreshTests.test_refresh_of_deleted_user_is_refused"
        ),
        "refresh after a password change succeeds": (
            "api.test_sessions.RefreshTests.test_refresh_after_password_change_is_refused"
        ),
        "simultaneous refreshes with one token all succeed": (
            "api.test_sessions.RefreshRaceTests"
            ".test_simultaneous_refreshes_with_one_token_get_the_same_new_one"
        ),
        "a used refresh token is refused only if the blacklist app is installed": (
            "api.test_sessions.RefreshTests.test_refresh_with_token_before_the_previous_ends_the_session"
        ),
        "refresh tokens are stored in clear": (
            "api.test_sessions.RefreshTests.test_session_row_does_not_contain_the_token"
        ),
        "expired tokens are never deleted": (
            "api.test_sessions.RefreshTests.test_prune_deletes_expired_sessions_only"
        ),
        "a short signing key only causes a warning": (
            "test_settings.SettingsTests.test_invalid_variable_stops_the_start"
        ),
        "a token with an invalid user ID is a 500": (
            "security.test_forged_tokens.ForgedTokenTests.test_forged_tokens_are_unauthorized"
        ),
    },
    "Django REST framework": {
        "a unique constraint is checked by a validator only: in a race it is a 500": (
            "concurrency.test_races.RaceTests.test_book_same_seat_with_constraint_only_sells_it_once"
        ),
        "integers such as 5_0, 5.0, 1e2 and non-ASCII digits are accepted": (
            "security.test_bad_input.SeatNumberTests.test_seat_number_invalid_in_json_returns_400"
        ),
        "deeply nested JSON is a 500": (
            "security.test_bad_input.SeatNumberTests.test_json_nested_deeply_is_a_parse_error"
        ),
        "large bodies and forms return HTML": (
            "security.test_bad_input.SeatNumberTests.test_body_too_large_returns_413"
        ),
        "unknown URLs return HTML": (
            "api.test_errors.UnknownUrlTests.test_unknown_url_in_the_api_returns_404_as_json"
        ),
        "a POST without trailing slash is a 500, or repeated as a GET": (
            "api.test_errors.TrailingSlashTests.test_post_without_trailing_slash_is_done"
        ),
        "401 may become 403": (
            "api.test_login.TokenTests.test_request_without_token_is_unauthorized"
        ),
        "a throttle trusts X-Forwarded-For": (
            "security.test_throttling.LoginThrottleTests.test_forwarded_header_without_proxy_is_ignored"
        ),
        "each worker process counts requests for itself": (
            "security.test_throttling.WorkersTests.test_logins_to_four_workers_share_one_limit"
        ),
        "weak passwords are accepted": (
            "api.test_signup.SignUpTests.test_signup_with_invalid_fields_is_refused"
        ),
        "personal responses may be cached": (
            "security.test_headers.CacheControlTests.test_personal_responses_are_not_stored"
        ),
        "a full-width username is a 500": (
            "api.test_signup.SignUpTests.test_signup_with_lookalike_username_is_refused"
        ),
        "ALICE and alice are different users": (
            "api.test_signup.SignUpTests.test_signup_with_taken_username_in_another_case_is_refused"
        ),
    },
}


class StackTests(TestCase):
    def test_every_defect_has_its_test(self):
        for package, defects in TESTS.items():
            for defect, name in defects.items():
                with self.subTest(f"{package}: {defect}"):
                    module, case, test = name.rsplit(".", 2)
                    found = import_module(f"booking.tests.{module}")
                    self.assertTrue(callable(getattr(getattr(found, case), test)))
