"""What a view says of itself."""

from django.utils.decorators import method_decorator
from drf_yasg import openapi
from drf_yasg.utils import no_body, swagger_auto_schema


def operation(
    name,
    summary,
    *,
    tag,
    description="",
    takes=None,
    gives=None,
    status=200,
    conditional=False,
    errors=(),
):
    """Documents a view's method: its name in generated clients, its one sentence, the
    serializer it reads, the serializer (or schema) it answers, whether it has an ETag, and what
    may go wrong: refusals, or failures of another kind."""
    return swagger_auto_schema(
        operation_id=name,
        operation_summary=summary,
        operation_description=description,
        tags=[tag],
        request_body=takes or no_body,
        gives=gives,
        success=status,
        conditional=conditional,
        errors=errors,
    )


def documented(**operations):
    """The same for methods that a class inherits: `@documented(list=operation(…))`."""

    def decorate(view_class):
        for method, decorator in operations.items():
            view_class = method_decorator(decorator, name=method)(view_class)
        return view_class

    return decorate


def links(names):
    """An object of addresses."""
    address = openapi.Schema(type=openapi.TYPE_STRING, format=openapi.FORMAT_URI)
    return openapi.Schema(
        type=openapi.TYPE_OBJECT, properties=dict.fromkeys(names, address), required=list(names)
    )
