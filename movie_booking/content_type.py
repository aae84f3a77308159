import re


def remove_charset(content_type):
    """The Content-Type without its charset, so that Django decodes every request as UTF-8.

    Django would use any Python codec that the header names, such as `hex` or `idna`, and fail
    before the project can respond with an error.
    """
    return re.sub(r";\s*charset=[^;]*", "", content_type, flags=re.IGNORECASE)
