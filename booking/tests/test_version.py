import json
import re

from django.conf import settings
from django.test import SimpleTestCase

import booking


class VersionTests(SimpleTestCase):
    def test_version_is_the_newest_of_the_changelog(self):
        changelog = (settings.BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8")
        releases = re.findall(
            r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", changelog, re.MULTILINE
        )
        self.assertEqual(releases[0], booking.__version__)

    def test_version_is_in_the_schema(self):
        schema = (settings.BASE_DIR / "docs" / "swagger.json").read_text(encoding="utf-8")
        self.assertEqual(json.loads(schema)["info"]["version"], booking.__version__)
