import re


def without_charset(content_type):
    """A Content-Type for Django that leaves it no choice of charset: everybody speaks UTF-8.

    Django would decode by any codec of Python's that the header names, `hex` and `idna` too, and
    it does so before there is anything that could answer with an error.
    """
    return re.sub(r";\s*charset=[^;]*", "", content_type, flags=re.IGNORECASE)
