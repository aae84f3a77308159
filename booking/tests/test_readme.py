import shutil
from tempfile import TemporaryDirectory
from unittest import skipUnless

from django.conf import settings

from booking.tests.transcripts import TranscriptTestCase


@skipUnless(shutil.which("bash") and shutil.which("curl"), "bash or curl is missing")
class ReadmeTests(TranscriptTestCase):
    def test_commands_in_readme_and_docs_print_what_they_show(self):
        pages = [settings.BASE_DIR / "README.md", settings.BASE_DIR / "docs" / "api.md"]
        text = "".join(page.read_text(encoding="utf-8") for page in pages)
        with TemporaryDirectory() as folder:
            errors = self.assertPrints(text, folder, at_least=20)
        self.assertEqual(errors, "")
