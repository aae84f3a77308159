from rest_framework.negotiation import DefaultContentNegotiation

ALL_THE_SAME = (None, "*/*", "application/json")


class Negotiation(DefaultContentNegotiation):
    """DRF's, which compares media types part by part: nearly everybody sends and takes the first
    one, JSON, where that is clear at once."""

    def select_parser(self, request, parsers):
        if request.content_type == parsers[0].media_type:
            return parsers[0]
        return super().select_parser(request, parsers)

    def select_renderer(self, request, renderers, format_suffix=None):
        first, accepted = renderers[0], request.META.get("HTTP_ACCEPT")
        plain = format_suffix is None and accepted in ALL_THE_SAME
        if plain and first.media_type == "application/json":
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)
