"""Help, version and list answer before anything heavy is imported."""

import re

import pytest

from gatednet.figures.registry import FIGURES
from gatednet.sweeps.catalog import EXPERIMENTS, SWEEPS
from gatednet.version import __version__
from tests.cli.tools import contents, gatednet, python, refusal

COMMANDS = ("list", "simulate", "sweep", "verify", "figure", "reproduce")
HEAVY = ("jax", "equinox", "numpy", "scipy", "xarray", "zarr", "matplotlib")
# Runs a command, and says on a line of its own which heavy packages were imported for it.
WATCHED = f"""
import sys
from gatednet.figures.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print("imported:", *[name for name in {HEAVY} if name in sys.modules])
"""


@pytest.mark.parametrize(
    "arguments", ["--help", "-h", "--version", "list", *(f"{command} --help" for command in COMMANDS)]
)
def test_nothing_heavy_is_imported(arguments, tmp_path):
    answer = python("-c", WATCHED, *arguments.split(), folder=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    *said, imported = answer.out.splitlines()
    assert said
    assert imported == "imported:"
    assert contents(tmp_path) == {}


def test_version_help_and_list_say_what_there_is(tmp_path):
    assert gatednet("--version", folder=tmp_path) == (0, f"gatednet {__version__}\n", "")
    shown = gatednet("--help", folder=tmp_path)
    assert gatednet(folder=tmp_path) == shown
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", shown.out)
    listed = gatednet("list", folder=tmp_path).out.splitlines()
    for title, group in (("experiments", EXPERIMENTS), ("sweeps", SWEEPS), ("figures", FIGURES)):
        start = listed.index(title) + 1
        lines = dict(line.split(maxsplit=1) for line in listed[start : start + len(group)])
        assert lines == {name: entry.summary for name, entry in group.items()}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("simulat fig4-symmetric", "No such command 'simulat'"),
        ("simulate fig2-flexible --sed 3", "No such option: --sed"),
        ("verify", "Missing argument"),
        ("simulate fig2-flexibel", "unknown experiment 'fig2-flexibel': did you mean 'fig2-flexible'?"),
        ("sweep fig2s", "unknown sweep 'fig2s': did you mean 'fig2'?"),
        ("figure fig2 fig22", "unknown figure 'fig22': did you mean 'fig2'?"),
        ("reproduce fig22", "unknown figure 'fig22': did you mean 'fig2'?"),
    ],
)
def test_wrong_calls_are_told_before_anything_heavy_is_imported(command, message, tmp_path):
    answer = python("-c", WATCHED, *command.split(), folder=tmp_path)
    assert answer.out == "imported:\n"
    assert message in refusal(answer._replace(out=""))
