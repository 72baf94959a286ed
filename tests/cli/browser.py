"""`gatednet explore` in a process of its own, and a headless Chromium that looks at its pages."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.cli.tools import TIMEOUT, Answer, start

# Where a browser is that is not on the path, and the names of one that is.
GIVEN = "GATEDNET_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"no browser: none of {', '.join(NAMES)} is on PATH, and {GIVEN} names none"
# Seconds that a page may take for anything, on a machine with other things to do.
WAIT = 60
WIDTH, HEIGHT = 1280, 720
# The plots of the chosen cell, from above.
PLOTS = [f"chosen-{name}" for name in ("loss", "gates", "alignment", "plane")]

# The command, which says how many workers its pages have whenever it is sent SIGUSR1.
SERVER = """
import signal
import sys
import threading
from gatednet.figures.cli.main import main

def told(number, frame):
    print(sum(thread.name.startswith("explore-") for thread in threading.enumerate()), flush=True)

signal.signal(signal.SIGUSR1, told)
main(sys.argv[1:])
"""
# What all fields and menus that are seen say, in the order of the page; shadow roots are gone through.
VALUES = """() => {
  const found = []
  const visit = (root) => {
    for (const each of root.querySelectorAll('*')) {
      if (each.shadowRoot) visit(each.shadowRoot)
      if (each.matches('input, select') && each.checkVisibility()) found.push(each.value)
    }
  }
  visit(document)
  return found
}"""
# The points of each line of a plot, by its name.
LINES = """(name) => {
  const drawn = Bokeh.documents[0].get_model_by_name(name).renderers.find((each) => each.name == 'lines')
  return Array.from(drawn.data_source.data.ys, (each) => each.length)
}"""
# The names of what has the focus, from the outermost shadow root to the innermost; the last one counts.
FOCUSED = """() => {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  const labels = Array.from(element?.labels ?? [], (each) => each.innerText.trim())
  return labels[0] ?? element?.getAttribute('aria-label') ?? element?.innerText ?? ''
}"""


class Served:
    """A running server: its `link`, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._out: queue.Queue[str] = queue.Queue()
        self._err: list[str] = []
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            threading.Thread(target=_read, args=(process.stdout, self._out.put), daemon=True),
            threading.Thread(target=_read, args=(process.stderr, self._err.append), daemon=True),
        ]
        for each in self._readers:
            each.start()
        said = self._out.get(timeout=TIMEOUT)
        if not said:
            self._wait()
        assert said.startswith("http://"), self.errors
        self.link = said.split()[0]

    @property
    def errors(self) -> str:
        """What it has said to the standard error."""
        return "".join(self._err)

    @property
    def host(self) -> str:
        """Address and port of its link."""
        return urlsplit(self.link).netloc

    @property
    def port(self) -> int:
        """Port of its link."""
        port = urlsplit(self.link).port
        assert port is not None
        return port

    def working(self) -> int:
        """How many workers its pages have."""
        self._process.send_signal(signal.SIGUSR1)
        return int(self._out.get(timeout=WAIT))

    def idle(self, seconds: float) -> bool:
        """Whether no page has a worker any more within `seconds`."""
        end = time.monotonic() + seconds
        while self.working():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def end(self, number: signal.Signals) -> tuple[Answer, float]:
        """How it ends when it is sent a signal, and after how many seconds."""
        begin = time.monotonic()
        self._process.send_signal(number)
        code = self._process.wait(TIMEOUT)
        seconds = time.monotonic() - begin
        self._wait()
        lines = []
        while not self._out.empty():
            lines.append(self._out.get())
        return Answer(code, "".join(lines), self.errors), seconds

    def kill(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()
        self._wait()

    def _wait(self) -> None:
        self._process.wait(TIMEOUT)
        for each in self._readers:
            each.join(TIMEOUT)


def _read(stream: Any, keep: Any) -> None:
    for line in stream:
        keep(line)
    keep("")


@contextlib.contextmanager
def serving(*arguments: str, folder: Path) -> Iterator[Served]:
    """A server at a free port; `arguments` are further ones of the command."""
    with start("-c", SERVER, "explore", "--no-show", "--port", "0", *arguments, folder=folder) as process:
        try:
            served = Served(process)
            yield served
        finally:
            process.kill()
            process.wait(TIMEOUT)


def chromium() -> str | None:
    """The browser, where there is one."""
    given = os.environ.get(GIVEN)
    return next(filter(None, map(shutil.which, [given] if given else NAMES)), None)


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """The browser, without a window."""
    expect.set_options(timeout=1000 * WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A visitor with tabs of their own: what they asked of which hosts, and what went wrong in a tab."""

    def __init__(self, browser: Browser, link: str) -> None:
        self._link = link
        self.context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, permissions=["clipboard-read", "clipboard-write"]
        )
        self.context.set_default_timeout(1000 * WAIT)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.context.on("console", self._console)

    @property
    def hosts(self) -> set[str]:
        """All hosts that received a request, with their ports."""
        asked = [urlsplit(each) for each in self.requests]
        return {each.netloc for each in asked if each.scheme not in ("data", "blob")}

    def tab(self, query: str = "") -> Page:
        """A page in a new tab, on its way."""
        page = self.context.new_page()
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        # The link ends with its token.
        page.goto(f"{self._link}&{query}" if query else self._link, wait_until="commit")
        return page

    def page(self, query: str = "") -> Page:
        """A page in a new tab, with its numbers."""
        page = self.tab(query)
        expect(verdict(page)).to_be_visible()
        return page

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)


def verdict(page: Page) -> Locator:
    """The sentence about the chosen cell."""
    return page.locator(".verdict p").first


def message(page: Page) -> Locator:
    """The line that says why something was refused."""
    return page.get_by_role("alert")


def button(page: Page, name: str) -> Locator:
    """A button by its label."""
    return page.get_by_role("button", name=name, exact=True)


def field(page: Page, name: str) -> Locator:
    """A field or menu by its label."""
    return page.locator("input, select").and_(page.get_by_label(name, exact=True))


def slider(page: Page, name: str) -> Locator:
    """The handle of the slider below a field."""
    return page.get_by_role("slider", name=name, exact=True)


def enter(page: Page, name: str, text: str) -> None:
    """Type into a field."""
    field(page, name).fill(text)
    field(page, name).press("Enter")


def query(page: Page) -> dict[str, list[str]]:
    """What is in the address."""
    return parse_qs(urlsplit(page.url).query)


def settings(page: Page) -> dict[str, str]:
    """The values in the address that differ from the experiment's, by path."""
    return dict(each.split("=", 1) for each in query(page).get("set", []))


def values(page: Page) -> list[str]:
    """What all fields and menus say."""
    return page.evaluate(VALUES)


def lines(page: Page, plot: str) -> list[int]:
    """How many points each line of a plot has."""
    return page.evaluate(LINES, plot)


def focused(page: Page) -> str:
    """The name of what has the focus."""
    return page.evaluate(FOCUSED)


def has_focus(page: Page, name: str) -> None:
    """Wait until something has the focus, by its name."""
    page.wait_for_function(f"(name) => ({FOCUSED})() == name", arg=name, timeout=10_000)


def paper(page: Page) -> str:
    """The colour behind all that is on a page."""
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def choose(page: Page, across: float, up: float) -> None:
    """Click in the diagram, at a place from 0 to 1 along either side of its box."""
    diagram = page.locator(".bk-Figure").first
    box = diagram.bounding_box()
    assert box is not None
    diagram.click(position={"x": across * box["width"], "y": (1 - up) * box["height"]})


def kept(page: Page, kind: str, folder: Path) -> Path:
    """The file that a button gives."""
    with page.expect_download() as download:
        button(page, kind).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def no_errors(said: str) -> bool:
    """Whether a server has met no error, by what it said to the standard error."""
    return re.search(r"Traceback|Error\b|ERROR", said) is None
