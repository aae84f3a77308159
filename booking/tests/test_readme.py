import shutil
from tempfile import TemporaryDirectory
from unittest import skipUnless

from django.conf import settings

from booking.tests.transcripts import TranscriptCase


@skipUnless(shutil.which("bash") and shutil.which("curl"), "the README's commands need both")
class ReadmeTests(TranscriptCase):
    def test_its_commands_print_what_it_shows(self):
        readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
        with TemporaryDirectory() as folder:
            self.assertEqual(self.assertPrints(readme, folder, at_least=8), "")
