"""OpenAPI generation: extends and corrects drf-yasg.

booking/api/docs/ describes each operation; security, query parameters and common errors are
derived from the view's permissions, filter, pagination and throttles.
"""
