"""Sweeps as people write them."""

import pytest

from gatednet import Population, Save, SettingError, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog import experiment
from gatednet.sweeps.spec import load_spec, parse_axis, with_axis, with_seeds
from gatednet.sweeps.sweep import Sweep
from tests.sweeps.tools import grid

SPEC = """\
base = "fig2-flexible"
save = ["loss", "total_alignment"]
every = 100
[set]
"timescales.weights" = 0.1
steps = 7000
[axes]
gates = { path = "timescales.gates", geomspace = [0.01, 1.0, 9] }
block = { path = "curriculum.block_length", values = [1.0, 0.5] }
seed = 10
"""


@pytest.fixture
def load(tmp_path):
    def load(text: str) -> Sweep:
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return load_spec(path)

    return load


def test_a_file_is_the_sweep_that_it_says(load):
    base = with_values(experiment("fig2-flexible"), {"timescales.weights": 0.1, "steps": 7000})
    axes = (
        Axis.geomspace("gates", "timescales.gates", 0.01, 1.0, 9),
        Axis("block", "curriculum.block_length", (1.0, 0.5)),
        Axis.seeds(10),
    )
    assert load(SPEC) == Sweep(base, axes, Save(("loss", "total_alignment"), 100))


def test_everything_that_a_file_can_say(load):
    sweep = load("""
        base = "fig2-flexible"
        save = ["loss"]
        every = 100
        reduced = false
        precision = "float64"
        noise = "independent"
        [set]
        inputs = { kind = "Population" }
        [set.timescales]
        weights = 1
        [axes]
        length = { path = "curriculum.block_length", linspace = [0.5, 1.5, 3] }
        loss_of = { path = "objective.reduction", values = ["sum", "mean"] }
        regime = { path = ["timescales.gates", "objective.norm"], values = [[0.1, 1], [1, 0]], labels = ["on", "off"] }
        seed = [3, 5]
    """)
    assert sweep.experiment.inputs == Population()
    assert sweep.experiment.timescales.weights == 1.0
    assert (sweep.reduced, sweep.precision, sweep.noise) == (False, "float64", "independent")
    assert sweep.shape == (3, 2, 2, 2)
    assert sweep.axes[0].values == (0.5, 1.0, 1.5)
    assert sweep.axes[2].coordinates == ("on", "off")
    assert sweep.axes[2].values == ((0.1, 1.0), (1.0, 0.0))
    assert sweep.axes[3].values == (3, 5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("every = 100", "every = ", r"mine\.toml is no TOML: Invalid value \(at line 3, column 9\)"),
        ("every = 100", "evry = 100", r"mine\.toml: unknown key 'evry': did you mean 'every'"),
        ("every = 100\n", "", r"mine\.toml: the key 'every' is missing"),
        ("every = 100", "every = 1.5", r"mine\.toml: every is 1\.5, allowed is a whole number, at least 1"),
        ("every = 100", "every = true", r"mine\.toml: every is True, allowed is a whole number"),
        ("every = 100", "every = 300", r"mine\.toml: saves every 300 steps do not divide a run of 7000 steps"),
        ("every = 100", "every = 100\nreduced = 1", r"mine\.toml: reduced is 1, allowed is true or false"),
        ("every = 100", "every = 100\nnoise = 1", r"mine\.toml: noise is 1, allowed is a string"),
        ("every = 100", 'every = 100\nprecision = "double"', r"mine\.toml: precision is 'double'"),
        ('"fig2-flexible"', '"fig2-flexibel"', r"unknown experiment 'fig2-flexibel': did you mean 'fig2-flexible'"),
        ('"fig2-flexible"', "2", r"mine\.toml: base is 2, allowed is the name of an experiment"),
        ('["loss", "total_alignment"]', '"loss"', r"mine\.toml: save is 'loss', allowed is a list of observables"),
        ('["loss", "total_alignment"]', "[1]", r"mine\.toml: save is \[1\], allowed is a list of observables"),
        ('"total_alignment"]', '"total_alignmnt"]', r"unknown observable 'total_alignmnt': did you mean"),
        ("steps = 7000", "step = 7000", r"mine\.toml: set: unknown path 'step': did you mean 'steps'"),
        ("steps = 7000", 'steps = "many"', r"mine\.toml: set: Experiment\.steps is 'many', allowed is a whole number"),
        ('weights" = 0.1', 'weights" = 0', r"mine\.toml: set: Timescales\.weights is 0\.0, allowed is"),
        ("[set]\n", 'set = 3\n[axes.a]\npath = "dt"\n[other]\n', r"mine\.toml: unknown key 'other'"),
        ("geomspace = [0.01, 1.0, 9]", "geomspace = [0.01, 1.0]", r"axes\.gates: .*geomspace is \[0\.01, 1\.0\]"),
        ("geomspace = [0.01, 1.0, 9]", "geomspace = [0.01, 1.0, 0]", r"axes\.gates: .*geomspace has 0 values"),
        ("geomspace = [0.01, 1.0, 9]", "values = []", r"axes\.gates: axis 'gates' is empty"),
        ("geomspace = [0.01, 1.0, 9]", 'values = ["a"]', r"mine\.toml: axes at gates = 'a'"),
        (", geomspace = [0.01, 1.0, 9]", "", r"axes\.gates: has no values, allowed is one of values, linspace"),
        (", geomspace", ", values = [1], geomspace", r"axes\.gates: has values and geomspace, allowed is one of"),
        (", geomspace", ", logspace", r"axes\.gates: unknown key 'logspace': did you mean 'linspace'"),
        ('path = "timescales.gates", ', "", r"axes\.gates: the key 'path' is missing"),
        ('path = "timescales.gates"', 'path = "timescale.gates"', r"axis 'gates': unknown path 'timescale\.gates'"),
        ("seed = 10", "seed = 0", r"axes\.seed: axis 'seed' has 0 seeds"),
        ("seed = 10", 'seed = "ten"', r"axes\.seed: axis 'seed' has the values 'ten', allowed is a list"),
        ("seed = 10", "seeds = 10", r"axes\.seeds: is 10, allowed is a table with a path and values"),
        ("seed = 10", 'gates = { path = "dt", values = [1] }', r"mine\.toml is no TOML: .*line"),
        ("gates = {", "loss = {", r"axis 'loss' is named like an observable that is saved"),
    ],
)  # fmt: skip
def test_refusals_tell_file_and_key(load, old, new, message):
    assert old in SPEC
    with pytest.raises(SettingError, match=message) as refusal:
        load(SPEC.replace(old, new))
    assert "\n" not in str(refusal.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SettingError, match=r"nowhere\.toml cannot be read: No such file"):
        load_spec(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingError, match=r"binary\.toml is no text in UTF-8"):
        load_spec(tmp_path / "binary.toml")


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("a=dt=0.1,0.2", Axis("a", "dt", (0.1, 0.2))),
        ("a=steps=10, 20", Axis("a", "steps", (10, 20))),
        ("a=objective.reduction=sum,mean", Axis("a", "objective.reduction", ("sum", "mean"))),
        ("a=teachers.shared=true,false", Axis("a", "teachers.shared", (True, False))),
        ("a=dt=geomspace(0.01,1,9)", Axis.geomspace("a", "dt", 0.01, 1, 9)),
        ("a = dt = linspace(0, 1, 3)", Axis.linspace("a", "dt", 0, 1, 3)),
        ("seed=seed=3,5", Axis.seeds([3, 5])),
    ],
)
def test_axes_of_the_command_line(text, axis):
    assert parse_axis(text) == axis


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gates", "axis is 'gates', allowed is NAME=PATH=SPEC"),
        ("gates=timescales.gates", "allowed is NAME=PATH=SPEC"),
        ("gates==1", "allowed is NAME=PATH=SPEC"),
        ("a=dt=logspace(1,2,3)", r"axis 'a': 'logspace\(1,2,3\)', allowed are linspace"),
        ("a=dt=geomspace(1,2)", "geomspace is .*, allowed are first value, last value, and how many"),
        ("a=dt=geomspace(1,x,2)", "geomspace ends at 'x', allowed are finite numbers"),
        ("a=dt=geomspace(1,2,2.5)", r"geomspace has 2\.5 values"),
        ("a=dt=1,nan", "axis 'a' has the value nan, allowed are finite numbers"),
        ("seed=seed=x", "axis 'seed': seed is 'x'"),
        ("seed=seed=1,x", "axis 'seed' mixes kinds of values"),
    ],
)
def test_refusals_of_the_command_line(text, message):
    with pytest.raises(SettingError, match=message):
        parse_axis(text)


def test_an_axis_takes_the_place_of_its_name_or_path_or_stands_before_the_seeds():
    sweep = grid()
    named = with_axis(sweep, Axis("gates", "timescales.weights", (0.5,)))
    assert [axis.path for axis in named.axes] == ["timescales.weights", "curriculum.block_length", "seed"]
    at_path = with_axis(sweep, Axis("tau", "timescales.gates", (0.5,)))
    assert at_path.dims == ("tau", "length", "seed")
    new = with_axis(sweep, Axis("norm", "objective.norm", (0.5,)))
    assert new.dims == ("gates", "length", "norm", "seed")
    assert with_seeds(sweep, 7).shape == (3, 2, 7)
    assert with_seeds(with_axis(sweep, Axis("seed", "seed", (4,))), [1, 2]).axes[-1].values == (1, 2)
    with pytest.raises(SettingError, match="axis 'seed' has 0 seeds"):
        with_seeds(sweep, 0)
