import json

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """Stricter than DRF's: what two programs could read in two ways (a name that is given twice,
    NaN) is an error, and so is what is nested too deeply, not the server's."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return STRICT.decode(stream.read().decode())
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _refuse(constant):
    raise ValueError(f"{constant} is no number")


STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)
