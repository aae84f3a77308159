"""Strict JSON parsing."""

import json

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """DRF's, but repeated names and NaN are errors: two programs may read them differently.

    So is JSON that is nested too deeply, which raises a RecursionError in DRF's (500).
    """

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return STRICT_DECODER.decode(stream.read().decode())
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None


def unique_names(pairs):
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name is given twice")
    return names


def refuse_constant(constant):
    raise ValueError(f"{constant} is no number")


STRICT_DECODER = json.JSONDecoder(object_pairs_hook=unique_names, parse_constant=refuse_constant)
