"""Every wrong call or setting is refused in one line, with exit code 2, and nothing is written."""

import re
from typing import NamedTuple

import pytest

from tests.cli.tools import SPEC, contents, gatednet, refusal, together


class Case(NamedTuple):
    """A command, and what it must say; `old` is replaced by `new` in the sweep of mine.toml beforehand."""

    command: str
    message: str
    old: str = ""
    new: str = ""


def setting(text: str, message: str) -> Case:
    return Case(f"simulate fig2-flexible --set {text}", message)


def axis(text: str, message: str) -> Case:
    return Case(f"sweep mine.toml --axis {text}", message)


def spec(old: str, new: str, message: str) -> Case:
    return Case("sweep mine.toml", message, old, new)


CASES = [
    # unknown names, with the nearest known one
    Case("figure fig22", r"unknown figure 'fig22': did you mean 'fig2'\?"),
    Case("reproduce fig44", r"unknown figure 'fig44': did you mean 'fig4'\?"),
    Case("simulate fig2-flexibel", r"unknown experiment 'fig2-flexibel': did you mean 'fig2-flexible'\?"),
    Case("sweep fig5-lft", r"unknown sweep 'fig5-lft': did you mean 'fig5-left'\?"),
    Case("simulate fig2-flexible --save alignmnt", r"unknown observable 'alignmnt': did you mean 'alignment'\?"),
    setting("timescale.gates=0.1", r"unknown path 'timescale.gates': did you mean 'timescales.gates'\?"),
    axis("a=timescale.weights=0.1", r"axis 'a': unknown path 'timescale.weights': did you mean 'timescales.weights'\?"),
    Case("simulat fig4-symmetric", r"No such command 'simulat'.*simulate"),
    Case("simulate fig2-flexible --sed 3", r"No such option: --sed.*--seed"),
    Case("figure fig4 --format pgn", r"unknown format 'pgn': did you mean 'png'\?"),
    Case("figure", r"Missing argument"),
    # numbers out of range
    setting("timescales.weights=0", r"Timescales\.weights is 0\.0, allowed is a finite number above 0"),
    setting("timescales.gates=-0.1", r"Timescales\.gates is -0\.1, allowed is a finite number above 0"),
    axis("tau=timescales.weights=0.1,0", r"tau = 0\.0: Timescales\.weights is 0\.0, allowed is .* above 0"),
    setting("dt=0", r"Experiment\.dt is 0\.0, allowed is a finite number above 0"),
    setting("dt=-1", r"Experiment\.dt is -1\.0, allowed is a finite number above 0"),
    setting("dt=1.5", r"dt is 1\.5, allowed is at most the block length, 1\.0"),
    axis("dt=dt=0.001,0.02", r"dt = 0\.02: dt is 0\.02, allowed is at most the block length, 0\.01"),
    Case("simulate fig2-flexible --every 3", r"saves every 3 steps do not divide a run of 20000 steps"),
    Case("simulate fig2-flexible --every 0", r"every is 0, allowed is a whole number, at least 1"),
    setting("inputs.batch=0", r"Gaussian\.batch is 0, allowed is a whole number, at least 1"),
    setting("network.paths=0", r"GatedLinear\.paths is 0, allowed is a whole number, at least 1"),
    setting("teachers.tasks=-1", r"Teachers\.tasks is -1, allowed is a whole number, at least 1"),
    setting("network.inputs=0", r"GatedLinear\.inputs is 0, allowed is a whole number, at least 1"),
    setting("network.outputs=0", r"GatedLinear\.outputs is 0, allowed is a whole number, at least 1"),
    setting("network.outputs=11", r"= 22 orthogonal rows do not exist in network\.inputs = 20 dim.* at most 20 rows"),
    setting("teachers.correlation=1.1", r"Teachers\.correlation is 1\.1, allowed is .* at least 0 and at most 1"),
    setting("teachers.correlation=-0.1", r"Teachers\.correlation is -0\.1, allowed is .* at least 0 and at most 1"),
    Case("simulate fig2-flexible --seed=-1", r"seed is -1, allowed are whole numbers from 0 to 4294967295"),
    Case("sweep mine.toml --seeds 0", r"axis 'seed' has 0 seeds, allowed is one or more"),
    Case("sweep mine.toml --seeds=-3", r"axis 'seed' has -3 seeds, allowed is one or more"),
    # numbers that are not finite
    setting("timescales.gates=inf", r"Timescales\.gates is inf, allowed is a finite number above 0"),
    setting("objective.norm=nan", r"Objective\.norm is nan, allowed is a finite number at least 0"),
    axis("a=objective.norm=0,nan", r"axis 'a' has the value nan, allowed are finite numbers"),
    axis("a=objective.norm=linspace(0,inf,3)", r"axis 'a': linspace ends at inf, allowed are finite numbers"),
    spec("[0.02, 0.05]", "[0.02, inf]", r"mine\.toml: axes\.gates: axis 'gates' has the value inf"),
    # values of a wrong type
    setting("timescales.gates=fast", r"Timescales\.gates is 'fast', allowed is a finite number above 0"),
    setting("network.paths=1.5", r"GatedLinear\.paths is 1\.5, allowed is a whole number, at least 1"),
    setting(
        "inputs=Population",
        r"inputs is 'Population', allowed is .* a kind, one of Features, Fixed, Gaussian, Imbalanced, Population",
    ),
    setting("timescales=1", r"timescales is 1, allowed is a table with a kind, one of Timescales"),
    Case("simulate fig2-flexible --seed three", r"Invalid value for '--seed'.*integer"),
    Case("sweep mine.toml --seeds 2.5", r"Invalid value for '--seeds'.*integer"),
    # axes
    axis("a", r"axis is 'a', allowed is NAME=PATH=SPEC, as in gates="),
    axis("a=dt=", r"axis is 'a=dt=', allowed is NAME=PATH=SPEC"),
    axis("a=dt=geomspace(1,2,0)", r"axis 'a': geomspace has 0 values, allowed is a whole number, at least 1"),
    axis("a=dt=geomspace(0,1,2)", r"axis 'a': geomspace from 0 to 1, allowed are ends above 0"),
    axis("loss=objective.norm=0,1", r"axis 'loss' is named like an observable that is saved, allowed is another name"),
    axis("a=dt=1e-3 --axis a=objective.norm=1", r"axis 'a' is named twice"),
    axis("a=dt=1e-3 --axis b=dt=2e-3", r"axis 'b': path 'dt' is also in axis 'a'"),
    axis("seed=seed=1,2 --seeds 3", r"axis 'seed' is named twice"),
    axis("a=seed=1,2", r"axis 'a' has the path 'seed', allowed is an axis of the name 'seed'"),
    axis("a=network.outputs=1,2", r"along axis 'a' the shape of 'weights' changes from .* allowed are observables"),
    setting("dt", r"--set is 'dt', allowed is PATH=VALUE, such as timescales\.gates=0\.1"),
    setting("dt=0.1 --set dt=0.2", r"--set names 'dt' twice"),
    # files
    Case("sweep nowhere.toml", r"nowhere\.toml cannot be read: No such file or directory"),
    spec("every = 20", "every = ", r"mine\.toml is no TOML: .*line 3, column 9"),
    spec("every = 20", "every = 20\nevery = 40", r"mine\.toml is no TOML: .*line 4"),
    spec("every = 20", "evry = 20", r"mine\.toml: unknown key 'evry': did you mean 'every'\?"),
    spec("[axes]", "[axis]", r"mine\.toml: unknown key 'axis': did you mean 'axes'\?"),
    spec("every = 20\n", "", r"mine\.toml: the key 'every' is missing"),
    spec("every = 20", "every = 30", r"mine\.toml: saves every 30 steps do not divide a run of 40 steps"),
    spec("every = 20", 'every = "often"', r"mine\.toml: every is 'often', allowed is a whole number, at least 1"),
    spec("seed = 2", "seed = true", r"mine\.toml: axes\.seed: axis 'seed' has the values True"),
    spec("seed = 2", "seed = []", r"mine\.toml: axes\.seed: axis 'seed' is empty, allowed is one value or more"),
    spec("[0.02, 0.05]", "[]", r"mine\.toml: axes\.gates: axis 'gates' is empty, allowed is one value or more"),
    spec("[0.02, 0.05]", "[0.02, 0.02]", r"mine\.toml: axes\.gates: axis 'gates' has 0\.02 twice"),
    spec("values =", "value =", r"mine\.toml: axes\.gates: unknown key 'value': did you mean 'values'\?"),
    spec("gates = {", "loss = {", r"mine\.toml: axis 'loss' is named like an observable that is saved"),
    spec('"loss"', '"los"', r"mine\.toml: unknown observable 'los': did you mean 'loss'\?"),
    spec("fig2-flexible", "fig2-flex", r"mine\.toml: unknown experiment 'fig2-flex': did you mean 'fig2-flexible'\?"),
    spec("steps = 40", "stps = 40", r"mine\.toml: set: unknown path 'stps': did you mean 'steps'\?"),
    spec("steps = 40", "steps = 4.5", r"mine\.toml: set: Experiment\.steps is 4\.5, allowed is a whole number"),
    spec("steps = 40", 'inputs = { kind = "Gausian" }', r"mine\.toml: set: inputs: unknown kind 'Gausian': .*'Gauss"),
    Case("reproduce fig8 --file humn=mine.toml", r"unknown file 'humn': did you mean 'human'\?"),
    Case("figure fig4 --file human=mine.toml", r"unknown file 'human': fig4 takes no file"),
    Case("reproduce fig8 --file human", r"--file is 'human', allowed is NAME=PATH, such as human=scores\.csv"),
    Case("figure fig8 --file human=a.csv --file human=b.csv", r"--file names 'human' twice"),
    Case("reproduce fig8 --file human=nowhere.csv", r"nowhere\.csv cannot be read: No such file or directory"),
    Case("reproduce fig8 --file human=mine.toml", r"mine\.toml, line 1: the column 'trial' is missing, allowed are"),
    # folders that cannot be written
    Case("sweep mine.toml --out mine.toml/runs", r"mine\.toml/runs cannot be written: .*mine\.toml: not a folder"),
    Case("sweep mine.toml --out mine.toml", r"mine\.toml cannot be written: not a folder"),
    Case("sweep mine.toml --out /proc/runs", r"/proc/runs cannot be written: nothing can be made in /proc: "),
    Case("simulate fig4-symmetric --out mine.toml/x", r"mine\.toml/x cannot be written: .*mine\.toml: not a folder"),
    Case("simulate fig4-symmetric --out /proc/x", r"/proc/x cannot be written: nothing can be made in /proc: "),
    Case("figure fig4 --out mine.toml/x", r"mine\.toml/x cannot be written: .*mine\.toml: not a folder"),
    Case("reproduce fig4 --out /proc/x", r"/proc/x cannot be written: nothing can be made in /proc: "),
    Case("reproduce fig4 --runs mine.toml/x", r"mine\.toml/x cannot be written: .*mine\.toml: not a folder"),
    # folders of images
    Case("sweep mine.toml --data nowhere", r"--data is 'nowhere', allowed is a folder that is there"),
    Case("sweep mine.toml --dry-run --data mine.toml", r"--data is 'mine\.toml', allowed is a folder that is there"),
    Case("reproduce fig4 --data nowhere", r"--data is 'nowhere', allowed is a folder that is there"),
    # stores that are not there
    Case("verify nowhere", r"nowhere does not exist, allowed is the folder of a store"),
    Case("figure fig4", r"runs/fig4-symmetric does not exist: `gatednet sweep fig4 --out runs`"),
    Case("sweep mine.toml --cluster nowhere", r"the cluster is 'nowhere', allowed is tcp://HOST:PORT"),
]  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each case was answered, and what was in its folder before and after."""
    folders = []
    for case in CASES:
        assert case.old in SPEC
        folders.append(tmp_path_factory.mktemp("case"))
        (folders[-1] / "mine.toml").write_text(SPEC.replace(case.old, case.new) if case.old else SPEC)
    before = [contents(folder) for folder in folders]
    found = together([(folder, case.command.split()) for folder, case in zip(folders, CASES, strict=True)])
    return dict(zip(CASES, zip(found, before, map(contents, folders), strict=True), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(filter(None, [case.command, case.new])))
def test_one_clear_line_and_nothing_written(case, answers):
    answer, before, after = answers[case]
    assert re.search(case.message, refusal(answer)), answer.err
    assert after == before


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("list all", "unexpected extra argument"),
        ("simulate fig2-flexible --set dt=0", "Experiment.dt is 0.0, allowed is a finite number above 0"),
        ("sweep nowhere.toml --dry-run", "nowhere.toml cannot be read: No such file or directory"),
        ("figure fig22", "unknown figure 'fig22': did you mean 'fig2'?"),
        ("verify .", ". is no store of gatednet"),
    ],
)
def test_a_process_of_its_own_says_the_same(command, message, tmp_path):
    assert message in refusal(gatednet(*command.split(), folder=tmp_path))
    assert contents(tmp_path) == {}
