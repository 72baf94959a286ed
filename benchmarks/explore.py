"""How quickly the page of `gatednet explore` answers, in a headless Chromium on the machine of the server.

    python benchmarks/explore.py [--json FILE] [--changes 60]

"paint" is the first contentful paint of a new visitor's page, once the server is up, and when its plots and its first
curves are there. "curves" is the time from a key that moves the slider of timescales.gates to the new curves being
painted, one change at a time: while nothing else is computed, and while a diagram is refined. "burst" is forty such
keys as quickly as the browser takes them, and the time from the last one to the last curves. "diagram" is the time from
a key that moves the slider of objective.norm to 64 × 64 cells of Figure 5, left, being painted, and to 128 × 128, the
programs being compiled; "seconds" is what the page says that the latter took. It needs playwright, and Chromium on the
path or at GATEDNET_CHROMIUM.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
GATES, OTHER = "timescales.gates [time]", "objective.norm"
PAINTS, BURST, DIAGRAMS = 5, 40, 10
# Milliseconds that a page may take for anything, and those without news after which a burst is over.
WAIT, QUIET = 300_000, 3000
# Notes when keys are pressed and when curves were painted.
WATCH = """() => {
  window.pressed = []
  window.painted = []
  // A promise, so that nobody looks again and again while curves are on their way, which takes frames of its own.
  window.ahead = () => { window.next = new Promise((resolve) => { window.arrived = resolve }) }
  ahead()
  addEventListener('keydown', () => pressed.push(performance.now()), true)
  const plot = Bokeh.documents[0].get_model_by_name('chosen-loss')
  const source = plot.renderers.find((each) => each.name == 'lines').data_source
  source.properties.data.change.connect(() => {
    requestAnimationFrame(() => setTimeout(() => { painted.push(performance.now()); arrived() }))
  })
}"""

# Notes when a key is pressed and when diagrams were painted, by their cells along a side.
WATCH_DIAGRAM = """() => {
  addEventListener('keydown', () => { window.pressed = performance.now(); window.drawn = {} }, true)
  const source = Bokeh.documents[0].get_model_by_name('diagram').renderers[0].data_source
  source.properties.data.change.connect(() => {
    const side = source.data.image[0]?.shape[0]
    requestAnimationFrame(() => setTimeout(() => { drawn[side] = performance.now() - pressed }))
  })
}"""
# Cells along a side of the diagram that is shown.
SIDE = """Bokeh.documents[0]?.get_model_by_name('diagram').renderers[0].data_source.data.image[0]?.shape[0]"""
FINEST = 128


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--changes", type=int, default=60, help="moves of a slider, one at a time")
    parser.add_argument("--json", metavar="FILE", help="write the measurements there")
    arguments = parser.parse_args()
    from gatednet.sweeps.devices import usable_cores

    measured: dict[str, Any] = {"cores": usable_cores()}
    with server() as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        measured["chromium"] = browser.version
        measured["paint"] = paints(browser, link)
        tell("paint", measured["paint"])
        measured["diagram"] = [diagram(browser, link, seeds) for seeds in (1, 8)]
        for each in measured["diagram"]:
            tell("diagram", each)
        with visit(browser, link) as page:
            page.evaluate(WATCH)
            measured["curves"] = {
                "alone": changes(page, arguments.changes, refined=False),
                "beside a diagram": changes(page, arguments.changes, refined=True),
            }
            measured["burst"] = {
                "alone": burst(page, refined=False),
                "beside a diagram": burst(page, refined=True),
            }
        for name in ("curves", "burst"):
            for when, each in measured[name].items():
                tell(f"{name} {when}", each)
        browser.close()
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(measured, indent=1) + "\n")


def tell(name: str, measured: dict[str, float]) -> None:
    """Print a measurement in one line."""
    print(f"{name}: {', '.join(f'{key} {value:.4g}' for key, value in measured.items())}", flush=True)


def chromium() -> str:
    """The browser."""
    given = os.environ.get("GATEDNET_CHROMIUM")
    found = next(filter(None, map(shutil.which, [given] if given else NAMES)), None)
    if found is None:
        raise SystemExit(f"none of {', '.join(NAMES)} is on PATH, and GATEDNET_CHROMIUM names none")
    return found


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A server in a process of its own, by its link."""
    command = [sys.executable, "-m", "gatednet", "explore", "--no-show", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[0]
        finally:
            process.terminate()


@contextlib.contextmanager
def visit(browser: Browser, link: str) -> Iterator[Page]:
    """The page of a new visitor, with its first curves."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(WAIT)
    try:
        page = context.new_page()
        page.goto(link, wait_until="commit")
        page.locator(".verdict p").first.wait_for()
        yield page
    finally:
        context.close()


def paints(browser: Browser, link: str) -> dict[str, float]:
    """Milliseconds to the first contentful paint, to the plots and to the first curves, of visitors one by one."""
    found = []
    for _ in range(PAINTS):
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(link, wait_until="commit")
        page.locator(".bk-Figure").first.wait_for()
        plots = page.evaluate("performance.now()")
        page.locator(".verdict p").first.wait_for()
        curves = page.evaluate("performance.now()")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        found.append((paint, plots, curves))
        settle(page)
        context.close()
    first, (paint, plots, curves) = found[0], np.median(found[1:], axis=0)
    return {
        "first_paint_ms": paint,
        "page_ms": plots,
        "curves_ms": curves,
        "first_paint_of_the_first_visitor_ms": first[0],
        "page_of_the_first_visitor_ms": first[1],
        "curves_of_the_first_visitor_ms": first[2],
    }


def settle(page: Page) -> None:
    """Wait until the diagram is as fine as it gets."""
    page.wait_for_function(f"{SIDE} == {FINEST}")


def diagram(browser: Browser, link: str, seeds: int) -> dict[str, float]:
    """Milliseconds from a key to diagrams, over some changes, and what the finest took, as the page says."""
    found = []
    with visit(browser, f"{link}&base=fig5-left&seeds={seeds}") as page:
        settle(page)
        page.evaluate(WATCH_DIAGRAM)
        focus(page, OTHER)
        for _ in range(DIAGRAMS):
            page.keyboard.press("ArrowRight")
            page.wait_for_function(f"{FINEST} in drawn")
            found.append(page.evaluate(f"[drawn[64], drawn[{FINEST}]]"))
        told = re.search(r"([\d,]+) runs in ([\d.]+) s", page.locator(".status span").inner_text())
        assert told is not None
    coarse, fine = np.median(found, axis=0)
    return {
        "seeds": seeds,
        "side_64_ms": float(coarse),
        "side_64_best_ms": min(each[0] for each in found),
        "side_128_ms": float(fine),
        "side_128_best_ms": min(each[1] for each in found),
        "runs": int(told[1].replace(",", "")),
        "seconds": float(told[2]),
    }


def focus(page: Page, name: str) -> None:
    """Have the keys move a slider."""
    page.get_by_role("slider", name=name, exact=True).focus()


def refine(page: Page) -> None:
    """Have a diagram refined: its first stage is there, and finer ones are on the way."""
    focus(page, OTHER)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{SIDE} < {FINEST}")
    focus(page, GATES)


def changes(page: Page, number: int, refined: bool) -> dict[str, float]:
    """Milliseconds from a key to the curves, over `number` changes."""
    settle(page)
    focus(page, GATES)
    found: list[float] = []
    while len(found) < number:
        if refined and page.evaluate(SIDE) == FINEST:
            refine(page)
        page.evaluate("ahead()")
        page.keyboard.press("ArrowRight" if len(found) % 20 < 10 else "ArrowLeft")
        page.evaluate("() => next")
        taken, side = page.evaluate(f"[painted.at(-1) - pressed.at(-1), {SIDE}]")
        if (side < FINEST) == refined:
            found.append(taken)
    return {
        "changes": len(found),
        "median_ms": float(np.median(found)),
        "percentile_95_ms": float(np.percentile(found, 95)),
        "longest_ms": max(found),
    }


def burst(page: Page, refined: bool) -> dict[str, float]:
    """Many changes as quickly as possible."""
    settle(page)
    focus(page, GATES)
    if refined:
        refine(page)
    page.evaluate("() => { pressed.length = painted.length = 0 }")
    for _ in range(BURST):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "(quiet) => painted.at(-1) > pressed.at(-1) && performance.now() - painted.at(-1) > quiet", arg=QUIET
    )
    pressing, after, curves = page.evaluate(
        "() => [pressed.at(-1) - pressed[0], painted.at(-1) - pressed.at(-1), painted.length]"
    )
    return {"changes": BURST, "pressing_ms": pressing, "last_curves_after_ms": after, "curves": curves}


if __name__ == "__main__":
    main()
