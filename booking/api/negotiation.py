from rest_framework.negotiation import BaseContentNegotiation


class AnyMediaType(BaseContentNegotiation):
    """Whatever the header Accept says: for pictures and files, whose errors are JSON."""

    def select_parser(self, request, parsers):
        return next(parser for parser in parsers)

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
