import logging

from django.conf import settings

logging.getLogger("booking").setLevel(logging.WARNING)  # not a line for each seat that is sold

# Tests ask more often than people do; those of the throttles set rates of their own. (The commands
# in this package have no settings.)
if settings.configured:
    from .truth import watch

    watch()
    settings.KEEP_FILMS = False  # tests change films and look at once; test_caching.py has it on
    for rate in ("THROTTLE_LOGIN", "THROTTLE_SIGNUP", "THROTTLE_HOLD", "THROTTLE_USER"):
        setattr(settings, rate, "")
