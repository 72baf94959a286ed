"""The page of `gatednet explore --store` in a browser: a stored sweep, of which nothing is computed again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gatednet.sweeps.spec import load_spec
from tests.cli.browser import (
    MISSING,
    PLOTS,
    Visit,
    choose,
    chromium,
    field,
    kept,
    lines,
    no_errors,
    serving,
    verdict,
)
from tests.cli.tools import gatednet

# Not every machine has a browser.
pytestmark = pytest.mark.skipif(chromium() is None, reason=MISSING)

# A small sweep: 4 × 3 cells, 2 seeds.
SPEC = """\
base = "fig2-flexible"
save = ["loss", "gates", "alignment", "teacher_component", "total_alignment", "specialization"]
every = 10
[set]
inputs = { kind = "Population" }
"network.inputs" = 4
"network.outputs" = 2
steps = 200
[axes]
length = { path = "curriculum.block_length", values = [0.02, 0.05, 0.1] }
tau = { path = "timescales.gates", values = [0.01, 0.02, 0.05, 0.1] }
seed = 2
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A server over a store."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "small.toml").write_text(SPEC)
    answer = gatednet("sweep", "small.toml", folder=folder)
    assert answer[:2] == (0, "runs/small: done, 24 runs\n"), answer
    with serving("--store", str(Path("runs") / "small"), folder=folder) as served:
        yield served


@pytest.fixture
def store_page(browser, stored):
    visiting = Visit(browser, stored.link)
    yield visiting.page()
    visiting.context.close()
    assert visiting.errors == []
    assert visiting.hosts == {stored.host}


def test_a_store_is_shown(store_page):
    page = store_page
    expect(page.locator(".status span")).to_have_text(re.compile(r"^\d+ × \d+ cells, 24 runs in "))
    expect(verdict(page)).to_have_text(re.compile(r"over 2 seeds"))
    assert [lines(page, plot) for plot in PLOTS[:3]] == [[21], [21] * 2, [21] * 4]
    before = verdict(page).inner_text()
    field(page, "tau").select_option("0.1")
    page.wait_for_url(re.compile(r"base=small&.*set=tau=0\.1&"))
    expect(verdict(page)).not_to_have_text(before)
    choose(page, 0.15, 0.9)
    page.wait_for_url(lambda url: "set=tau=0.1&" not in url)
    expect(field(page, "tau")).to_have_value("0.01")
    expect(field(page, "length")).to_have_value("0.1")


def test_what_a_store_shows_can_be_kept(store_page, tmp_path):
    files = {kind: kept(store_page, kind, tmp_path) for kind in ("Python", "TOML", "PNG", "SVG")}
    compile(files["Python"].read_text(), "explore.py", "exec")
    assert load_spec(files["TOML"]).experiment.network.inputs == 4
    assert files["PNG"].read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_server_of_a_store_has_met_no_error(stored):
    assert no_errors(stored.errors), stored.errors
