"""Experiments are written to TOML and come back without loss; what cannot be read is refused with its place."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenRows,
    ChosenTeachers,
    Constraint,
    CrossEntropy,
    Curriculum,
    DeepLinear,
    Euler,
    Experiment,
    Features,
    Fixed,
    GatedLinear,
    GateNorm,
    Gaussian,
    Imbalanced,
    IndependentTeachers,
    Initial,
    InitialState,
    InTeacherSpace,
    Interleaved,
    Mixture,
    NegativeGates,
    Network,
    Objective,
    Optax,
    Options,
    Permutations,
    Phase,
    Phases,
    Population,
    Proximal,
    PublishedInitial,
    PublishedTeachers,
    RandomOrder,
    Released,
    RowsInTurn,
    Rule,
    SettingError,
    Smooth,
    SoftmaxCrossEntropy,
    SpectralTeachers,
    SquaredError,
    Sum,
    Target,
    Task,
    TaskLoss,
    Teachers,
    TeacherSet,
    Timescales,
    WeightCost,
    from_toml,
    paths,
    to_toml,
)
from gatednet.experiment import PARTS
from gatednet.toml import kinds

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NONNEGATIVE = st.floats(0.0, allow_infinity=False)
POSITIVE = st.floats(0.0, exclude_min=True, allow_infinity=False)

# Checked annotations look at items at random, and a strategy must ask for no random numbers.
pytestmark = pytest.mark.usefixtures("unchecked_annotations")


def nested(data: st.DataObject, *shape: int) -> Any:
    """Nested tuples of numbers."""
    if not shape:
        return data.draw(NUMBERS)
    return tuple(nested(data, *shape[1:]) for _ in range(shape[0]))


def any_of(data: st.DataObject, *made: Callable[[], Any]) -> Any:
    """What one of some functions makes."""
    return made[data.draw(st.integers(0, len(made) - 1))]()


def any_target(data: st.DataObject, tasks: int, outputs: int) -> Target:
    """Any target of a number of tasks and outputs."""
    task = st.integers(0, tasks - 1)
    some = st.lists(task, min_size=1, max_size=3).map(tuple)
    return any_of(
        data,
        lambda: Task(data.draw(task)),
        lambda: Sum(data.draw(some), mixing=data.draw(NUMBERS)),
        lambda: RowsInTurn(data.draw(some)),
        lambda: ChosenRows(tuple(data.draw(st.floats(0, tasks - 1)) for _ in range(outputs))),
        lambda: Mixture(nested(data, tasks)),
    )


def any_curriculum(data: st.DataObject, tasks: int, outputs: int) -> Curriculum:
    """Any curriculum of a number of tasks and outputs."""
    draw, length = data.draw, data.draw(POSITIVE)

    def order() -> tuple[int, ...]:
        return tuple(draw(st.lists(st.integers(0, tasks - 1), max_size=5)))

    def phase(blocks: int) -> Phase:
        return Phase(tuple(any_target(data, tasks, outputs) for _ in range(draw(st.integers(1, 3)))), blocks)

    return any_of(
        data,
        lambda: Blocked(length, order(), rounding=draw(st.sampled_from(["nearest", "floor"]))),
        lambda: Smooth(length, hardness=draw(POSITIVE), order=order()),
        lambda: Interleaved(length),
        lambda: RandomOrder(
            length,
            draw(st.floats(0, 1)),
            draw(NONNEGATIVE),
            draw(st.one_of(st.just(math.inf), st.floats(1, 99))),
            rounding=draw(st.sampled_from(["nearest", "floor"])),
        ),
        lambda: Phases(
            length,
            (*(phase(draw(st.integers(1, 9))) for _ in range(draw(st.integers(0, 2)))), phase(0)),
            rounding=draw(st.sampled_from(["nearest", "floor"])),
        ),
    )


def any_teachers(data: st.DataObject, network: Network, tasks: int) -> TeacherSet:
    """Any set of `tasks` teachers for a network, which has as many inputs as they have rows together."""
    draw = data.draw
    kind = {"scale": draw(st.sampled_from(["input", "unit"])), "shared": draw(st.booleans())}
    side = st.sampled_from(["separate", "shared"])
    return any_of(
        data,
        lambda: Teachers(tasks, draw(st.floats(0, 1)), **kind),
        lambda: Teachers(tasks, rank=1, left="shared", right=draw(side), **kind),
        lambda: IndependentTeachers(tasks, **kind),
        lambda: SpectralTeachers(
            tasks,
            values=(draw(NONNEGATIVE),),
            left="shared" if tasks > network.outputs else draw(side),
            right=draw(side),
            shared=draw(st.booleans()),
        ),
        lambda: ChosenTeachers(maps=nested(data, tasks, network.outputs, network.inputs)),
        lambda: PublishedTeachers(tasks, draw(st.integers(0, 2**32 - 1)), kind["scale"], draw(st.booleans())),
    )


def any_initial(data: st.DataObject, network: Network, tasks: int) -> InitialState:
    """Any start of a network."""
    draw = data.draw
    made = [
        lambda: Initial(weight_scale=draw(NONNEGATIVE), gates=draw(NUMBERS), shared=draw(st.booleans())),
        lambda: ChosenInitial(
            weights=nested(data, *network.groups["weights"].shape),
            gates=nested(data, math.prod(network.groups["gates"].shape)),
        ),
        lambda: PublishedInitial(draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 99)), draw(NONNEGATIVE)),
        lambda: InTeacherSpace(mixture=nested(data, network.groups["weights"].shape[0], tasks), gates=draw(NUMBERS)),
    ]
    return any_of(data, *made[: 3 if network.paths_by_teachers else 4])


def any_labelled(data: st.DataObject, inputs: int, outputs: int, tasks: int) -> dict[str, Any]:
    """Any parts of tasks about labels, but for the objective."""
    draw = data.draw
    order = st.permutations(range(outputs)).map(tuple)
    named = st.sampled_from(["identity", "parity"] if outputs == 10 else ["identity"])
    batches = {
        "images": draw(st.sampled_from(["digits", "mnist", "fashion_mnist"])),
        "relu_hidden": draw(st.integers(0, 2**20)),
        "network_seed": draw(st.integers(0, 2**32 - 1)),
        "batch": draw(st.integers(1, 1000)),
        "label_noise": draw(st.floats(0, 1)),
    }
    return {
        "teachers": Permutations(tuple(draw(st.one_of(order, named)) for _ in range(tasks))),
        "inputs": any_of(
            data,
            lambda: Features(width=inputs, **batches),
            lambda: Imbalanced(width=inputs, ratio=draw(st.floats(1.0, allow_infinity=False)), **batches),
        ),
    }


def any_constraint(data: st.DataObject) -> Constraint:
    """Any constraint, which may last for ever."""
    draw = data.draw
    values = {"strength": draw(NONNEGATIVE), "until": draw(st.floats(0.0))}
    return any_of(
        data,
        lambda: GateNorm(order=draw(st.sampled_from([1, 2])), **values),
        lambda: NegativeGates(**values),
        lambda: WeightCost(norm=draw(st.sampled_from(["squared", "columns"])), **values),
    )


def any_rule(data: st.DataObject) -> Rule:
    """Any rule, with options where it has some."""
    options = {"momentum": data.draw(NUMBERS), "nesterov": data.draw(st.booleans())}, {"b1": data.draw(NUMBERS)}
    return any_of(data, Euler, Proximal, lambda: Optax("sgd", "adam", *(Options(each) for each in options)))


def any_experiment(data: st.DataObject) -> Experiment:
    """Any experiment, with every kind of every part.

    Built in the test and not in a strategy, where the checks of annotations must not use random numbers.
    """
    draw = data.draw
    labelled = draw(st.booleans())
    outputs, tasks = draw(st.sampled_from([1, 2, 3, 10] if labelled else [1, 2, 3])), draw(st.integers(1, 3))
    inputs = draw(st.integers(outputs * tasks, 30 if labelled else 10))
    made = (
        lambda: GatedLinear(draw(st.integers(1, 3)), inputs, outputs, draw(st.sampled_from(["path", "neuron"]))),
        lambda: DeepLinear(inputs, draw(st.integers(1, 4)), outputs),
    )
    network = any_of(data, *made[: 1 if labelled else 2])
    curriculum = any_curriculum(data, tasks, outputs)
    penalties = {
        "reduction": draw(st.sampled_from(["sum", "mean"])),
        "norm": draw(NONNEGATIVE),
        "norm_order": draw(st.sampled_from([1, 2])),
        "nonnegativity": draw(NONNEGATIVE),
        "weight_cost": draw(NONNEGATIVE),
        "weight_norm": draw(st.sampled_from(["squared", "columns"])),
        "constraints": tuple(any_constraint(data) for _ in range(draw(st.integers(0, 2)))),
    }
    if labelled:
        of_tasks = any_labelled(data, inputs, outputs, tasks) | {"objective": CrossEntropy(**penalties)}
    else:
        of_tasks = {
            "teachers": any_teachers(data, network, tasks),
            "inputs": any_of(
                data,
                Population,
                lambda: Gaussian(batch=draw(st.integers(1, 1000)), drawn=draw(st.booleans())),
                lambda: Fixed(draw(st.sampled_from(["identity", "ones"]))),
            ),
            "objective": any_of(
                data, lambda: Objective(**penalties), lambda: Released(**penalties, until=draw(NONNEGATIVE))
            ),
        }
    # A start in the space of teachers has the shape of maps, and written out large ones take long to draw.
    initial = Initial(weight_scale=draw(NONNEGATIVE)) if labelled else any_initial(data, network, tasks)
    return Experiment(
        network=network,
        initial=initial,
        curriculum=curriculum,
        **of_tasks,
        timescales=Timescales(weights=draw(POSITIVE), gates=draw(POSITIVE)),
        rule=any_rule(data),
        dt=min(draw(POSITIVE), curriculum.block_length),
        steps=draw(st.integers(1, 10**9)),
    )


@given(st.data())
def test_round_trip(data: st.DataObject) -> None:
    experiment = any_experiment(data)
    again = from_toml(to_toml(experiment))
    assert again == experiment
    assert hash(again) == hash(experiment)
    # Equality of numbers would take 1 for 1.0.
    assert {path: (type(leaf), leaf) for path, leaf in paths(again).items()} == {
        path: (type(leaf), leaf) for path, leaf in paths(experiment).items()
    }


def test_every_kind_is_in_the_round_trip() -> None:
    listed = (*PARTS.values(), Constraint, TaskLoss)
    known = {kind for part in listed for kind in kinds(part).values() if kind.__module__.startswith("gatednet.")}
    assert known == {
        GatedLinear,
        DeepLinear,
        Initial,
        ChosenInitial,
        InTeacherSpace,
        PublishedInitial,
        Teachers,
        PublishedTeachers,
        IndependentTeachers,
        SpectralTeachers,
        ChosenTeachers,
        Permutations,
        Blocked,
        Smooth,
        Interleaved,
        RandomOrder,
        Phases,
        Population,
        Gaussian,
        Fixed,
        Features,
        Imbalanced,
        Objective,
        Released,
        CrossEntropy,
        SquaredError,
        SoftmaxCrossEntropy,
        GateNorm,
        NegativeGates,
        WeightCost,
        Timescales,
        Euler,
        Proximal,
        Optax,
    }


def test_an_error_that_is_not_the_default_is_written() -> None:
    text = to_toml(Experiment(**labelled_parts(CrossEntropy())))
    assert "task]" not in text
    named = to_toml(Experiment(**labelled_parts(Objective(task=SoftmaxCrossEntropy()))))
    assert '[objective.task]\nkind = "SoftmaxCrossEntropy"' in named
    assert from_toml(named).objective == Objective(task=SoftmaxCrossEntropy())
    # Its kind alone says that the error is the squared one.
    assert from_toml("[objective.task]").objective == Objective()


def labelled_parts(objective: Objective) -> dict[str, Any]:
    """Parts of tasks about labels with an objective."""
    return {
        "network": GatedLinear(inputs=64),
        "inputs": Features(),
        "teachers": Permutations(),
        "objective": objective,
    }


def test_what_is_left_out_keeps_its_default() -> None:
    assert from_toml("") == Experiment()
    assert from_toml('dt = 0.002\n[inputs]\nkind = "Population"') == Experiment(dt=2e-3, inputs=Population())
    # Without a kind a table is of the default experiment's.
    assert from_toml("[inputs]\nbatch = 3") == Experiment(inputs=Gaussian(batch=3))
    assert from_toml("[timescales]\nweights = 1") == Experiment(timescales=Timescales(weights=1.0))


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("dt = 0.1\nsteps = = 3", "no TOML: "),
        ("[input]\nbatch = 3", "unknown key 'input': did you mean 'inputs'?"),
        ("[inputs]\nbatches = 3", "inputs: unknown key 'batches': did you mean 'batch'?"),
        ('[inputs]\nkind = "Gausian"', "inputs: unknown kind 'Gausian': did you mean 'Gaussian'?"),
        ("[inputs]\nkind = 3", "inputs: unknown kind 3: known are Features, Fixed, Gaussian, Imbalanced, Population"),
        ("inputs = 3", "inputs: is 3, allowed is a table with the fields of a Inputs"),
        (
            '[inputs]\nkind = "Gaussian"\nbatch = 0',
            "inputs: Gaussian.batch is 0, allowed is a whole number, at least 1",
        ),
        ('dt = "small"', "Experiment.dt is 'small', allowed is a finite number above 0"),
        ("steps = 1.5", "Experiment.steps is 1.5, allowed is a whole number, at least 1"),
        ("dt = true", "Experiment.dt is True, allowed is a finite number above 0"),
        ("dt = nan", "Experiment.dt is nan, allowed is a finite number above 0"),
        ("[timescales]\nweights = inf", "timescales: Timescales.weights is inf, allowed is a finite number above 0"),
        (
            "[timescales.weights]\nx = 1",
            "timescales: Timescales.weights is Options({'x': 1}), allowed is a finite number",
        ),
        ("dt = 3.0", "dt is 3.0, allowed is at most the block length, 1.0"),
    ],
)
def test_refusal(text: str, refusal: str) -> None:
    with pytest.raises(SettingError) as caught:
        from_toml(text)
    assert str(caught.value).startswith(refusal)
    assert "\n" not in str(caught.value)


def test_text_that_does_not_parse_is_refused_with_its_line() -> None:
    with pytest.raises(SettingError, match="line 2"):
        from_toml("dt = 0.1\nsteps = = 3")
