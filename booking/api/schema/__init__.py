"""OpenAPI generation: what drf-yasg cannot derive from the views, or gets wrong.

booking/api/docs.py describes each operation; security, query parameters and common errors are
derived from the view's permissions, filter, pagination and throttles.
"""
