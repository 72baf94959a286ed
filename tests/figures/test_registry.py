import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gatednet import SettingError, figures
from gatednet.figures import pipeline
from gatednet.figures.pipeline import open_stores, sweeps_for
from gatednet.figures.registry import FIGURES, chosen
from gatednet.figures.toolkit.result import check_formats
from gatednet.sweeps.catalog import SWEEPS, sweeps_of

# Sweeps of all figures are built, and each of their parts is checked by its own rules.
pytestmark = pytest.mark.usefixtures("unchecked_annotations")

# The fewest claims that a figure may have, where it is not 2.
FEWEST_CLAIMS = {"fig2": 8, "fig4": 8, "fig5": 6, "figa10": 5}


def test_every_module_of_a_figure_is_registered():
    folder = Path(figures.__file__).parent
    files = {path.stem for pattern in ("fig*_*.py", "control*_*.py", "open*_*.py") for path in folder.glob(pattern)}
    assert {entry.module for entry in FIGURES.values()} == {f"gatednet.figures.{stem}" for stem in files}


@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_knows_another(name):
    source = Path(importlib.import_module(FIGURES[name].module).__file__).read_text()
    imported = {
        part
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for part in [getattr(node, "module", None) or "", *(f"gatednet.figures.{alias.name}" for alias in node.names)]
    }
    others = {entry.module for entry in FIGURES.values()} - {FIGURES[name].module}
    assert not imported & others


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_its_parts_and_a_line_about_it(name):
    module = FIGURES[name].load()
    kind, number = re.fullmatch(r"(fig|control|open)(a?\d+)", name).groups()
    known_as = {"fig": "Figure", "control": "Control", "open": "Open question"}[kind]
    assert FIGURES[name].summary.startswith((f"{known_as} {number.upper()}:", f"{known_as} {number.upper()},"))
    # A closed form needs no runs.
    assert isinstance(module.SWEEPS, tuple)
    for part in ("compute", "draw", "claims", "caption"):
        assert callable(getattr(module, part))


@pytest.mark.parametrize("name", FIGURES)
def test_quick_sweeps_differ_in_seeds_only(name):
    full, quick = sweeps_for(FIGURES[name]), sweeps_for(FIGURES[name], quick=True)
    assert full.keys() == quick.keys()
    for store, sweep in full.items():
        assert [axis for axis in quick[store].axes if not axis.is_seed] == [a for a in sweep.axes if not a.is_seed]
        assert (quick[store].experiment, quick[store].save) == (sweep.experiment, sweep.save)
        assert quick[store].search == sweep.search
        assert all(len(axis) < 10 for axis in quick[store].axes if axis.is_seed)


@pytest.mark.parametrize("name", FIGURES)
def test_a_missing_store_is_made_by_a_sweep_of_the_catalog(name, tmp_path, monkeypatch):
    built = {each: sweeps_of(each) for each in FIGURES[name].load().SWEEPS}
    for store in [store for made in built.values() for store in made]:
        # Only the first missing store is named, so each is made the only one.
        only = {each: {store: made[store]} if store in made else {} for each, made in built.items()}
        monkeypatch.setattr(pipeline, "sweeps_of", only.__getitem__)
        with pytest.raises(SettingError, match=f"{store} does not exist: `gatednet sweep ") as refused:
            open_stores(FIGURES[name], tmp_path)
        named = re.search(r"`gatednet sweep (\S+) --out", str(refused.value))[1]
        assert named in SWEEPS
        assert store in built[named]


def test_listing_figures_imports_nothing_heavy():
    heavy = "{'jax', 'matplotlib', 'xarray', 'numpy'}"
    code = f"import sys, gatednet.figures.registry as r; print(*r.FIGURES, *({heavy} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(FIGURES)


def test_a_module_may_have_several_figures():
    module = "gatednet.figures.fig07_figa15_control03_images"
    of_module = [entry.name for entry in FIGURES.values() if entry.module == module]
    assert of_module == ["fig7", "figa15", "control3"]
    assert list(importlib.import_module(module).FIGURES) == of_module
    for name in of_module:
        figure = FIGURES[name].load()
        assert (figure.SWEEPS, len(figure.PANELS)) == ((name,), 4 * len(figure.pairs))
    # Those of the paper come first, then its appendix, controls and open questions, each in the order of their numbers.
    assert list(FIGURES) == [
        *(f"fig{number}" for number in range(2, 9)),
        *(f"figa{number}" for number in range(1, 17)),
        *(f"control{number}" for number in range(1, 6)),
        *(f"open{number}" for number in range(1, 7)),
    ]


def test_figures_are_chosen_by_name():
    everything = list(FIGURES.values())
    assert chosen([]) == chosen(["all"]) == chosen(["fig4", "all"]) == everything
    assert [entry.name for entry in chosen(["fig4", "fig2", "fig4"])] == ["fig2", "fig4"]
    with pytest.raises(SettingError, match="unknown figure 'fig44': did you mean 'fig4'"):
        chosen(["fig44"])


def test_formats():
    assert check_formats("png, svg") == ("png", "svg")
    with pytest.raises(SettingError, match="unknown format 'pngg': did you mean 'png'"):
        check_formats("pdf,pngg")
