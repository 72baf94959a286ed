"""Parts of a user's own: run by `--import` alone, recorded by the store, and not needed to verify or to look at it."""

import dataclasses
import re
import shutil

import numpy as np
import pytest
import xarray

from gatednet import SettingError
from gatednet.explore.stored import Stored
from gatednet.explore.verdict import verdict_of
from tests.cli.tools import contents, flip, python, refusal, state, together

PARTS = """\
from gatednet import Observable, Teachers
from gatednet.observables import register
from gatednet.settings import Number, field


class SizedTeachers(Teachers):
    \"\"\"Teachers of another size.\"\"\"

    size: float = field(2.0, Number(0.0), "factor of all teachers")

    def draw(self, key, network):
        return self.size * super().draw(key, network)


register(Observable("twice_the_loss", "twice the task loss", lambda snapshot: 2.0 * snapshot.loss))
"""
# Eight runs of 40 steps.
SPEC = """\
import = ["my_parts"]
base = "fig2-flexible"
save = ["loss", "twice_the_loss"]
every = 20
[set]
"network.inputs" = 4
"network.outputs" = 2
"curriculum.block_length" = 0.01
inputs = { kind = "Population" }
teachers = { kind = "SizedTeachers" }
steps = 40
[axes]
gates = { path = "timescales.gates", values = [0.02, 0.05] }
size = { path = "teachers.size", values = [1.0, 3.0] }
seed = 2
"""
SMALL = (
    "simulate fig2-flexible --set network.inputs=4 --set network.outputs=2 --set steps=20 --every 20 --format png "
    '--save twice_the_loss --set teachers={kind="SizedTeachers",size=1.5}'
)
NEEDED = "it needs the module my_parts, whose code runs only if you say so: allowed is --import my_parts, "


def furnished(folder):
    """A folder with parts, files that need them, and modules that fail."""
    (folder / "my_parts.py").write_text(PARTS)
    (folder / "mine.toml").write_text(SPEC)
    (folder / "unnamed.toml").write_text(SPEC.replace('import = ["my_parts"]\n', ""))
    (folder / "two.toml").write_text(SPEC.replace('["my_parts"]', '["my_parts", "lab.parts"]'))
    (folder / "text.toml").write_text(SPEC.replace('["my_parts"]', '"my_parts"'))
    (folder / "number.toml").write_text(SPEC.replace('["my_parts"]', "[1]"))
    (folder / "hostile.toml").write_text(SPEC.replace('["my_parts"]', '["os"]'))
    (folder / "failing.py").write_text("import math\n\n\ndef work():\n    return 1 / 0\n\n\nwork()\n")
    (folder / "checked.py").write_text("from gatednet import Population, Timescales\n\nTimescales(gates=-1.0)\n")
    (folder / "lacking.py").write_text("import helpers_that_are_nowhere\n")
    (folder / "unparsed.py").write_text("x = 1\ndef (\n")
    (folder / "leaving.py").write_text("raise SystemExit('enough')\n")
    (folder / "empty_folder").mkdir()
    # A name that is installed.
    (folder / "hypothesis.py").write_text("")
    return folder


REFUSALS = {
    "sweep mine.toml": rf"mine.toml: import: {NEEDED}or importing it before in Python",
    "sweep mine.toml --dry-run": f"mine.toml: import: {NEEDED}",
    "sweep two.toml": "two.toml: import: it needs the modules my_parts and lab.parts, whose code runs only if you say",
    "sweep text.toml": "text.toml: import: modules are 'my_parts', allowed is a list of names",
    "sweep number.toml": "number.toml: import: module is 1, allowed is the name of a module",
    "sweep hostile.toml": "hostile.toml: import: module is 'os', which is a name of Python's standard library",
    "sweep unnamed.toml": "unnamed.toml: set: teachers: unknown kind 'SizedTeachers': did you mean",
    SMALL: "set: teachers: unknown kind 'SizedTeachers'",
    "sweep mine.toml --import nowhere": "--import: module nowhere is not found, allowed are modules of the current",
    "sweep mine.toml --import lab.nowhere": "--import: module lab.nowhere is not found",
    "explore --import nowhere": "--import: module nowhere is not found",
    "simulate fig4-symmetric --import nowhere": "--import: module nowhere is not found",
    "sweep mine.toml --import failing": (
        "--import: module failing cannot be imported: ZeroDivisionError: division by zero (failing.py:5)"
    ),
    "sweep mine.toml --import checked": (
        "--import: module checked cannot be imported: SettingError: Timescales.gates is -1.0, allowed is a finite "
        "number above 0 (checked.py:3)"
    ),
    "sweep mine.toml --import lacking": (
        "cannot be imported: ModuleNotFoundError: No module named 'helpers_that_are_nowhere' (lacking.py:1)"
    ),
    "sweep mine.toml --import unparsed": "unparsed cannot be imported: SyntaxError: invalid syntax (unparsed.py:2)",
    "sweep mine.toml --import leaving": "module leaving cannot be imported: SystemExit: enough (leaving.py:1)",
    "sweep mine.toml --import empty_folder": "module empty_folder has no source file, allowed are modules with one",
    "sweep mine.toml --import hypothesis": "module hypothesis of this folder is hidden by ",
    "sweep mine.toml --import my_parts.py": "is 'my_parts.py', allowed is the name of a module, not of its file, such",
    "sweep mine.toml --import lab/parts.py": "is 'lab/parts.py', allowed is the name of a module, not of its file",
    "sweep mine.toml --import my-parts": "is 'my-parts', allowed is the name of a module, such as my_parts or lab.par",
    "sweep mine.toml --import lab..parts": "is 'lab..parts', allowed is the name of a module",
    "sweep mine.toml --import class": "is 'class', allowed is the name of a module",
    "sweep mine.toml --import=": "is '', allowed is the name of a module",
    f"sweep mine.toml --import {'x' * 300}": "allowed is the name of a module",
    "sweep mine.toml --import json": "is 'json', which is a name of Python's standard library; allowed is a module",
    "sweep mine.toml --import gatednet.toml": "is 'gatednet.toml', which is a name of gatednet; allowed is a module",
    "sweep mine.toml --import numpy": "is 'numpy', which is a name of a library that gatednet is built on",
    "sweep mine.toml --import __main__": "is '__main__', which is a name of the program itself",
}  # fmt: skip


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """What each command answered, none of which ran any part, and the folder before and after."""
    folder = furnished(tmp_path_factory.mktemp("refused"))
    before = state(folder)
    answers = together([(folder, each.split(" ")) for each in REFUSALS])
    return dict(zip(REFUSALS, answers, strict=True)), before, state(folder)


@pytest.mark.parametrize("command", REFUSALS)
def test_what_nobody_allowed_or_cannot_be_imported_is_one_line(refused, command):
    assert REFUSALS[command] in refusal(refused[0][command])


def test_no_refusal_changes_the_folder(refused):
    _, before, after = refused
    assert before == after


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a store that was made with own parts, and what the commands answered that made it."""
    folder = furnished(tmp_path_factory.mktemp("swept"))
    names = {path.name for path in folder.iterdir()}
    commands = ("sweep mine.toml --import my_parts", "sweep unnamed.toml", "sweep mine.toml", SMALL)
    answers = together([(folder, each.split(" ")) for each in commands], GATEDNET_IMPORT=" my_parts, ")
    # No byte code either.
    assert {path.name for path in folder.iterdir()} == {*names, "runs", "pictures"}
    return folder, answers


def test_a_part_and_an_observable_of_a_users_own_are_swept_saved_and_drawn(swept):
    folder, answers = swept
    assert [answer.code for answer in answers] == [0, 0, 0, 0], answers
    assert answers[0].out == "runs/mine: done, 8 runs\n"
    assert answers[2] == (0, "runs/mine: was finished already, 8 runs\n", "")
    data = xarray.open_zarr(folder / "runs/mine/arrays.zarr", chunks=None)
    np.testing.assert_array_equal(data["size"], [1.0, 3.0])
    np.testing.assert_array_equal(data.twice_the_loss, 2.0 * data.loss)
    assert data.twice_the_loss.attrs == {"long_name": "twice the task loss", "units": "1"}
    # Weights are small at first, so that the loss is a square of the teachers.
    first = data.loss.isel(step=0).mean("seed")
    np.testing.assert_allclose(first.sel(size=3.0) / first.sel(size=1.0), 9.0, rtol=0.05)
    # Found automatically where the file names no module.
    plans = [(folder / "runs" / name / "plan.toml").read_text() for name in ("mine", "unnamed")]
    assert plans[0] == plans[1]
    assert 'my_parts = "' in plans[0]
    caption = next((folder / "pictures").glob("fig2-flexible-*.md"))
    assert re.search(r"my_parts of source [0-9a-f]{64}", caption.read_text())
    assert answers[3].out.splitlines()[-1] == f"pictures/{caption.name}"


def test_a_store_is_verified_without_its_parts(swept, tmp_path):
    # Of another machine, without the module.
    shutil.copytree(swept[0] / "runs/mine", tmp_path / "mine")
    damaged = tmp_path / "damaged"
    shutil.copytree(swept[0] / "runs/mine", damaged)
    flip(damaged / "arrays.zarr/twice_the_loss/c/0/0/0/0")
    (tmp_path / "mine.toml").write_text(SPEC)
    before = contents(tmp_path)
    found, broken, again = together(
        [(tmp_path, each.split()) for each in ("verify mine", "verify damaged", "sweep mine.toml --out .")]
    )
    assert found == (0, "mine: every file agrees with its digest; 8 runs in 1 chunks, finished\n", "")
    assert "damaged is damaged in chunk 0.0.0: arrays.zarr/twice_the_loss/c/0/0/0/0" in refusal(broken)
    assert NEEDED in refusal(again)
    assert contents(tmp_path) == before


def test_a_store_is_continued_with_the_same_source_alone(swept, tmp_path):
    shutil.copytree(swept[0], tmp_path / "there")
    folder = tmp_path / "there"
    (folder / "my_parts.py").write_text(PARTS.replace("2.0 * snapshot", "3.0 * snapshot"))
    commands = ("sweep mine.toml --import my_parts", "sweep mine.toml --import my_parts --restart")
    answer, restarted = together([(folder, each.split()) for each in commands])
    other = refusal(answer)
    assert other.startswith("runs/mine was begun with other parts: the source of my_parts is ")
    assert other.endswith("; allowed are the source that it was begun with, another folder, and a restart")
    assert (restarted.code, restarted.out) == (0, "runs/mine: done, 8 runs\n")
    data = xarray.open_zarr(folder / "runs/mine/arrays.zarr", chunks=None)
    np.testing.assert_array_equal(data.twice_the_loss, 3.0 * data.loss)


def test_a_store_is_explored_without_its_parts(swept):
    source = Stored(swept[0] / "runs/mine")
    view = source.default()
    source.check(view)
    assert source.observables()["twice_the_loss"] == "twice the task loss"
    view = dataclasses.replace(view, observable="twice_the_loss")
    (diagram,) = source.diagrams(view, lambda: True, lambda begins: None)
    data = xarray.open_zarr(swept[0] / "runs/mine/arrays.zarr", chunks=None)
    last = data.twice_the_loss.isel(step=-1).mean("seed").transpose(view.y.path, view.x.path)
    np.testing.assert_allclose(diagram.values, last, rtol=1e-6)
    curves = source.curves(view, None, lambda begins: None)
    assert curves is not None
    mean, _ = curves.band("loss")
    np.testing.assert_allclose(mean, data.loss.sel(gates=0.05, size=3.0).mean("seed"), rtol=1e-6)
    # What needs the class is said in one line.
    assert verdict_of(curves).word == "unknown"
    assert NEEDED in verdict_of(curves).reason
    for what in (source.experiment, source.sweep_table):
        with pytest.raises(SettingError, match="it needs the module my_parts"):
            what(view)
    assert [each.path for each in source.controls(view)] == ["gates", "size"]


def test_what_the_page_exports_names_the_modules(swept):
    script = (
        "import my_parts\n"
        "from gatednet.explore.export import as_python, as_toml\n"
        "from gatednet.explore.stored import Stored\n"
        "source = Stored('runs/mine')\n"
        "view = source.default()\n"
        "print(as_toml(source.sweep_table(view)))\n"
        "print(as_python(view, source.experiment(view)))\n"
    )
    answer = python("-c", script, folder=swept[0])
    assert answer.code == 0, answer.err
    assert 'import = [\n    "my_parts",\n]\nbase = ' in answer.out
    assert "\nimport my_parts\nfrom gatednet import Save" in answer.out
