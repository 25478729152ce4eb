"""Chromium on the dashboard. Every page reports what it says on its console, what it asks of other hosts, and dialogs that open."""

import os
import re
from pathlib import Path

from playwright import sync_api

CHROMIUM = os.environ.get("LETTA_TEST_CHROMIUM", "/usr/bin/chromium")
# Has the page's files come from this folder instead of the binary, so that a change needs no build.
FOLDER = os.environ.get("LETTA_DASHBOARD_FOLDER")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
PASSWORD = "right-password"
# In milliseconds: for a call of Playwright, and for what is expected of a page. By itself it expects that within five seconds.
PATIENCE = 60_000
sync_api.expect.set_options(timeout=PATIENCE)


class Tab:
    """A page of the dashboard in a browser of its own."""

    def __init__(self, browser, server, *, cookies=None, **options):
        self.server = server
        self.faults = []
        # Calls of the page that the server refused.
        self.refused = []
        self.context = browser.new_context(reduced_motion="reduce", **{"viewport": {"width": 1440, "height": 900}, **options})
        self.context.set_default_timeout(PATIENCE)
        if cookies:
            self.context.add_cookies(cookies)
        if FOLDER:
            self.context.route(re.compile(r"/ui/[0-9a-f]+/"), self.fulfil)
        self.page = self.context.new_page()
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self.asked)
        self.page.on("response", self.answered)
        self.page.on("dialog", self.opened)

    def fulfil(self, route):
        file = Path(FOLDER) / re.sub(r".*/ui/[0-9a-f]+/", "", route.request.url.split("?")[0])
        route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix])

    def heard(self, message):
        # The browser itself reports refused requests, which the page shows where they were made.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.faults.append(f"{message.type}: {message.text}")

    def asked(self, request):
        if not request.url.startswith((self.server.url, "blob:")):
            self.faults.append(f"asked {request.url}")

    def answered(self, response):
        if response.status >= 400:
            self.refused.append(f"{response.status} {response.request.method} {response.url.removeprefix(self.server.url)}")

    def opened(self, dialog):
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, place):
        self.page.goto(f"{self.server.url}/#/{place}")
        # A change behind the # alone loads nothing.
        self.page.wait_for_selector("main")
        return self.page

    def sign_in(self, password=PASSWORD):
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def check(self):
        assert self.faults == []

    def close(self):
        self.context.close()


def editor(page, label):
    """The editor with the label, when it has come in place of the plain field."""
    return page.get_by_label(label, exact=True).and_(page.locator(".cm-content"))


def until(page, read, wanted):
    """Waits until `read` gives what is wanted. The page goes on meanwhile."""
    for _ in range(PATIENCE // 50):
        if (found := read()) == wanted:
            return
        page.wait_for_timeout(50)
    raise AssertionError(found)


def write(page, label, text):
    """Replaces the text of an editor by keys: Playwright's `fill` selects behind the back of an editor."""
    editor(page, label).focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
