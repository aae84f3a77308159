"""Views: translate the request, make one call, translate the result."""
