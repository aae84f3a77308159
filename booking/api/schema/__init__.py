"""The document behind Swagger UI: what drf-yasg can see for itself, and what it cannot.

A view says with `operation` what it takes, gives and refuses. The rest follows from the view:
security from its permissions, query parameters from its filter and paging, and from all of these
what may go wrong besides.
"""

from .operations import documented, links, operation

__all__ = ["documented", "links", "operation"]
