"""OpenAPI documentation of every operation: summary, request, response and errors.

Lists the errors that are particular to an operation. Those of many operations (401 of a bad token,
429, 503, errors of the body) are added by api/schema/inspector.py.
"""

from . import accounts, bookings, door, movies, root, tickets
from .operation import Operation

__all__ = ["OPERATIONS", "Operation"]

# By view class, then by action of a view set or by HTTP method.
OPERATIONS = {
    view: operations
    for module in (root, accounts, movies, bookings, tickets, door)
    for view, operations in module.OPERATIONS.items()
}
