import ast
import re
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

from booking.tests.openapi_document import document

ROOT = settings.BASE_DIR
TESTS = ROOT / "booking" / "tests"
README = ROOT / "README.md"
PAGES = [
    page for folder in ("", ".github", "docs") for page in sorted((ROOT / folder).glob("*.md"))
]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_code_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def table_rows(text: str) -> list[list[str]]:
    """Cells of the rows of all tables, without the backticks around a cell."""
    rows = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row.split("|")] for row in rows]


def anchors(text: str) -> set[str]:
    """Anchors that GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_code_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def environment_variables() -> dict[str, str | None]:
    """Names that settings.py reads, with the default where it is a literal."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse(read(ROOT / "movie_booking" / "settings.py"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if not (node.func.id.startswith("env") and isinstance(node.args[0], ast.Constant)):
            continue
        given = node.args[1:2] + [word.value for word in node.keywords if word.arg == "default"]
        default = given[0] if given else None
        is_literal = isinstance(default, ast.Constant) and default.value != ""
        text = str(default.value) if is_literal else None
        if is_literal and isinstance(default.value, bool):
            text = text.lower()
        name = node.args[0].value
        found[name] = found.get(name) or text
    return found


class ReadmeTests(SimpleTestCase):
    def test_readme_is_under_150_lines(self):
        self.assertLess(len(read(README).splitlines()), 150)

    def test_readme_names_both_commands_in_the_first_20_lines(self):
        first_lines = "\n".join(read(README).splitlines()[:20])
        self.assertIn("    make run ", first_lines)
        self.assertIn("    make test ", first_lines)

    def test_readme_lists_every_operation_of_the_schema(self):
        listed = set()
        for first, *_ in table_rows(read(README)):
            if match := re.fullmatch(r"(.+) (/api/\S*)", first):
                listed |= {(method, match[2]) for method in re.findall(r"[A-Z]+", match[1])}
        paths = document().raw["paths"]  # for staff as well
        operations = {
            (method.upper(), path)
            for path, item in paths.items()
            for method in item
            if method.upper() in METHODS
        }
        self.assertEqual(listed, operations)


class LinkTests(SimpleTestCase):
    def test_relative_links_lead_to_existing_files_and_headings(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", without_code_blocks(read(page))):
                if re.match(r"[a-z]+:", target):
                    continue
                with self.subTest(page=page.name, target=target):
                    path, _, anchor = target.partition("#")
                    file = page.parent / path if path else page
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(read(file)))

    def test_named_test_files_exist(self):
        for page in PAGES:
            for name in re.findall(r"`((?:\w+/)*test_\w+\.py)`", read(page)):
                with self.subTest(page=page.name, name=name):
                    self.assertTrue((TESTS / name).exists())


class SettingsTests(SimpleTestCase):
    def documented(self) -> dict[str, str]:
        rows = table_rows(read(ROOT / "docs" / "settings.md"))
        return {row[0]: row[1] for row in rows if re.fullmatch(r"[A-Z_]+", row[0])}

    def test_settings_page_lists_every_environment_variable(self):
        self.assertEqual(set(self.documented()), set(environment_variables()))

    def test_settings_page_shows_the_defaults(self):
        documented = self.documented()
        for name, default in environment_variables().items():
            if default is not None:
                with self.subTest(name):
                    self.assertEqual(documented.get(name), default)
