"""Every change to a user account, except by staff in the admin."""

from .changing import change_password, sign_up, update
from .erasing import erase, erase_by_staff, is_erased, log_out_everywhere
from .login import CaseInsensitiveBackend, log_in
from .resetting import (
    request_password_reset,
    reset_password,
    reset_token,
    user_of_reset_token,
    users_to_reset,
)
from .usernames import (
    HOUSE,
    RESERVED_USERNAMES,
    WALK_IN,
    account_name,
    require_free_username,
    reserved_account,
    search_users,
    users_by_email,
    users_by_name,
    validate_username,
)
from .verifying import request_verification, verification_token, verify_email

__all__ = [
    "HOUSE",
    "RESERVED_USERNAMES",
    "WALK_IN",
    "CaseInsensitiveBackend",
    "account_name",
    "change_password",
    "erase",
    "erase_by_staff",
    "is_erased",
    "log_in",
    "log_out_everywhere",
    "request_password_reset",
    "request_verification",
    "require_free_username",
    "reserved_account",
    "reset_password",
    "reset_token",
    "search_users",
    "sign_up",
    "update",
    "user_of_reset_token",
    "users_by_email",
    "users_by_name",
    "users_to_reset",
    "validate_username",
    "verification_token",
    "verify_email",
]
