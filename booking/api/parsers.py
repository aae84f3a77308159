"""Strict JSON parsing."""

import json

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """DRF's JSON parser, with errors for repeated names, NaN and too deeply nested JSON.

    Programs differ in how they read the first two; the last is a RecursionError (500) in DRF.
    """

    def parse(self, stream, media_type=None, parser_context=None):
        body = stream.read()
        try:
            return STRICT_DECODER.decode(body.decode())
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {encoding_error(body) or error}") from None


def encoding_error(body):
    """What is wrong with the encoding, or None. A body that is read without error has none."""
    encoding = json.detect_encoding(body)
    if encoding == "utf-8-sig":
        return "the body begins with a byte order mark: send it without"
    return None if encoding == "utf-8" else f"the body is {encoding[:6].upper()}: send UTF-8"


def unique_names(pairs):
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name is given twice")
    return names


def refuse_constant(constant):
    raise ValueError(f"{constant} is not a number")


STRICT_DECODER = json.JSONDecoder(object_pairs_hook=unique_names, parse_constant=refuse_constant)
