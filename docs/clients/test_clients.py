"""Run the commands of docs/clients.md: `make client`."""

import re
import shutil
from pathlib import Path
from unittest import skipUnless

from booking.tests.transcripts import TranscriptTestCase

HERE = Path(__file__).parent


class ClientTests(TranscriptTestCase):
    def chapter(self, title: str) -> str:
        page = HERE.with_suffix(".md").read_text(encoding="utf-8")
        return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)[1]

    @skipUnless(shutil.which("npm"), "needs Node.js")
    def test_typescript_transcript_prints_what_it_shows(self):
        self.assertPrints(self.chapter("TypeScript"), HERE.parents[1], at_least=6)

    @skipUnless(shutil.which("npm"), "needs Node.js")
    def test_typescript_from_openapi3_transcript_prints_what_it_shows(self):
        self.assertPrints(self.chapter("TypeScript from OpenAPI 3.1"), HERE.parents[1], at_least=5)

    def test_python_transcript_prints_what_it_shows(self):
        self.assertPrints(self.chapter("Python"), HERE.parents[1], at_least=6)

    def test_python_from_openapi3_transcript_prints_what_it_shows(self):
        self.assertPrints(self.chapter("Python from OpenAPI 3.1"), HERE.parents[1], at_least=6)
