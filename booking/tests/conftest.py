import pytest
from django.db import connection

from booking.tests import environment


def pytest_report_header():
    return f"database: {connection.display_name}"


@pytest.fixture(scope="session", autouse=True)
def environment_of_tests(django_test_environment):
    environment.set_up()
