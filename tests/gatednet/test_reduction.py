"""A reduced run is the run itself in fewer dimensions."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import (
    REGISTRY,
    ChosenRows,
    DeepLinear,
    Experiment,
    Fixed,
    GatedLinear,
    Gaussian,
    Mixture,
    Objective,
    Optax,
    Phase,
    Phases,
    Released,
    RowsInTurn,
    Save,
    SettingError,
    Smooth,
    Sum,
    Task,
    draw,
    lift,
    recipe,
    reduce,
    reduced_network,
    simulate,
    trace,
    with_values,
)
from gatednet.dynamics.reduction import basis_for
from tests.gatednet.tools import OF_MAPS, SMALL, run_many

# Six runs for each network, with regularisers on and off, and all other floats different.
VALUES = {
    "objective.norm": [0.9, 0.0, 2.0, 0.3, 0.0, 0.5],
    "objective.nonnegativity": [0.1, 0.0, 1.0, 0.0, 0.3, 0.5],
    "objective.weight_cost": [0.0, 0.0, 0.2, 0.0, 0.1, 0.05],
    "teachers.correlation": [0.0, 0.0, 0.3, 0.7, 0.0, 0.1],
    "initial.weight_scale": [0.01, 0.5, 0.1, 0.01, 0.3, 0.2],
    "timescales.weights": [0.2, 0.1, 0.3, 0.2, 0.2, 0.5],
    # Slow enough for six gates under the strongest penalty: dt / tau_c × norm × gates stays below 2.
    "timescales.gates": [0.05, 0.1, 0.08, 0.02, 0.1, 0.04],
    "curriculum.block_length": [0.1, 0.07, 0.15, 0.1, 0.2, 0.05],
}
SEEDS = (0, 1, 2, 3, 4, 5)


def network(paths: int, tasks: int, gates: str, **objective: Any) -> Experiment:
    """An experiment with a number of paths and tasks, in which all rows can be orthogonal."""
    return with_values(
        SMALL,
        {
            "network": GatedLinear(paths=paths, inputs=6, outputs=2, gates=gates),
            "teachers.tasks": tasks,
            "teachers.scale": "unit",
            "objective": Objective(**objective),
        },
    )


CASES = {
    "two paths, two tasks": network(2, 2, "path"),
    "more tasks than paths": network(2, 3, "neuron", norm_order=2, reduction="mean"),
}
# What the slow test of all cases does not have, with fewer observables: those take the time.
FURTHER = {
    "one path, one task": with_values(network(1, 1, "path"), {"rule": Optax("sgd", "adam")}),
    "sums, penalties that end": with_values(
        network(2, 2, "path"),
        {
            "curriculum": Phases(phases=(Phase((Sum((0, 1), 0.3), Task(1)), blocks=2), Phase((Mixture((0.4, 0.8)),)))),
            "objective": Released(until=0.2),
        },
    ),
    "rows of several teachers": with_values(
        network(2, 2, "neuron"), {"curriculum": Phases(phases=(Phase((RowsInTurn((0, 1)), ChosenRows((1, 0.3)))),))}
    ),
    "two layers, smooth changes": with_values(
        network(2, 2, "path", norm_order=2),
        {"network": DeepLinear(inputs=8, hidden=3, outputs=2), "curriculum": Smooth()},
    ),
}


def compare(experiment: Experiment, names: tuple[str, ...]) -> None:
    """Six runs with reduction and without agree to 1e-10 in every observable."""
    run = functools.partial(run_many, experiment, Save(names, 10), VALUES, SEEDS, precision="float64")
    reduced, full = run(reduced=True), run(reduced=False)
    assert reduced.keys() == full.keys()
    assert not np.any(full["result"])
    for name, values in full.items():
        np.testing.assert_allclose(reduced[name], values, rtol=1e-10, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("name", CASES)
def test_every_observable_agrees(name: str) -> None:
    compare(CASES[name], OF_MAPS)


@pytest.mark.parametrize("name", ["two paths, two tasks", "two layers, smooth changes"])
def test_what_needs_no_basis_agrees_without_it(name: str) -> None:
    """Where no observable asks for the original coordinates, runs do not have them."""
    names = tuple(each for each in OF_MAPS if not REGISTRY[each].lifted)
    compare({**CASES, **FURTHER}[name], names)


# The last one is compared above, in more.
@pytest.mark.parametrize("name", list(FURTHER)[:-1])
def test_runs_agree(name: str) -> None:
    compare(FURTHER[name], ("loss", "gates", "effective_map", "total_alignment", "gate_speed"))


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("norm_order", [1, 2])
@pytest.mark.parametrize("gates", ["path", "neuron"])
@pytest.mark.parametrize(("paths", "tasks"), [(1, 1), (1, 3), (2, 2), (2, 3), (3, 1), (3, 2)])
def test_every_observable_agrees_in_all_cases(
    paths: int, tasks: int, gates: str, norm_order: int, reduction: str
) -> None:
    compare(network(paths, tasks, gates, norm_order=norm_order, reduction=reduction), OF_MAPS)


def test_span_that_fills_the_space_and_equal_teachers() -> None:
    # Five maps in three dimensions, two of them equal.
    experiment = with_values(
        SMALL,
        {"network": GatedLinear(paths=3, inputs=3, outputs=1), "teachers.correlation": 1.0, "teachers.tasks": 2},
    )
    saves = Save(("loss", "gates", "weights"), 10)
    reduced, full = (simulate(experiment, saves, precision="float64", reduced=each) for each in (True, False))
    for name in ("loss", "gates", "weights"):
        np.testing.assert_allclose(reduced[name], full[name], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("gates", ["path", "neuron"])
def test_basis_is_orthonormal_and_lifts_back(gates: str) -> None:
    experiment = with_values(SMALL, {"network": GatedLinear(paths=2, inputs=6, outputs=2, gates=gates)})
    with jax.enable_x64(True):
        problem = jax.jit(draw, static_argnums=0)(experiment, 3)
        small, basis = jax.jit(reduce, static_argnums=0)(experiment, problem)
        size = reduced_network(experiment)
        assert small.state.weights.shape == (2, size.outputs, size.inputs)
        assert (size.outputs, size.inputs) == ((4, 1) if gates == "path" else (2, 4))
        together = "oik,oil->kl" if gates == "path" else "oik,oil->okl"
        products = jnp.einsum(together, basis, basis)
        np.testing.assert_allclose(products, np.broadcast_to(np.eye(4), products.shape), atol=1e-14)
        for maps, original in [(small.state.weights, problem.state.weights), (small.teachers, problem.teachers)]:
            lifted = lift(size, maps[..., None], basis[..., None])[..., 0]
            np.testing.assert_allclose(lifted, original, atol=1e-14)


@pytest.mark.parametrize("gates", ["path", "neuron"])
def test_shorter_rows_have_the_inner_products_of_the_original_ones(gates: str) -> None:
    experiment = with_values(SMALL, {"network": GatedLinear(paths=2, inputs=6, outputs=2, gates=gates)})
    with jax.enable_x64(True):
        problem = jax.jit(draw, static_argnums=0)(experiment, 3)
        small, basis = jax.jit(reduce, static_argnums=0)(experiment, problem)
        kept = basis_for(experiment.network, basis, [False, "rows"])
        assert kept is not None
        assert kept.maps is None
        assert kept.rows is not None
        assert kept.rows.shape == ((2, 4, 4) if gates == "path" else (2, 6, 4))
        maps = jnp.concatenate([small.state.weights, small.teachers])[..., None]
        rows = lift(reduced_network(experiment), maps, kept.rows[..., None])[..., 0]
        original = jnp.concatenate([problem.state.weights, problem.teachers])
        products = jnp.einsum("aoi,boi->abo", original, original)
        np.testing.assert_allclose(jnp.einsum("aoi,boi->abo", rows, rows), products, atol=1e-14)


def test_a_basis_is_kept_as_far_as_it_is_asked_for() -> None:
    basis = jnp.linalg.qr(jnp.arange(48.0).reshape(12, 4) ** 2)[0].reshape(2, 6, 4)
    network = SMALL.network
    assert basis_for(network, basis, [False]) is None
    whole, both = basis_for(network, basis, [True, False]), basis_for(network, basis, ["rows", True])
    assert whole is not None
    assert both is not None
    assert whole.maps is basis
    assert whole.rows is None
    # Whoever lifts rows in a run that keeps maps alone has the original ones.
    assert whole.by_rows.maps is basis
    assert both.maps is basis
    assert both.by_rows.maps is both.rows
    assert both.rows is not None
    assert both.rows.shape == (2, 4, 4)


REFUSED = {
    "inputs Gaussian have another second moment than the identity": {"inputs": Gaussian()},
    "inputs Fixed have another second moment than the identity": {"inputs": Fixed()},
    "objective Objective is not isotropic: Objective(": {"objective": Objective(weight_norm="columns")},
    "rule Optax is not isotropic: Optax(": {"rule": Optax("adam", "sgd")},
    "curriculum Phases shows rows of several teachers, and the gates of the network are those of whole maps": {
        "curriculum": Phases(phases=(Phase((RowsInTurn((0, 1)),)),))
    },
}


@pytest.mark.parametrize(("reason", "values"), REFUSED.items(), ids=REFUSED)
def test_refused_with_the_reason_where_it_is_not_exact(reason: str, values: dict) -> None:
    experiment = with_values(SMALL, values)
    with pytest.raises(SettingError) as refusal:
        simulate(experiment, Save(("loss",), 10), reduced=True)
    assert str(refusal.value).startswith(f"cannot be reduced: {reason}")
    with pytest.raises(SettingError, match=r"^cannot be reduced: "):
        reduced_network(experiment)


def test_taken_by_default_where_it_pays() -> None:
    def reduces(experiment: Experiment, wanted: bool | None = None) -> bool:
        return recipe(experiment, Save(("loss",), 10), trace(experiment, {}, 1, np.float32), wanted).reduced

    larger = with_values(SMALL, {"network": GatedLinear(paths=2, inputs=6, outputs=2)})
    assert reduces(larger)
    assert not reduces(larger, wanted=False)
    assert not reduces(with_values(larger, {"inputs": Gaussian()}))
    # Exact, but no smaller: three paths and a teacher for three inputs.
    small = with_values(SMALL, {"network": GatedLinear(paths=3, inputs=3, outputs=1), "teachers.tasks": 1})
    assert not reduces(small)
    assert reduces(small, wanted=True)
