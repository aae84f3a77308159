"""The links of GET /api/."""

from drf_yasg import openapi

from ..views.root import LINKS, RootView
from .operation import Operation

LINKS_SCHEMA = openapi.Schema(
    type=openapi.TYPE_OBJECT,
    properties={
        **dict.fromkeys(LINKS, openapi.Schema(type=openapi.TYPE_STRING, format="uri-reference")),
        "time_zone": openapi.Schema(
            type=openapi.TYPE_STRING, description="The cinema's, such as Europe/Berlin."
        ),
    },
    required=[*LINKS, "time_zone"],
)

OPERATIONS = {
    RootView: {
        "get": Operation(
            id="listLinks", summary="Where everything is", tag="Start", response=LINKS_SCHEMA
        ),
    },
}
