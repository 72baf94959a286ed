"""Experiments are values: immutable, hashable, checked whenever they are built."""

import dataclasses
import math
import pickle
from collections.abc import Callable

import jax
import numpy as np
import pytest

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenTeachers,
    Euler,
    Experiment,
    GatedLinear,
    Gaussian,
    Initial,
    Objective,
    Optax,
    Options,
    Population,
    Save,
    SettingError,
    Teachers,
    Timescales,
    observable,
    paths,
    static_half,
    trace,
    with_values,
)


def test_equal_by_value_and_hashable() -> None:
    assert Experiment() == Experiment()
    assert hash(Experiment()) == hash(Experiment())
    assert Experiment() != Experiment(dt=2e-3)
    assert len({Experiment(), Experiment(), Experiment(steps=1)}) == 2


def test_defaults_are_the_flexible_network_of_figure_2() -> None:
    assert paths(Experiment()) == {
        "network.paths": 2,
        "network.inputs": 20,
        "network.outputs": 10,
        "network.gates": "path",
        "initial.weight_scale": 0.01,
        "initial.gates": 0.5,
        "initial.shared": False,
        "teachers.tasks": 2,
        "teachers.correlation": 0.0,
        "teachers.scale": "input",
        "teachers.rank": 0,
        "teachers.shared": False,
        "teachers.left": "separate",
        "teachers.right": "separate",
        "curriculum.block_length": 1.0,
        "curriculum.rounding": "nearest",
        "inputs.batch": 200,
        "inputs.drawn": False,
        "objective.reduction": "sum",
        "objective.norm": 0.909,
        "objective.norm_order": 1,
        "objective.nonnegativity": 0.0909,
        "objective.weight_cost": 0.0,
        "objective.weight_norm": "squared",
        "timescales.weights": 1.3,
        "timescales.gates": 0.03,
        "dt": 1e-3,
        "steps": 20_000,
    }
    assert math.isclose(Experiment().duration, 20.0)


def test_paths_are_those_of_jax() -> None:
    experiment = Experiment(
        curriculum=Blocked(order=(1, 0)), rule=Optax("adam", "sgd", weights_options=Options(b1=0.8))
    )
    leaves, _ = jax.tree_util.tree_flatten_with_path(experiment)
    names = [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in leaves]
    assert list(paths(experiment)) == names
    assert {"curriculum.order.0", "rule.weights_options.b1"} <= set(names)


def test_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Experiment().dt = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        Experiment().network.paths = 3


def test_whole_numbers_become_floats_where_floats_are_meant() -> None:
    assert type(Timescales(weights=1, gates=np.float32(2)).gates) is float
    assert type(GatedLinear(paths=np.int64(3)).paths) is int
    assert Timescales(weights=1) == Timescales(weights=1.0)


class TestWithValues:
    def test_changes_what_it_names_and_nothing_else(self) -> None:
        changed = with_values(Experiment(), {"timescales.gates": 0.1, "steps": 10, "network.paths": 3})
        differing = {path for path, value in paths(changed).items() if paths(Experiment())[path] != value}
        assert differing == {"timescales.gates", "steps", "network.paths"}

    def test_same_values_give_an_equal_experiment(self) -> None:
        assert with_values(Experiment(), paths(Experiment())) == Experiment()

    def test_whole_parts_tuples_and_options(self) -> None:
        experiment = Experiment(
            curriculum=Blocked(order=(0, 1)), rule=Optax("adam", "sgd", weights_options=Options(b1=0.8))
        )
        changed = with_values(
            experiment, {"inputs": Population(), "curriculum.order.1": 0, "rule.weights_options.b1": 0.7}
        )
        assert changed.inputs == Population()
        assert paths(changed)["curriculum.order.1"] == 0
        assert paths(changed)["rule.weights_options.b1"] == 0.7

    def test_values_are_set_before_parts_are_compared(self) -> None:
        # Either alone is refused: a step longer than a block.
        changed = with_values(Experiment(), {"dt": 2.0, "curriculum.block_length": 4.0})
        assert changed.dt == 2.0

    def test_checks_again(self) -> None:
        with pytest.raises(SettingError, match=r"^Timescales\.gates is -1\.0, allowed is a finite number above 0$"):
            with_values(Experiment(), {"timescales.gates": -1})
        with pytest.raises(SettingError, match=r"30 orthogonal rows do not exist in network\.inputs = 20"):
            with_values(Experiment(), {"teachers.tasks": 3})

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            ("timescale.gates", "did you mean 'timescales.gates'?"),
            ("timescales.gate", "did you mean 'timescales.gates'?"),
            ("network.path", "did you mean 'network.paths'?"),
            ("curriculum.order.0", "did you mean 'curriculum'?"),
            ("stepz", "did you mean 'steps'?"),
            ("dt.x", "did you mean 'dt'?"),
            ("zzz", "known are curriculum, "),
        ],
    )
    def test_unknown_path(self, path: str, hint: str) -> None:
        with pytest.raises(SettingError) as refusal:
            with_values(Experiment(), {path: 1.0})
        assert str(refusal.value).startswith(f"unknown path {path!r}: {hint}")


REFUSALS = [
    (lambda: Timescales(weights=0.0), "Timescales.weights is 0.0, allowed is a finite number above 0"),
    (lambda: Timescales(gates=-0.1), "Timescales.gates is -0.1, allowed is a finite number above 0"),
    (lambda: Timescales(gates=math.nan), "Timescales.gates is nan, allowed is a finite number above 0"),
    (lambda: Timescales(gates=math.inf), "Timescales.gates is inf, allowed is a finite number above 0"),
    (lambda: Timescales(gates="fast"), "Timescales.gates is 'fast', allowed is a finite number above 0"),
    (lambda: Timescales(gates=True), "Timescales.gates is True, allowed is a finite number above 0"),
    (lambda: Experiment(dt=0), "Experiment.dt is 0.0, allowed is a finite number above 0"),
    (lambda: Experiment(dt=-1e-3), "Experiment.dt is -0.001, allowed is a finite number above 0"),
    (lambda: Experiment(dt=1.5), "dt is 1.5, allowed is at most the block length, 1.0"),
    (lambda: Experiment(steps=0), "Experiment.steps is 0, allowed is a whole number, at least 1"),
    (lambda: Experiment(steps=10.0), "Experiment.steps is 10.0, allowed is a whole number, at least 1"),
    (lambda: Experiment(steps=True), "Experiment.steps is True, allowed is a whole number, at least 1"),
    (lambda: Experiment(inputs=Euler()), "Experiment.inputs is Euler(), allowed is an instance of Inputs"),
    (lambda: Gaussian(batch=0), "Gaussian.batch is 0, allowed is a whole number, at least 1"),
    (lambda: Gaussian(batch=-3), "Gaussian.batch is -3, allowed is a whole number, at least 1"),
    (lambda: Gaussian(drawn=1), "Gaussian.drawn is 1, allowed is one of False, True"),
    (lambda: GatedLinear(paths=0), "GatedLinear.paths is 0, allowed is a whole number, at least 1"),
    (lambda: GatedLinear(inputs=0), "GatedLinear.inputs is 0, allowed is a whole number, at least 1"),
    (lambda: GatedLinear(outputs=-1), "GatedLinear.outputs is -1, allowed is a whole number, at least 1"),
    (lambda: GatedLinear(paths=True), "GatedLinear.paths is True, allowed is a whole number, at least 1"),
    (lambda: GatedLinear(gates="row"), "GatedLinear.gates is 'row', allowed is one of 'path', 'neuron'"),
    (lambda: Teachers(tasks=0), "Teachers.tasks is 0, allowed is a whole number, at least 1"),
    (
        lambda: Teachers(correlation=1.1),
        "Teachers.correlation is 1.1, allowed is a finite number at least 0 and at most 1",
    ),
    (
        lambda: Teachers(correlation=-0.1),
        "Teachers.correlation is -0.1, allowed is a finite number at least 0 and at most 1",
    ),
    (lambda: Teachers(scale="big"), "Teachers.scale is 'big', allowed is one of 'input', 'unit'"),
    (
        lambda: Experiment(teachers=Teachers(tasks=3)),
        "Teachers.tasks × network.outputs = 30 orthogonal rows do not exist in network.inputs = 20 dimensions, "
        "allowed are at most 20 rows",
    ),
    (lambda: Initial(weight_scale=-1.0), "Initial.weight_scale is -1.0, allowed is a finite number at least 0"),
    (lambda: Initial(gates=math.nan), "Initial.gates is nan, allowed is a finite number"),
    (lambda: Blocked(block_length=0.0), "Blocked.block_length is 0.0, allowed is a finite number above 0"),
    (
        lambda: Blocked(order=(0, -1)),
        "Blocked.order is (0, -1), allowed is lists nested 1 deep, each entry a whole number, at least 0",
    ),
    (
        lambda: Blocked(order=(0, True)),
        "Blocked.order is (0, True), allowed is lists nested 1 deep, each entry a whole number, at least 0",
    ),
    (
        lambda: Experiment(curriculum=Blocked(order=(0, 2))),
        "Blocked.order names task 2, allowed are 0 to 1",
    ),
    (lambda: Objective(norm=-1.0), "Objective.norm is -1.0, allowed is a finite number at least 0"),
    (lambda: Objective(norm_order=3), "Objective.norm_order is 3, allowed is one of 1, 2"),
    (lambda: Objective(norm_order=True), "Objective.norm_order is True, allowed is one of 1, 2"),
    (lambda: Objective(reduction="max"), "Objective.reduction is 'max', allowed is one of 'sum', 'mean'"),
    (lambda: Objective(nonnegativity=-1.0), "Objective.nonnegativity is -1.0, allowed is a finite number at least 0"),
    (lambda: Objective(weight_cost=-1.0), "Objective.weight_cost is -1.0, allowed is a finite number at least 0"),
    (lambda: Optax("nonsense"), "Optax.weights is 'nonsense', allowed is an optimiser of optax with a learning rate"),
    (lambda: Optax(gates="chain"), "Optax.gates is 'chain', allowed is an optimiser of optax with a learning rate"),
    (
        lambda: Optax("sgd", weights_options=Options(b1=0.9)),
        "Optax.weights_options names 'b1', allowed for sgd are momentum, nesterov, accumulator_dtype",
    ),
    (
        lambda: Optax("sgd", weights_options=Options(momentum=math.inf)),
        "Optax.weights_options.momentum is inf, allowed is a finite number",
    ),
    (
        lambda: Optax("sgd", weights_options=Options(momentum=[0.9])),
        "Optax.weights_options.momentum is [0.9], allowed is a single value",
    ),
    (
        lambda: Experiment(initial=ChosenInitial(weights=(((1.0,),),), gates=(1.0,))),
        "ChosenInitial.weights has the shape (1, 1, 1), allowed is (2, 10, 20)",
    ),
    (
        lambda: Experiment(
            network=GatedLinear(paths=1, inputs=1, outputs=1),
            teachers=Teachers(tasks=1),
            initial=ChosenInitial(weights=(((1.0,),),), gates=(1.0, 2.0)),
        ),
        "ChosenInitial.gates has 2 values, allowed is 1",
    ),
    (
        lambda: Experiment(teachers=ChosenTeachers(maps=(((1.0,),), ((2.0,), (1.0,))))),
        "ChosenTeachers.maps has the shape None, allowed is (2, 10, 20)",
    ),
    (lambda: Save((), 1), "nothing is saved: allowed are one or more observables"),
    (lambda: Save(("loss", "loss"), 1), "observable 'loss' is named twice"),
    (lambda: Save(("loss",), 0), "every is 0, allowed is a whole number, at least 1"),
    (lambda: Save(("loss",), True), "every is True, allowed is a whole number, at least 1"),
    (lambda: Save(("lost",), 1), "unknown observable 'lost': did you mean 'loss'?"),
    (lambda: observable("gate"), "unknown observable 'gate': did you mean 'gates'?"),
    (lambda: Save(("loss",), 3).check(Experiment(steps=10)), "saves every 3 steps do not divide a run of 10 steps"),
]


@pytest.mark.usefixtures("unchecked_annotations")
@pytest.mark.parametrize(("build", "text"), REFUSALS, ids=[text for _, text in REFUSALS])
def test_refusal(build: Callable[[], object], text: str) -> None:
    with pytest.raises(SettingError) as refusal:
        build()
    assert str(refusal.value) == text


def test_optimisers_that_cannot_make_a_step_are_refused_with_their_own_reason() -> None:
    start = r"^Optax\.gates_options is \{'b1': 'much'\}, allowed are values that adam can use: .+$"
    with pytest.raises(SettingError, match=start):
        Optax(gates="adam", gates_options=Options(b1="much"))
    start = r"^Optax\.weights_options is \{\}, allowed are values that lbfgs can use: .+$"
    with pytest.raises(SettingError, match=start):
        Optax("lbfgs")


def test_fields_by_position_come_in_the_order_in_which_they_are_written() -> None:
    assert GatedLinear(3, 4, 5, "neuron") == GatedLinear(paths=3, inputs=4, outputs=5, gates="neuron")
    assert Teachers(3, 0.5, "unit", 0, True) == Teachers(tasks=3, correlation=0.5, scale="unit", rank=0, shared=True)


def test_static_half_is_the_same_for_all_floats() -> None:
    one = static_half(Experiment())
    other = static_half(Experiment(dt=2e-3, timescales=Timescales(0.1, 0.2), objective=Objective(norm=1.0)))
    assert one == other
    assert hash(one) == hash(other)
    assert one != static_half(Experiment(steps=5))


def test_floats_become_arrays_over_runs_and_nothing_else_does() -> None:
    traced = trace(Experiment(), {"timescales.gates": np.array([0.1, 0.2])}, 2, np.float32)
    assert traced.values.timescales.gates.tolist() == [np.float32(0.1), np.float32(0.2)]
    assert traced.values.dt.dtype == np.float32
    assert traced.values.steps is None
    assert traced.schedule.block_steps.tolist() == [1000, 1000]


def test_words_become_their_places_among_their_options() -> None:
    experiment = Experiment(teachers=Teachers(scale="unit"))
    traced = trace(experiment, {"objective.reduction": np.array(["mean", "sum", "mean"])}, 3, np.float32)
    assert traced.values.objective.reduction.tolist() == [1.0, 0.0, 1.0]
    assert traced.values.teachers.scale.tolist() == [1.0, 1.0, 1.0]
    assert static_half(experiment) == static_half(Experiment(objective=Objective(reduction="mean")))


def test_a_word_is_the_same_after_pickling() -> None:
    word = pickle.loads(pickle.dumps(Objective(reduction="mean").reduction))
    assert (word, word.options) == ("mean", ("sum", "mean"))


def test_only_floats_and_words_are_traced() -> None:
    with pytest.raises(SettingError, match=r"^'steps' cannot be traced: known are curriculum"):
        trace(Experiment(), {"steps": np.array([1.0])}, 1, np.float32)


def test_a_part_and_a_value_in_it_are_not_set_at_once() -> None:
    with pytest.raises(SettingError, match=r"'inputs\.batch' is a part of 'inputs'"):
        with_values(Experiment(), {"inputs": Population(), "inputs.batch": 100})
