"""Test runner of `manage.py test` (settings.TEST_RUNNER)."""

from django.test.runner import DiscoverRunner

from . import environment


class TestRunner(DiscoverRunner):
    def setup_test_environment(self, **kwargs):
        super().setup_test_environment(**kwargs)
        environment.set_up()
