from django.conf import settings
from django.test import SimpleTestCase

from booking.tests.cluster.kinds import TROUBLES


class PageTests(SimpleTestCase):
    def test_page_has_every_trouble_in_both_tables(self):
        page = (settings.BASE_DIR / "docs" / "cluster-troubles.md").read_text(encoding="utf-8")
        lines = page.splitlines()
        for kind in TROUBLES:
            with self.subTest(kind.name):
                self.assertEqual(sum(line.startswith(f"| {kind.name} |") for line in lines), 2)
                self.assertIn(f"| {kind.name} | {kind.seconds} s | {kind.advice} |", lines)
