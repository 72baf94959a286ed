import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet import Gaussian, Save, SettingError, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.planning.cost import cost_of
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import differences, from_text, table_of, to_text
from tests.sweeps.tools import grid, small

SAVE = Save(("loss",), 20)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ((), "a sweep has no axes, allowed is one or more"),
        (
            (Axis("a", "timescales.gate", (1.0,)),),
            "axis 'a': unknown path 'timescales.gate': did you mean 'timescales.gates'",
        ),
        ((Axis("a", "timescales", (1.0,)),), "axis 'a': unknown path 'timescales'"),
        ((Axis("a", "dt", (1e-3,)), Axis("a", "timescales.gates", (1.0,))), "axis 'a' is named twice"),
        ((Axis("a", "dt", (1e-3,)), Axis("b", "dt", (1e-3,))), "axis 'b': path 'dt' is also in axis 'a'"),
        ((Axis("a", ("dt", "dt"), ((1e-3, 1e-3),), (1,)),), "axis 'a': path 'dt' is twice in one axis"),
        ((Axis("loss", "dt", (1e-3,)),), "axis 'loss' is named like an observable that is saved"),
        ((Axis("result", "dt", (1e-3,)),), "axis 'result' is named like an observable that is saved"),
        ((Axis("step", "dt", (1e-3,)),), "axis 'step' is named like a dimension of what is saved"),
        ((Axis("block_steps", "dt", (1e-3,)),), "axis 'block_steps' is named like a coordinate of the store"),
        ((Axis("time", "dt", (1e-3,)),), "axis 'time' is named like a coordinate of the store"),
        ((Axis("seed", "dt", (1e-3,)),), "axis 'seed' has the path 'dt', allowed is the path 'seed'"),
        ((Axis("s", "seed", (1,)),), "axis 's' has the path 'seed', allowed is an axis of the name 'seed'"),
        ((Axis("seed", "seed", (-1,)),), "axis 'seed': seed is -1"),
        ((Axis("a", ("seed", "dt"), ((1, 1e-3),), (1,)),), "axis 'a': seeds cannot be zipped"),
        (
            (Axis("a", "timescales.gates", (0.1, 0.0)),),
            r"axes at a = 0\.0: Timescales.gates is 0\.0, allowed is a finite",
        ),
        ((Axis("a", "timescales.gates", (0.1, -1.0, 0.2)),), r"axes at a = -1\.0: Timescales.gates"),
        ((Axis("a", "timescales.gates", ("x",)),), "axes at a = 'x': Timescales.gates is 'x'"),
        ((Axis("a", "timescales.gates", (True,)),), "axes at a = True: Timescales.gates is True"),
        ((Axis("a", "network.paths", (2, 0)),), "axes at a = 0: GatedLinear.paths is 0, allowed is a whole number"),
        ((Axis("a", "network.paths", (2.5,)),), "axes at a = 2.5: GatedLinear.paths is 2.5"),
        ((Axis("a", "objective.reduction", ("sum", "all")),), "axes at a = 'all': Objective.reduction is 'all'"),
        ((Axis("a", "steps", (40, 50)),), "at a = 50: saves every 20 steps do not divide a run of 50 steps"),
        ((Axis("a", "steps", (40, 60)),), r"along axis 'a' the shape of 'loss' changes from \(3,\) to \(4,\)"),
    ],
)
def test_refusals_of_axes(axes, message):
    with pytest.raises(SettingError, match=message):
        Sweep(small(), axes, SAVE)


def test_values_that_are_not_allowed_together_are_found_wherever_they_are():
    axes = (
        Axis("dt", "dt", (1e-3, 2e-3, 5e-3, 1e-3 / 2)),
        Axis("length", "curriculum.block_length", (1e-2, 3e-3, 2e-2)),
    )
    with pytest.raises(SettingError, match=r"axes at dt = 0\.005, length = 0\.003: dt is 0\.005, allowed is at most"):
        Sweep(small(), axes, SAVE)


def test_an_axis_may_leave_the_experiment_that_it_starts_from_only_with_another():
    # A block shorter than the step of the experiment, and steps that are shorter still.
    axes = (Axis("dt", "dt", (1e-4,)), Axis("length", "curriculum.block_length", (5e-4,)))
    assert Sweep(small(), axes, SAVE).block_steps.tolist() == [[5]]


def test_a_static_axis_is_refused_where_what_is_saved_changes_its_shape():
    axis = Axis("paths", "network.paths", (2, 3))
    with pytest.raises(
        SettingError, match=r"along axis 'paths' the shape of 'gates' changes from \(3, 2\) to \(3, 3\)"
    ):
        Sweep(small(), (axis,), Save(("loss", "gates"), 20))
    assert len(list(Sweep(small(), (axis,), SAVE).groups())) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "float16"}, "precision is 'float16': did you mean 'float"),
        ({"noise": "pair"}, "noise is 'pair': did you mean 'paired'"),
        ({"reduced": "yes"}, "reduced is 'yes', allowed is one of False, True"),
    ],
)
def test_refusals_of_options(options, message):
    with pytest.raises(SettingError, match=message):
        grid(**options)


def test_a_reduction_that_is_not_exact_is_refused():
    with pytest.raises(SettingError, match="cannot be reduced: inputs Gaussian"):
        grid(small(inputs=Gaussian(5)), reduced=True)


def test_whole_numbers_for_floats_are_floats():
    sweep = Sweep(small(), (Axis("gates", "timescales.gates", (1, 2)),), SAVE)
    assert [type(value) for value in sweep.axes[0].values] == [float, float]


def test_lengths_of_blocks_are_stored_as_realised():
    axes = (
        Axis("dt", "dt", (1e-3, 2e-3)),
        Axis("gates", "timescales.gates", (0.1, 0.2, 0.3)),
        Axis("length", "curriculum.block_length", (0.01, 0.0149)),
    )
    sweep = Sweep(small(), axes, SAVE)
    assert sweep.schedule_places == (0, 2)
    assert sweep.block_steps.tolist() == [[10, 15], [5, 7]]
    assert sweep.most_blocks == 8
    # Only what is saved by blocks makes their number a part of what is compiled.
    (group,) = sweep.groups()
    assert sweep.recipe(group).blocks == 0
    assert dataclasses.replace(sweep, save=Save(("block_loss",), 20)).recipe(group).blocks == 8


def test_each_static_group_is_one_recipe():
    axes = (Axis("order", "objective.norm_order", (1, 2)), Axis("gates", "timescales.gates", (0.1, 0.2)))
    sweep = Sweep(small(), axes, SAVE)
    groups = list(sweep.groups())
    assert groups == [(0,), (1,)]
    assert [sweep.group(group).objective.norm_order for group in groups] == [1, 2]
    assert cost_of(sweep, 1).compiles == 2


def test_cost_counts_runs_steps_and_bytes():
    cost = cost_of(grid(), 1)
    assert (cost.runs, cost.steps, cost.compiles, cost.chunks) == (12, 480, 1, 1)
    # Three saves of the loss, four blocks at most, a code and a step, of 4 bytes each but the code.
    assert cost.bytes == 12 * (3 * 4 + 4 * 4 + 1 + 4)
    assert cost.seconds == pytest.approx(cost.compile_seconds + cost.run_seconds)
    assert cost_of(grid(), 2).run_seconds == pytest.approx(cost.run_seconds / 2)


finite = st.floats(1e-3, 1e3)
columns = st.lists(finite, min_size=1, max_size=4, unique=True)


@given(columns, columns, st.sampled_from([None, True, False]), st.sampled_from(["paired", "independent"]))
def test_a_plan_is_the_same_after_toml(gates, norms, reduced, noise):
    axes = (
        Axis("gates", "timescales.gates", tuple(gates)),
        Axis("norm", ("objective.norm", "objective.nonnegativity"), tuple((x, x / 3) for x in norms), tuple(norms)),
        Axis("named", ("timescales.weights", "initial.gates"), ((0.1, 0.2),), ("a label",)),
        Axis.seeds([3, 1]),
    )
    sweep = Sweep(small(), axes, Save(("loss", "weight_norm"), 20), reduced, "float64", noise)
    again = from_text(to_text(sweep))
    assert again == sweep
    assert to_text(again) == to_text(sweep)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("every = ", r"no TOML: Invalid value \(at "),
        ("every = 1\n", "the key 'save' is missing"),
        ("saves = []\n", "unknown key 'saves': did you mean 'save'"),
    ],
)
def test_texts_that_are_no_plan(text, message):
    with pytest.raises(SettingError, match=message):
        from_text(text)


def test_how_plans_differ_is_told_by_key():
    here = grid()
    there = dataclasses.replace(here, experiment=with_values(here.experiment, {"timescales.weights": 0.7}))
    assert differences(table_of(there), table_of(here)) == ["experiment.timescales.weights is 0.7 there and 1.3 here"]
    fewer = dataclasses.replace(here, axes=here.axes[1:])
    assert differences(table_of(here), table_of(fewer))[0] == "axes are gates, length, seed there and length, seed here"
    many = [dataclasses.replace(here, axes=(Axis.seeds(n),)) for n in (30, 40)]
    assert differences(*map(table_of, many)) == ["axes.seed.values is 30 values there and 40 values here"]
    moved = dataclasses.replace(here, axes=(Axis.seeds([*range(29), 99]),))
    assert differences(table_of(many[0]), table_of(moved)) == [
        "axes.seed.values is 30 values with 29 at 29 there and 30 values with 99 at 29 here"
    ]


def test_a_sweep_is_equal_by_value():
    assert grid() == grid()
    assert hash(grid()) == hash(grid())
    assert np.prod(grid().shape) == grid().runs == 12
