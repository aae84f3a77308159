"""Base class of browser tests, and a page object for Swagger UI.

`make browser` runs this folder; pytest does not, as no file here begins with `test_`.
"""

import json
import re
import shutil
from contextlib import contextmanager

from django.test import LiveServerTestCase
from playwright.sync_api import sync_playwright

# None: the one that `playwright install chromium` has installed.
CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "google-chrome"])), None)

LOG_CSP_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
    console.error("Blocked by CSP:", event.effectiveDirective, event.blockedURI));
"""

# Playwright waits for animations to end before it clicks.
NO_MOTION = "* { animation: none !important; transition: none !important }"


def operations(schema):
    """Operations of the document, with their path and method."""
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield operation | {"path": path, "method": method}


class BrowserTestCase(LiveServerTestCase):
    # Not localhost, where Swagger UI does not call its online validator.
    allowed_host = "cinema.test"
    # Static files are served by WhiteNoise, as in production.
    static_handler = staticmethod(lambda application: application)

    @property
    def address(self):
        return f"http://{self.allowed_host}:{self.server_thread.port}"

    @contextmanager
    def browsing(self, arguments=(), **context):
        """A browser page; its requests and errors are in `requested` and `complaints`.

        No database access inside: the browser's event loop runs in this thread.
        """
        args = [
            "--no-sandbox",
            f"--host-resolver-rules=MAP {self.allowed_host} 127.0.0.1",
            f"--unsafely-treat-insecure-origin-as-secure={self.address}",  # like HTTPS
            *arguments,
        ]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
            options = {"viewport": {"width": 1280, "height": 900}, **context}
            page = browser.new_context(**options).new_page()
            page.set_default_timeout(10_000)  # milliseconds
            self._watch(page)
            yield page
            browser.close()

    def _watch(self, page):
        self.requested, self.failed, self.complaints = [], {}, []
        page.add_init_script(LOG_CSP_VIOLATIONS)
        page.context.on("request", lambda request: self.requested.append(request.url))
        page.context.on("requestfailed", self._record_failure)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._record_error)

    def _record_failure(self, request):
        self.failed[request.url] = request.failure

    def _record_error(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def assertNothingForeignLoaded(self, but=()):
        ours = re.compile(rf"{re.escape(self.address)}/|data:|blob:{re.escape(self.address)}/")
        foreign = {url: self.failed.get(url) for url in self.requested if not ours.match(url)}
        self.assertEqual(foreign, dict(but))


class SwaggerUI:
    def __init__(self, page, address):
        self.page, self.address = page, address

    def visit(self):
        self.page.goto(f"{self.address}/swagger/")
        self.page.add_style_tag(content=NO_MOTION)
        self.page.locator(".opblock").first.wait_for()

    def authorize(self, token):
        """Paste the token into the dialog, replacing an earlier one."""
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
        """Open the operation in "Try it out" mode."""
        block = self.block(operation)
        block.locator(".opblock-summary-control").click()
        if "Cancel" not in block.locator(".try-out__btn").inner_text():  # already in that mode
            block.locator(".try-out__btn").click()
        return block

    def close(self, operation):
        self.block(operation).locator(".opblock-summary-control").click()

    def execute(self, operation, fields=None, body=None):
        """Fill in fields ("" clears one) and body; return the request and the status shown."""
        block = self.block(operation)
        for name, value in (fields or {}).items():
            self._fill(block.locator(f'tr[data-param-name="{name}"]'), value)
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        if block.locator(".btn-clear").is_visible():  # the last response
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
