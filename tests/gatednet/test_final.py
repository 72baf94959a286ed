"""`final`: the end of a run under JAX's own transformations."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatednet import (
    REGISTRY,
    ChosenRows,
    DeepLinear,
    Experiment,
    GatedLinear,
    Gaussian,
    Interleaved,
    Mixture,
    Optax,
    Phase,
    Phases,
    Population,
    Proximal,
    Released,
    SettingError,
    Smooth,
    StiffnessWarning,
    Sum,
    Task,
    Timescales,
    final,
    simulate,
    with_values,
)
from gatednet.engine.final import _stretches
from tests.gatednet.labelled import EXAMPLES
from tests.gatednet.labelled import SMALL as LABELLED
from tests.gatednet.tools import OF_MAPS, SMALL

pytestmark = [pytest.mark.usefixtures("unchecked_annotations"), pytest.mark.optimized]

# An alignment that is not yet complete, and gates that are moved by their constraint.
LEARNING = with_values(SMALL, {"steps": 200, "curriculum.block_length": 0.5, "initial.weight_scale": 0.5})
AT_THE_END = ("alignment", "gates", "loss", "matching", "specialization")

CASES: dict[str, tuple[dict[str, Any], bool | None]] = {
    "reduced": ({}, None),
    "gaussian, a number of steps without divisors": ({"inputs": Gaussian(batch=6), "steps": 149}, None),
    "two layers": (
        {"network": DeepLinear(inputs=4, hidden=5, outputs=2), "rule": Proximal(), "steps": 50},
        None,
    ),
    "neuron gates, inputs drawn, tasks at random, penalties that end": (
        {
            "inputs": Gaussian(batch=3),
            "network": GatedLinear(inputs=4, outputs=2, gates="neuron"),
            "curriculum": Interleaved(block_length=0.5),
            "objective": Released(until=0.2),
            "steps": 40,
        },
        None,
    ),
    "momentum": ({"rule": Optax("sgd", "sgd", {"momentum": 0.5}, {"momentum": 0.25}), "steps": 50}, False),
}


def of_case(case: str) -> tuple[Experiment, bool | None]:
    values, reduced = CASES[case]
    return with_values(LEARNING, values), reduced


def alignment(experiment: Experiment, path: str, **arguments: Any) -> Callable[[Any], jax.Array]:
    """The final total alignment as a function of one number."""
    names = ("total_alignment",)
    return lambda value: final(experiment, {path: value}, names, 3, **arguments)["total_alignment"]


def slope(function: Callable[[Any], Any], value: float) -> float:
    """The derivative by central differences, of fourth order."""

    def difference(step: float) -> float:
        return float(function(value + step) - function(value - step)) / (2 * step)

    step = 2e-4 * value
    return (4 * difference(step / 2) - difference(step)) / 3


@pytest.mark.parametrize(
    ("case", "double"),
    [
        ("reduced", True),
        pytest.param("reduced", False, marks=pytest.mark.slow),
        *(pytest.param(case, True, marks=pytest.mark.slow) for case in list(CASES)[1:]),
    ],
)
def test_numbers_are_those_of_the_last_save_and_both_modes_agree(case: str, double: bool) -> None:
    experiment, reduced = of_case(case)
    precision = "float64" if double else "float32"
    run = simulate(experiment, AT_THE_END, 3, every=experiment.steps, reduced=reduced, precision=precision, lane=2)

    def ended(time: Any) -> dict[str, jax.Array]:
        return final(experiment, {"timescales.weights": time}, AT_THE_END, 3, reduced=reduced)

    @jax.jit
    def differentiated(time: Any) -> Any:
        found, pulled, whole = jax.vjp(lambda time: split(ended(time)), time, has_aux=True)
        _, along = jax.jvp(lambda time: split(ended(time))[0], (time,), (1.0,))
        return (
            found | whole,
            pulled(jax.tree.map(jnp.ones_like, found))[0],
            sum(jnp.sum(each) for each in along.values()),
        )

    with jax.enable_x64(double):
        found, gradient, along = differentiated(experiment.timescales.weights)
    assert set(found) == set(AT_THE_END)
    # Inputs that are drawn have single precision in both, and other last bits where they are compiled otherwise.
    rounding = 1e-13 if double and experiment.inputs.exact else 1e-7
    for name, values in found.items():
        expected = run[name].isel(step=-1).values if "step" in run[name].dims else run[name].values
        assert values.dtype == expected.dtype
        assert values.shape == expected.shape
        np.testing.assert_allclose(values, expected, rtol=100 * rounding, atol=10 * rounding, err_msg=name)
    assert abs(float(along)) > 1e-3
    assert float(gradient) == pytest.approx(float(along), rel=1e-9 if double else 1e-3)


def split(found: dict[str, jax.Array]) -> tuple[dict[str, jax.Array], dict[str, jax.Array]]:
    """Real and whole numbers apart."""
    whole = {name: each for name, each in found.items() if jnp.issubdtype(each.dtype, jnp.integer)}
    return {name: each for name, each in found.items() if name not in whole}, whole


def both(experiment: Experiment, values: dict[str, float], modes: float = 1e-9) -> None:
    """Compare derivatives by several numbers, in both modes, with central differences."""

    @jax.jit
    def function(values: dict[str, Any]) -> jax.Array:
        return final(experiment, values, ("total_alignment",), 3)["total_alignment"]

    known = simulate(experiment, ("total_alignment",), 3, every=experiment.steps, precision="float64", lane=2)
    with jax.enable_x64(True):
        # Inputs that are drawn have single precision, and other last bits where they are compiled otherwise.
        assert float(function(values)) == pytest.approx(float(known.total_alignment[-1]), abs=1e-6)
        gradient = jax.grad(function)(values)
        _, along = jax.jvp(function, (values,), (dict.fromkeys(values, 1.0),))
        for path, value in values.items():
            expected = slope(lambda moved, path=path: function({**values, path: moved}), value)
            assert 1e-4 < abs(expected) < 10
            assert float(gradient[path]) == pytest.approx(expected, rel=1e-6), path
        assert float(along) == pytest.approx(sum(map(float, gradient.values())), rel=modes)


@pytest.mark.parametrize("inputs", [Population(), Gaussian(batch=6)], ids=repr)
def test_gradients_are_those_of_central_differences(inputs: Any) -> None:
    both(with_values(LEARNING, {"inputs": inputs}), {"timescales.gates": 0.05, "objective.norm": 0.909})


@pytest.mark.slow
def test_gradients_by_the_start_are_made_without_the_reduction() -> None:
    experiment = with_values(LEARNING, {"teachers.correlation": 0.3, "steps": 50})
    both(experiment, {"initial.weight_scale": 0.5, "teachers.correlation": 0.3, "timescales.weights": 0.2})
    with pytest.raises(SettingError) as refusal:
        final(experiment, {"timescales.weights": 0.2, "initial.weight_scale": 0.5}, reduced=True)
    assert str(refusal.value) == (
        "cannot be reduced: initial.weight_scale is among the values, and moves the basis of the reduction"
    )


@pytest.mark.slow
def test_every_number_that_a_curriculum_shows_can_be_differentiated() -> None:
    phases = Phases(block_length=0.5, phases=(Phase((Sum((0, 1), 0.7), Task(1))),))
    both(with_values(LEARNING, {"curriculum": phases, "steps": 40}), {"curriculum.phases.0.targets.0.mixing": 0.7})
    phases = Phases(block_length=0.5, phases=(Phase((Mixture((0.3, 0.8)), ChosenRows((0.25, 1)))),))
    numbers = {"curriculum.phases.0.targets.0.shares.1": 0.8, "curriculum.phases.0.targets.1.tasks.0": 0.25}
    both(with_values(LEARNING, {"curriculum": phases, "steps": 80}), numbers)
    smooth = with_values(LEARNING, {"curriculum": Smooth(0.5, 1.5), "steps": 40})
    # Half way between two tasks the weights are a root of 0, or of what rounding leaves of it in each compilation.
    both(smooth, {"curriculum.hardness": 1.5}, modes=1e-6)


def test_mapped_and_compiled_values_are_those_of_single_calls() -> None:
    function = alignment(LEARNING, "timescales.gates")
    times = jnp.array([0.03, 0.05, 0.08])
    single = jnp.stack([function(time) for time in times])
    assert np.ptp(single) > 1e-3
    np.testing.assert_allclose(jax.vmap(function)(times), single, rtol=1e-5)
    gradients = jax.jit(jax.vmap(jax.value_and_grad(function)))(times)
    np.testing.assert_allclose(gradients[0], single, rtol=1e-5)
    np.testing.assert_allclose(gradients[1], [jax.grad(function)(time) for time in times], rtol=1e-4)


def test_seeds_can_be_mapped_and_numbers_can_be_any() -> None:
    expected = simulate(LEARNING, ("loss",), [3, 2**32 - 1], every=200).loss.values[:, -1]
    seeds = jnp.array([3, 2**32 - 1], jnp.uint32)
    mapped = jax.vmap(lambda seed: final(LEARNING, {}, ["loss"], seed)["loss"])(seeds)
    np.testing.assert_allclose(mapped, expected, rtol=1e-5)
    for seed in (np.uint32(3), jnp.int32(3), np.array(3)):
        for value in (np.array(0.05), jnp.float32(0.05), 0.05, np.float64(0.05)):
            found = final(LEARNING, {"timescales.gates": value}, np.array(["loss"]), seed)["loss"]
            np.testing.assert_allclose(found, expected[0], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("inputs", [Population(), Gaussian(batch=6)], ids=repr)
def test_second_derivatives(inputs: Any) -> None:
    with jax.enable_x64(True):
        function = alignment(with_values(LEARNING, {"steps": 40, "inputs": inputs}), "timescales.weights")
        second = jax.jit(jax.hessian(function))(0.2)
        expected = slope(jax.jit(jax.grad(function)), 0.2)
    assert float(second) == pytest.approx(expected, rel=1e-6)


def test_a_run_that_diverges_is_nan_with_its_derivatives() -> None:
    experiment = with_values(LEARNING, {"timescales": Timescales(weights=1e-4, gates=1e-4)})
    names = ("total_alignment", "matching")
    with pytest.warns(StiffnessWarning):
        found = final(experiment, {}, names)
    assert np.isnan(found["total_alignment"])
    assert found["matching"].tolist() == [-1, -1]
    function = alignment(experiment, "objective.norm")
    value, gradient = jax.value_and_grad(function)(0.9)
    assert np.isnan(value)
    assert np.isnan(gradient)
    assert np.isnan(jax.jvp(function, (0.9,), (1.0,))[1])


@pytest.mark.slow
def test_labels_of_images() -> None:
    names = ("accuracy", "loss", "gates")
    run = simulate(LABELLED, names, 3, every=LABELLED.steps, examples=EXAMPLES)

    def loss(time: Any) -> jax.Array:
        return final(LABELLED, {"timescales.weights": time}, names, 3, examples=EXAMPLES)["loss"]

    time = LABELLED.timescales.weights
    value, gradient = jax.value_and_grad(loss)(time)
    np.testing.assert_allclose(value, run.loss.values[-1], rtol=1e-5)
    _, along = jax.jvp(loss, (time,), (1.0,))
    assert abs(float(gradient)) > 0
    assert float(gradient) == pytest.approx(float(along), rel=1e-3)


def kept(steps: int) -> int:
    """The bytes that a compiled gradient takes beside its arguments and results."""
    function = alignment(with_values(LEARNING, {"steps": steps}), "timescales.gates")
    return jax.jit(jax.grad(function)).lower(0.05).compile().memory_analysis().temp_size_in_bytes


def test_memory_grows_with_the_root_of_the_number_of_steps() -> None:
    few, many = kept(400), kept(40_000)
    assert few < many < 12 * few
    # Less than a tenth of all states, each of eight weights, two gates and a counter in single precision.
    assert many < 40_000 * 11 * 4 / 10


@given(st.integers(1, 2**30), st.integers(1, 64))
def test_stretches_are_all_steps_in_scans_of_about_one_length(steps: int, piece: int) -> None:
    found = _stretches(steps, min(piece, max(math.isqrt(steps), 1)))
    assert sum(math.prod(each) for each in found) == steps
    assert len(found) <= 3
    pieces = steps // found[0][2]
    assert sum(outer + inner for outer, inner, _ in found) <= 5 * math.isqrt(pieces) + 5


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a whole number": (
        {"values": {"network.paths": 2}},
        "network.paths is 2 and no real number: ",
    ),
    "a word": ({"values": {"objective.reduction": "mean"}}, "objective.reduction is 'sum' and no real number: "),
    "a part": ({"values": {"timescales": Timescales()}}, "timescales is Timescales(weights=0.2, gates=0.05) and no "),
    "an unknown path": (
        {"values": {"timescales.gate": 1.0}},
        "unknown path 'timescales.gate': did you mean 'timescales.gates'?",
    ),
    "the length of a step": (
        {"values": {"dt": 0.1}},
        "dt is counted in whole steps before anything is traced, and cannot be among the values: set it with "
        "with_values",
    ),
    "the length of a block": ({"values": {"curriculum.block_length": 1.0}}, "curriculum.block_length is counted in"),
    "the end of penalties": (
        {"experiment": with_values(SMALL, {"objective": Released()}), "values": {"objective.until": 1.0}},
        "objective.until is counted in whole steps",
    ),
    "several numbers": (
        {"values": {"dt": jnp.ones(2)}, "experiment": SMALL},
        "dt is counted in whole steps",
    ),
    "an array": (
        {"values": {"timescales.gates": jnp.ones(2)}},
        "Timescales.gates is Array([1., 1.], dtype=float32), allowed is a finite number above 0",
    ),
    "out of range": (
        {"values": {"timescales.gates": -1}},
        "Timescales.gates is -1.0, allowed is a finite number above 0",
    ),
    "too small for the precision": (
        {"values": {"timescales.gates": 1e-60}},
        "timescales.gates is 1e-60, which is 0 in float32, allowed is a finite number above 0 there",
    ),
    "no mapping": ({"values": [0.5]}, "values is [0.5], allowed is an instance of Mapping"),
    "an observable of blocks": (
        {"observables": ("gate_speed",)},
        "observable 'gate_speed' depends on more of a run than its last save, allowed are those of a single save",
    ),
    "an observable of all saves": (
        {"observables": ("block_distance",)},
        "observable 'block_distance' depends on more ",
    ),
    "an unknown observable": ({"observables": ("los",)}, "unknown observable 'los': did you mean 'loss'?"),
    "one of labels": ({"observables": ("accuracy",)}, "observable 'accuracy' is of tasks that are labels, and"),
    "a string": ({"observables": "loss"}, "save is 'loss', allowed is lists nested 1 deep, each entry the name of an"),
    "a seed": ({"seed": -1}, "seed is -1, allowed is a whole number, at least 0"),
    "an experiment": ({"experiment": 3}, "experiment is 3, allowed is an instance of Experiment"),
    "a reduction": (
        {"experiment": with_values(SMALL, {"inputs": Gaussian()}), "reduced": True},
        "cannot be reduced: inputs Gaussian have another second moment than the identity",
    ),
    "examples": ({"examples": EXAMPLES}, "inputs Population take no examples, and some are given"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    given, message = REFUSED[case]
    with pytest.raises(SettingError) as refusal:
        final(**{"experiment": SMALL, "values": {}, "observables": ("loss",), **given})
    assert str(refusal.value).startswith(message)


def test_traced_values_that_are_no_single_numbers_are_refused() -> None:
    def of_value(value: Any) -> Any:
        return final(SMALL, {"timescales.gates": value})

    with pytest.raises(SettingError) as refusal:
        jax.jit(of_value)(jnp.ones(3))
    assert str(refusal.value) == (
        "timescales.gates is an array of the shape (3,) and type float32, allowed is a real number; several go through "
        "jax.vmap"
    )
    with pytest.raises(
        SettingError, match=r"^seed is an array of the shape \(\) and type float32, allowed is a whole "
    ):
        jax.jit(lambda seed: final(SMALL, {}, ("loss",), seed))(0.5)


def test_a_stiff_constraint_warns_where_its_strength_is_known() -> None:
    experiment = with_values(SMALL, {"steps": 1})
    with pytest.warns(StiffnessWarning):
        final(experiment, {"objective.norm": 1e3}, ("loss",))
    jax.jit(lambda norm: final(experiment, {"objective.norm": norm}, ("loss",)))(1e3)


@pytest.mark.slow
def test_both_modes_agree_for_every_observable_of_a_single_save() -> None:
    names = tuple(name for name in OF_MAPS if REGISTRY[name].when in ("saves", "end") and name != "matching")
    experiment = with_values(LEARNING, {"steps": 20})
    with jax.enable_x64(True):

        def everything(time: Any) -> jax.Array:
            return jnp.concatenate(
                [each.reshape(-1) for each in final(experiment, {"timescales.gates": time}, names).values()]
            )

        found, pulled = jax.vjp(everything, 0.05)
        _, along = jax.jvp(everything, (0.05,), (1.0,))
        (gradient,) = pulled(jnp.linspace(1.0, 2.0, found.size))
        expected = float(jnp.linspace(1.0, 2.0, found.size) @ along)
    assert len(names) > 20
    assert np.all(np.isfinite(along))
    assert float(gradient) == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_the_example_of_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "gradients.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)
    assert 0 < float(names["value"]) < 1
    assert set(names["gradient"]) == set(names["numbers"])
    assert all(abs(float(each)) > 0 for each in names["gradient"].values())
