"""Floors: minimal views that show the least cost of a request with this server and database.

They have no middleware, no throttles, no checks and most of the response missing: not a goal to
reach, but a scale to measure the distance on.
"""
