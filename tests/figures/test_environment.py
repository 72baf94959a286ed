"""Pictures know nothing of the place where they are drawn: of matplotlib's settings, dates, languages, terminals."""

import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import xarray

from gatednet.figures.toolkit.panels import Scale, band, heat_map, letter, look, new_figure
from gatednet.figures.toolkit.pictures import pictures
from tests.cli.tools import TIMEOUT, contents, environment

COMMAND = (
    "simulate fig4-symmetric --set steps=20 --set curriculum.block_length=0.01 --save teacher_component --every 2 --out"
)
# What a user likes, or an article of theirs needs.
TASTE = {
    "text.usetex": True,
    "axes.grid": True,
    "axes.formatter.use_locale": True,
    "axes.prop_cycle": "cycler('color', ['red'])",
    "savefig.bbox": "tight",
    "savefig.transparent": True,
    "figure.dpi": 40,
    "figure.autolayout": True,
    "font.size": 30,
    "font.family": "monospace",
    "path.simplify": False,
    "image.interpolation": "bicubic",
    "image.cmap": "jet",
    "svg.fonttype": "path",
    "svg.hashsalt": "mine",
    "pdf.compression": 0,
    "pdf.fonttype": 3,
    "lines.linewidth": 5,
    "axes.unicode_minus": False,
    "legend.frameon": True,
}
NO_TEXT = b"\xff\xfe\x00"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Environments by name: one that says nothing, one of much taste, and one in which everything is broken."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "taste").write_text("".join(f"{name}: {value}\n" for name, value in TASTE.items()))
    (folder / "file").write_text("")
    (folder / "broken" / "stylelib").mkdir(parents=True)
    for name in ("matplotlibrc", "stylelib/mine.mplstyle"):
        (folder / "broken" / name).write_bytes(NO_TEXT)
    return {
        "plain": {"PYTHONHASHSEED": "0"},
        "taste": {
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MATPLOTLIBRC": str(folder / "taste"),
            # No folder can be made there.
            "MPLCONFIGDIR": str(folder / "file" / "below"),
            "SOURCE_DATE_EPOCH": "86400",
            "LC_ALL": "de_DE.UTF-8",
            "TZ": "Asia/Kolkata",
            "PYTHONHASHSEED": "7",
            "COLUMNS": "20",
            "TERM": "dumb",
            "NO_COLOR": "1",
        },
        "broken": {
            "MPLBACKEND": "nonsense",
            "MPLCONFIGDIR": str(folder / "broken"),
            "SOURCE_DATE_EPOCH": "yesterday",
            "LC_ALL": "xx_YY",
            "LANG": "nonsense",
            "TZ": "nowhere",
            "PYTHONHASHSEED": "8",
            "COLUMNS": "wide",
        },
    }


@pytest.fixture(scope="module")
def drawn(places, tmp_path_factory):
    """What the same command leaves behind and says in each environment."""
    folder = tmp_path_factory.mktemp("drawn")
    found = {}
    for name, variables in places.items():
        done = subprocess.run(
            [sys.executable, "-m", "gatednet", *COMMAND.split(), name],
            cwd=folder, env=environment() | variables, capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (name, done.stderr)
        assert "Traceback" not in done.stderr
        found[name] = contents(folder / name), done.stdout.replace(f"{name}/", "")
    return found


@pytest.mark.parametrize("place", ["taste", "broken"])
def test_a_command_draws_the_same_everywhere(place, drawn):
    assert drawn[place][1] == drawn["plain"][1]
    here, there = drawn[place][0], drawn["plain"][0]
    assert here.keys() == there.keys()
    assert {os.path.splitext(name)[1] for name in here} == {".pdf", ".png", ".svg", ".md", ".zip", ".json", ".lock"}
    for name in here:
        assert here[name] == there[name], name


def picture():
    """A picture of everything that figures draw."""
    with look():
        figure = new_figure(4, 2)
        left, right = figure.subplots(1, 2)
        values = xarray.DataArray(np.random.default_rng(0).normal(size=(3, 50)), dims=("seed", "step"))
        band(left, np.arange(50.0), values, color="black", label="a − b")
        left.legend()
        left.set(xlabel="τ$_c$", ylim=(-1000, 1000))
        letter(left, "A")
        figure.colorbar(heat_map(right, np.eye(3), list("abc"), list("def"), Scale(0.0, 1.0)), ax=right)
    # Written after the look has ended, as a page does.
    return pictures(figure, ("pdf", "png", "svg"))


def test_in_a_notebook_pictures_are_the_same_and_its_settings_stay():
    plain = picture()
    with matplotlib.rc_context(TASTE):
        before = matplotlib.rcParams.copy()
        assert picture() == plain
        # Compared as copies: to look at the backend of the original is to choose one.
        assert matplotlib.rcParams.copy() == before
    with pytest.raises(RuntimeError, match="of the user"), look():
        raise RuntimeError("of the user")
    assert not matplotlib.rcParams["text.usetex"]


def test_all_settings_but_the_backend_are_those_of_the_look():
    with matplotlib.rc_context(TASTE), look():
        taste = {name: matplotlib.rcParams[name] for name in TASTE}
    with look():
        plain = {name: matplotlib.rcParams[name] for name in TASTE}
    assert taste == plain
