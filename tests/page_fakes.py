"""A browser that watches what the page does, over a server process."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

SHOWN_MS = 20_000
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Sums up what moved without anybody's doing, and notes what the policy forbade.
_WATCH = """
  window.shift = 0; window.forbidden = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  document.addEventListener("securitypolicyviolation", (event) =>
    window.forbidden.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


@contextmanager
def browsing() -> Iterator[Browser]:
    """Debian's chromium; a machine without it skips what needs one."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, and all that it should not do."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url, self.page = url, context.new_page()
        self.page.set_default_timeout(SHOWN_MS)
        expect.set_options(timeout=SHOWN_MS)
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:  # noqa: ANN401  (as playwright passes it)
        # A browser also notes each reply that is an error, which the page then shows.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def _dialog(self, dialog: Any) -> None:  # noqa: ANN401  (as playwright passes it)
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _request(self, request: Any) -> None:  # noqa: ANN401  (as playwright passes it)
        if urlsplit(request.url).hostname != "127.0.0.1":
            self.elsewhere.append(request.url)

    def open(self, place: str = "") -> "Watched":
        """Go to the page, from another one: nothing is left of what was."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/{place}")
        return self

    def begin(self) -> "Watched":
        """Open the page and wait until it says what can be asked."""
        self.open()
        expect(self.page.locator("#coverage")).not_to_be_empty()
        return self

    def ask(self, question: str) -> None:
        """Type a question, press Enter, wait until its answer is there."""
        asked = self.page.locator(".turn").count()
        self.page.fill("#question", question)
        self.page.press("#question", "Enter")
        expect(self.page.locator(".turn")).to_have_count(asked + 1)
        expect(self.last()).not_to_have_attribute("aria-busy", "true")

    def last(self) -> Any:  # noqa: ANN401  (a locator, whose class playwright generates)
        """The last question and its answer."""
        return self.page.locator(".turn").last

    def check(self) -> None:
        """Nothing went wrong, nothing was fetched elsewhere, nothing was forbidden."""
        assert self.errors == []
        assert self.dialogs == []
        assert self.elsewhere == []
        assert self.page.evaluate("window.forbidden") == []


@contextmanager
def watching(browser: Browser, url: str, **options: Any) -> Iterator[Watched]:  # noqa: ANN401
    """A page in a profile of its own, checked at the end."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 850}} | options))
    context.add_init_script(_WATCH)
    try:
        watched = Watched(context, url)
        yield watched
        watched.check()
    finally:
        context.close()


def refusing(status: int, code: str, **headers: str) -> Callable[[Route], None]:
    """A server that refuses, as ours would."""
    error = {
        "type": "api_error",
        "code": code,
        "message": "It is refused.",
        "param": None,
        "request_id": "req_0123456789abcdef",
    }

    def refuse(route: Route) -> None:
        route.fulfill(
            status=status,
            headers={"Content-Type": "application/json"} | headers,
            body=json.dumps({"error": error}),
        )

    return refuse


def holding(held: list[Route]) -> Callable[[Route], None]:
    """A server that does not reply: `held` is what it was asked."""

    def hold(route: Route) -> None:
        held.append(route)

    return hold


def in_view(page: Page, selector: str, scroller: str) -> bool:
    """Tell whether an element is wholly inside what scrolls it, and inside the window."""
    script = """([selector, scroller]) => {
      const inner = document.querySelector(selector).getBoundingClientRect();
      const outer = document.querySelector(scroller).getBoundingClientRect();
      return inner.top >= outer.top && inner.bottom <= Math.min(outer.bottom, innerHeight);
    }"""
    return bool(page.evaluate(script, [selector, scroller]))
