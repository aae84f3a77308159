from django.db import connection


def pytest_report_header():
    return f"database: {connection.display_name}"
