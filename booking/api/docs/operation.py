from dataclasses import dataclass

from drf_yasg import openapi
from rest_framework.serializers import BaseSerializer


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of a view, as OpenAPI describes it."""

    id: str  # in generated clients
    summary: str
    tag: str
    description: str = ""
    request: type | None = None  # serializer class
    response: type | BaseSerializer | openapi.Schema | None = None
    status: int = 200
    has_etag: bool = False
    media_type: str = "application/json"  # of the response
    errors: tuple = ()  # Refusal classes, or ApiErrors
