"""Parameters and response headers that many operations share."""

from drf_yasg import openapi

from ...models.idempotency_keys import MAX_KEY_LENGTH
from .. import idempotency
from ..fields import MAX_INTEGER
from ..pagination import CursorPagination

PAGE_SIZE = openapi.Parameter(
    "page_size",
    openapi.IN_QUERY,
    type=openapi.TYPE_INTEGER,
    minimum=1,
    maximum=MAX_INTEGER,
    default=CursorPagination.page_size,
    description=f"Items per page, at most {CursorPagination.max_page_size}; more is taken as "
    f"{CursorPagination.max_page_size}.",
)

CURSOR = openapi.Parameter(
    "cursor",
    openapi.IN_QUERY,
    type=openapi.TYPE_STRING,
    description="Where the page begins. Take it from the `Link` header.",
)

IDEMPOTENCY_KEY = openapi.Parameter(
    idempotency.HEADER,
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="Makes it safe to retry: a request with the same key, such as a UUID, is done "
    f"once, and retries get the same response for a day. 1 to {MAX_KEY_LENGTH} printable ASCII "
    "characters.",
)

IF_NONE_MATCH = openapi.Parameter(
    "If-None-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="The `ETag` of an earlier response: 304 if nothing has changed since.",
)

ETAG_HEADER = {"type": "string", "description": "Send it as `If-None-Match` next time."}

REPLAYED_HEADER = {
    "type": "string",
    "description": "`true` if this is the response to an earlier request with the same "
    f"`{idempotency.HEADER}`.",
}

LINK_HEADER = {
    "type": "string",
    "description": 'The next page, if there is one: `<url>; rel="next"`. The URL is relative.',
}
