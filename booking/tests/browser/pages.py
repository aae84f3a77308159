"""A browser for tests, and Swagger UI as a person uses it. `make browser` runs what is in this
folder; nothing else does, because no file's name here begins with `test_`."""

import json
import re
import shutil
from contextlib import contextmanager

from django.test import LiveServerTestCase
from playwright.sync_api import sync_playwright

# None: the one that `playwright install chromium` has fetched, if somebody did.
CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "google-chrome"])), None)

TELL_OF_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
    console.error("The policy forbids", event.effectiveDirective, event.blockedURI));
"""

# Nobody watches it, and a click waits until what it is for stands still.
NO_MOTION = "* { animation: none !important; transition: none !important }"


def operations(schema):
    """Those of the document, each with its path and its method."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield operation | {"path": path, "method": method}


class BrowserTestCase(LiveServerTestCase):
    # Swagger UI has its document judged by a stranger, but not on a host named localhost.
    allowed_host = "cinema.test"
    # WhiteNoise serves the static files, as it does elsewhere.
    static_handler = staticmethod(lambda application: application)

    @property
    def address(self):
        return f"http://{self.allowed_host}:{self.server_thread.port}"

    @contextmanager
    def browsing(self):
        """A page; what it asks for and complains of is in `asked` and `complaints`. The database
        is out of reach meanwhile: the browser's event loop runs in this thread."""
        args = [
            "--no-sandbox",
            f"--host-resolver-rules=MAP {self.allowed_host} 127.0.0.1",
            f"--unsafely-treat-insecure-origin-as-secure={self.address}",  # as if by HTTPS
        ]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(10_000)  # milliseconds
            self._watch(page)
            yield page
            browser.close()

    def _watch(self, page):
        self.asked, self.refused, self.complaints = [], {}, []
        page.add_init_script(TELL_OF_VIOLATIONS)
        page.context.on("request", lambda request: self.asked.append(request.url))
        page.context.on("requestfailed", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)

    def _note(self, request):
        self.refused[request.url] = request.failure

    def _listen(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def assertStaysAtHome(self, but=()):
        ours = re.compile(rf"{re.escape(self.address)}/|data:|blob:{re.escape(self.address)}/")
        foreign = {url: self.refused.get(url) for url in self.asked if not ours.match(url)}
        self.assertEqual(foreign, dict(but))


class SwaggerUI:
    def __init__(self, page, address):
        self.page, self.address = page, address

    def visit(self):
        self.page.goto(f"{self.address}/swagger/")
        self.page.add_style_tag(content=NO_MOTION)
        self.page.locator(".opblock").first.wait_for()

    def authorize(self, token):
        """Pastes it into the dialog, in the place of the one that may be there."""
        dialog = self._dialog()
        if self._log_out_of(dialog).is_visible():
            self._log_out_of(dialog).click()
        dialog.locator("input").fill(token)
        dialog.locator("button[type=submit]").click()
        self._log_out_of(dialog).wait_for()
        dialog.locator(".btn-done").click()

    def log_out(self):
        dialog = self._dialog()
        self._log_out_of(dialog).click()
        dialog.locator(".btn-done").click()

    def _dialog(self):
        self.page.locator(".auth-wrapper > .authorize").click()
        return self.page.locator(".modal-ux")

    def _log_out_of(self, dialog):
        return dialog.get_by_text("Logout", exact=True)

    def block(self, operation):
        return self.page.locator(f"#operations-{operation['tags'][0]}-{operation['operationId']}")

    def open(self, operation):
        """With everything ready to be filled in."""
        block = self.block(operation)
        block.locator(".opblock-summary-control").click()
        if "Cancel" not in block.locator(".try-out__btn").inner_text():  # tried out before
            block.locator(".try-out__btn").click()
        return block

    def close(self, operation):
        self.block(operation).locator(".opblock-summary-control").click()

    def execute(self, operation, fields=None, body=None):
        """Fills in the fields (an empty text clears one) and the body, if one is given. Answers
        the request that was sent and the status that is shown."""
        block = self.block(operation)
        for name, value in (fields or {}).items():
            self._fill(block.locator(f'tr[data-param-name="{name}"]'), value)
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        if block.locator(".btn-clear").is_visible():  # the answer to the last one
            block.locator(".btn-clear").click()
        with self.page.expect_request("**/api/**") as sent:
            block.locator("button.execute").click()
        status = block.locator(".live-responses-table tr.response td.response-col_status")
        return sent.value, status.inner_text().split()[0]

    def _fill(self, row, value):
        if row.locator("select").count():
            row.locator("select").select_option(value)
        else:
            row.locator("input").fill(value)
