"""The whole: its first page, and which addresses are in it, in which order."""

import re

from django.urls import get_resolver
from drf_yasg import openapi
from drf_yasg.generators import OpenAPISchemaGenerator
from drf_yasg.utils import no_body

from ..docs import OPERATIONS
from .errors import Components
from .permissions import is_for_staff

INFO = openapi.Info(
    title="Movie booking",
    default_version="1",
    description=(
        "A cinema sells numbered seats for shows. List movies and their shows without an "
        "account; to book a seat, sign up, log in, press **Authorize** and paste the `access` "
        "token.\n\n"
        "Bodies may be JSON or form-encoded; what an operation does not name is ignored. An "
        "empty parameter asks for nothing; of one that is given twice the last counts. Times are "
        "ISO 8601 in UTC. Errors are "
        '`{"detail": "<sentence>", "code": "<stable word>"}`; errors of a field are '
        '`{"<field>": ["<sentence>"]}`. Go by the code: sentences may change. A method that an '
        "address does not have is 405 `method_not_allowed`.\n\n"
        "Every answer has a header `X-Request-ID`, the one that was sent or a new one: name it "
        "when something went wrong."
    ),
)

URLS = "booking.api.urls"

TAGS = [
    ("Start", "An address to begin with."),
    ("Accounts", "Sign up and log in."),
    ("Movies", "What is shown."),
    ("Shows", "When and where it is shown, and how many seats are free."),
    ("Reservations", "Several seats in one go, booked at once or held for a while."),
    ("Bookings", "Single seats: bought, changed and given back."),
]


class SchemaGenerator(OpenAPISchemaGenerator):
    """What the public may call."""

    reference_resolver_class = Components
    for_staff = False

    def should_include_endpoint(self, path, method, view, public):
        shown = self.for_staff or not is_for_staff(view)
        return shown and super().should_include_endpoint(path, method, view, public)

    def get_overrides(self, view, method):
        """From booking/api/docs.py, so that views need no decorators."""
        documented = OPERATIONS[type(view)][getattr(view, "action", None) or method.lower()]
        return {
            "operation_id": documented.id,
            "operation_summary": documented.summary,
            "operation_description": documented.description,
            "tags": [documented.tag],
            "request_body": documented.request or no_body,
            "documented": documented,
        }

    def get_schema(self, request=None, public=False):
        schema = super().get_schema(request, public)
        schema.paths = openapi.Paths(dict(sorted(schema.paths.items(), key=_place)))
        used = {
            tag for item in schema.paths.values() for each in item.values() for tag in each.tags
        }
        schema.tags = [{"name": name, "description": text} for name, text in TAGS if name in used]
        return schema

    def determine_path_prefix(self, paths):
        return ""  # addresses in full, whichever of them there are

    def get_security_requirements(self, security_definitions):
        return None  # each operation says its own

    def get_path_parameters(self, path, view_cls):
        parameters = super().get_path_parameters(path, view_cls)
        for parameter in parameters:
            noun = path.split("/")[2].removesuffix("s")
            parameter.description = f"The {noun}'s {parameter.name}."
            if parameter.name == "id":
                parameter.type = openapi.TYPE_INTEGER
        return parameters

    def get_path_item(self, path, view_cls, operations):
        """With the path's parameters in each operation, in front: pages show them in that order."""
        item = super().get_path_item(path, view_cls, operations)
        of_path = item.pop("parameters")
        for operation in operations.values():
            operation.parameters = [*of_path, *operation.parameters]
        return item


def _place(path_and_item):
    """Among the addresses as api/urls.py lists them, which begins with signing up."""
    places = [
        re.sub("<.*?>", "{}", f"/api/{url.pattern}") for url in get_resolver(URLS).url_patterns
    ]
    path = re.sub("{.*?}", "{}", path_and_item[0])
    return places.index(path) if path in places else len(places)


class StaffSchemaGenerator(SchemaGenerator):
    """What the staff may call, all of the public's included."""

    for_staff = True
