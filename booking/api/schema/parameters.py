from drf_yasg import openapi

from ...models.idempotency_keys import LONGEST_KEY
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
    description=f"How many at once; more than {CursorPagination.largest_page_size} is "
    f"{CursorPagination.largest_page_size}.",
)

CURSOR = openapi.Parameter(
    "cursor",
    openapi.IN_QUERY,
    type=openapi.TYPE_STRING,
    description="Where the page begins. Follow the `Link` header rather than writing one.",
)

IDEMPOTENCY_KEY = openapi.Parameter(
    idempotency.HEADER,
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="Makes it safe to send the request again: the same key, such as a UUID, for the "
    "same request, and what was done is not done again but answered again. For a day. 1 to "
    f"{LONGEST_KEY} printable ASCII characters.",
)

IF_NONE_MATCH = openapi.Parameter(
    "If-None-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="The `ETag` of the answer that one has: 304 if it is still the same.",
)

ETAG_HEADER = {"type": "string", "description": "Of this answer, for `If-None-Match`."}

REPLAYED_HEADER = {
    "type": "string",
    "description": "`true`: this is the answer to an earlier request with the same "
    f"`{idempotency.HEADER}`.",
}

LINK_HEADER = {
    "type": "string",
    "description": 'The next page, if there is one: `<address>; rel="next"`.',
}
