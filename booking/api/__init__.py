"""The HTTP API: everything under /api/."""

API_PREFIX = "/api/"
