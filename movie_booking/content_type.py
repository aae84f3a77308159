"""The request headers Content-Type and Accept, reduced to what the project reads of them.

Django and DRF parse both with Python's `email` package. It takes quadratic time for some headers,
raises a TypeError for others, and uses any codec that a charset or a parameter such as
`x*=punycode''…` names. So only media types and a multipart boundary are left, and without a
charset Django decodes every request as UTF-8.
"""

import re

MAX_CONTENT_TYPE = 250  # characters
MAX_ACCEPT = 1_000  # characters; those of browsers have about 150

WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # a token of RFC 9110, section 5.6.2
MEDIA_TYPE = re.compile(rf"\s*({WORD}/{WORD})\s*(?=;|$)")
PARAMETER = re.compile(rf';\s*({WORD})=(?:"([^"\\]*)"|([^\s;"]*))\s*(?=;|$)')
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")  # RFC 2046, 5.1.1


def clean_content_type(value):
    """The media type, for multipart with its boundary; "" if it is not valid."""
    media_type = MEDIA_TYPE.match(value) if len(value) <= MAX_CONTENT_TYPE else None
    if not media_type:
        return ""
    if not media_type[1].lower().startswith("multipart/"):
        return media_type[1]
    boundaries = []
    position = media_type.end()
    while parameter := PARAMETER.match(value, position):
        name, quoted, unquoted = parameter.groups()
        if name.lower() == "boundary":
            boundaries.append(unquoted if quoted is None else quoted)
        position = parameter.end()
    if len(boundaries) == 1 and BOUNDARY.fullmatch(boundaries[0]):
        return f'{media_type[1]}; boundary="{boundaries[0]}"'
    return media_type[1]


def clean_accept(value):
    """The media types without parameters; those of a very long header are not looked at."""
    return re.sub(";[^,]*", "", value) if len(value) <= MAX_ACCEPT else "*/*"
