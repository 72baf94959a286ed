"""A working folder with files of a user's own that are named like folders of this repository breaks nothing."""

import json
import shutil

import pytest

from tests.cli.tools import ROOT, SPEC, Answer, contents, python

RAISING = "raise RuntimeError('a file of the user was imported')\n"
NAMES = (
    "sweeps.py", "figures/__init__.py", "explore.py", "tests.py", "store.py", "toml.py", "settings.py",
    "images/__init__.py",
)  # fmt: skip
# What a script of the folder, a notebook or `python -c` do: the folder comes before everything that is installed.
FIRST = """
import json, os, sys

assert sys.path[0] in ("", os.getcwd())
sys.path.append({root!r} + "/tests/cli")
from driver import answer

folder = os.getcwd()
import gatednet
import gatednet.explore.server, gatednet.figures.pipeline, gatednet.sweeps.catalog
from gatednet.sweeps import Axis, Store, Sweep, load_spec, run_sweep

assert [name for name in gatednet.__all__ if not hasattr(gatednet, name)] == []
assert gatednet.simulate(load_spec("mine.toml").experiment, gatednet.Save(("loss",), 20)).loss.shape == (3,)
assert run_sweep(load_spec("mine.toml"), "runs/mine").finished
print(json.dumps([answer(folder, command.split(" ")) for command in json.load(sys.stdin)]))
"""
COMMANDS = {
    "--help": "Usage: gatednet",
    "--version": "gatednet ",
    "list": "experiments\n",
    "explore --help": "Usage: gatednet explore",
    "simulate fig2-flexible --set network.inputs=4 --set network.outputs=2 --set steps=20 --every 20 --format png": (
        "pictures/fig2-flexible-"
    ),
    "sweep mine.toml": "runs/mine: was finished already, 4 runs\n",
    "verify runs/mine": "runs/mine: every file agrees with its digest",
    "figure fig4 --runs reproduced --format png": "fig4: holds: ",
}
SCRIPT = "from gatednet.figures.cli.main import main\n\nmain()\n"


@pytest.fixture
def folder(tmp_path):
    """A folder with a spec, and with files that raise when they are imported."""
    for name in NAMES:
        path = tmp_path / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RAISING)
    (tmp_path / "work" / "mine.toml").write_text(SPEC)
    return tmp_path / "work"


def test_every_command_and_the_api_run_where_the_folder_comes_first(folder, reproduced):
    shutil.copytree(reproduced[0] / "runs", folder / "reproduced")
    answered = python("-c", FIRST.format(root=str(ROOT)), folder=folder, text=json.dumps(list(COMMANDS)))
    assert answered.code == 0, answered.err
    answers = [Answer(*each) for each in json.loads(answered.out)]
    for (command, said), answer in zip(COMMANDS.items(), answers, strict=True):
        assert (command, answer.code) == (command, 0), answer
        assert said in answer.out


@pytest.mark.parametrize("call", [("-m", "gatednet"), ("bin/gatednet",)], ids=["module", "script"])
def test_commands_run_as_a_module_and_as_an_installed_script(call, folder):
    (folder.parent / "bin").mkdir()
    (folder.parent / "bin" / "gatednet").write_text(SCRIPT)
    call = [each.replace("bin/", f"{folder.parent}/bin/") for each in call]
    # Named like what the command imports once it runs, one of them a library.
    (folder / "typer.py").write_text(RAISING)
    before = contents(folder)
    commands = {"list": "experiments\n", "sweep mine.toml --dry-run": "runs/mine: 4 runs"}
    # Beside the script the folder is none that Python looks into, so that one call tells enough.
    for command, said in list(commands.items())[: 2 if "-m" in call else 1]:
        answer = python(*call, *command.split(), folder=folder)
        assert (answer.code, answer.err) == (0, "")
        assert said in answer.out
    assert contents(folder) == before


def test_a_module_of_the_folder_comes_after_what_is_installed(folder):
    (folder / "typer.py").write_text(RAISING)
    (folder / "xarray.py").write_text(RAISING)
    (folder / "helpers.py").write_text("SIZE = 3.0\n")
    (folder / "my_parts.py").write_text(
        "import xarray\n\nimport helpers\n\nassert xarray.Dataset\nassert helpers.SIZE\n"
    )
    answer = python("-m", "gatednet", "sweep", "mine.toml", "--dry-run", "--import", "my_parts", folder=folder)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("runs/mine: 4 runs")
