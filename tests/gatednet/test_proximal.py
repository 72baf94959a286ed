"""Constraints taken implicitly: the proximal map, and the rule that uses it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize

from gatednet import (
    DeepLinear,
    Experiment,
    GatedLinear,
    Objective,
    Population,
    Proximal,
    Released,
    Save,
    SettingError,
    StiffnessWarning,
    Timescales,
    from_toml,
    simulate,
    to_toml,
    with_values,
)
from gatednet.objectives.proximal import of_norm_1, of_norm_2
from tests.gatednet import oracle
from tests.gatednet.test_oracle import model_of
from tests.gatednet.tools import SMALL, run_many


def value_at(c: np.ndarray, v: np.ndarray, order: int, norm: float, nonnegativity: float) -> float:
    """What the proximal map minimises."""
    length = np.sum(np.abs(c)) if order == 1 else np.linalg.norm(c)
    return 0.5 * np.sum((c - v) ** 2) + norm * 0.5 * (length - 1) ** 2 + nonnegativity * np.sum(np.maximum(0, -c))


def least(v: np.ndarray, order: int, norm: float, nonnegativity: float) -> float:
    """The least value over all signs of the gates: in each orthant the function is smooth, and a solver finds it."""
    best = np.inf
    for signs in np.ndindex(*(2,) * len(v)):
        bounds = [(None, 0) if sign else (0, None) for sign in signs]
        start = np.clip(v, *np.array([(-np.inf, -0.1) if sign else (0.1, np.inf) for sign in signs]).T)
        found = scipy.optimize.minimize(
            value_at, start, (v, order, norm, nonnegativity), bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-10}
        )
        best = min(best, found.fun)
    return best


@pytest.mark.parametrize("order", [1, 2])
def test_the_proximal_map_is_the_minimiser(order: int) -> None:
    random = np.random.default_rng(order)
    of_norm = {1: of_norm_1, 2: of_norm_2}[order]
    for case in range(25):
        gates = random.integers(1, 5)
        v = random.normal(0.2, 0.5, gates)
        norm, nonnegativity = random.exponential(1.0) * (case % 5 > 0), random.exponential(0.3) * (case % 3 > 0)
        with jax.enable_x64(True):
            blocks = tuple(jnp.array([each]) for each in v)
            c = np.concatenate(of_norm(blocks, jnp.array([norm]), jnp.array([nonnegativity])))
        # Not above the solver's by more than its own error, and a least value that c really has.
        assert value_at(c, v, order, norm, nonnegativity) <= least(v, order, norm, nonnegativity) + 1e-8
        if norm == nonnegativity == 0:
            np.testing.assert_allclose(c, v, rtol=1e-15)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("gates", [2, 8, 40])
def test_blocks_of_any_cut_have_one_map(order: int, gates: int) -> None:
    random = np.random.default_rng(0)
    v = random.normal(0.1, 0.4, (gates, 3))
    v[:, 2] = -0.01  # none is pulled up
    of_norm = {1: of_norm_1, 2: of_norm_2}[order]
    with jax.enable_x64(True):
        norm, nonnegativity, all_gates = jnp.array([0.3, 2.0, 0.5]), jnp.array([0.1, 0.0, 0.2]), jnp.asarray(v)
        entries = np.stack(of_norm(tuple(all_gates), norm, nonnegativity))
        (whole,) = of_norm((all_gates,), norm, nonnegativity)
        two = of_norm((all_gates[::2], all_gates[1::2]), norm, nonnegativity)
    np.testing.assert_allclose(entries, whole, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(np.stack(two, axis=1).reshape(gates, 3), whole, rtol=1e-12, atol=1e-15)


def test_many_gates_have_the_map_of_sorted_ones() -> None:
    """The least of all roots (module docstring), with gates in order."""
    random, map_of = np.random.default_rng(3), jax.jit(of_norm_1)
    for gates in (17, 64):
        v = random.normal(0.02, 0.3, (gates, 40))
        v[:, 0], v[:, 1] = 0.25, -0.4  # ties, and none above
        norm, nonnegativity = random.exponential(5.0, 40), random.exponential(0.2, 40)
        norm[2] = 0.0
        with jax.enable_x64(True):
            (found,) = map_of((jnp.asarray(v),), jnp.asarray(norm), jnp.asarray(nonnegativity))
        below = v < -nonnegativity / 2
        size = np.where(below, -v - nonnegativity, v)
        summed = np.cumsum(-np.sort(-size, axis=0), axis=0)
        roots = norm * (1 - summed) / (1 + np.arange(1, gates + 1)[:, None] * norm)
        moved = np.maximum(size + np.minimum(norm, roots.min(axis=0)), 0)
        np.testing.assert_allclose(found, np.where(below, -moved, moved), rtol=1e-12, atol=1e-14)


def test_the_map_of_many_gates_has_its_slope_in_both_modes() -> None:
    random = np.random.default_rng(4)
    v, along = random.normal(0.02, 0.3, (2, 30, 1))
    with jax.enable_x64(True):
        norm, nonnegativity = jnp.array([2.0]), jnp.array([0.1])

        @jax.jit
        def map_of(v: jax.Array, norm: jax.Array) -> jax.Array:
            return of_norm_1((v,), norm, nonnegativity)[0]

        given, change = (jnp.asarray(v), norm), (jnp.asarray(along), jnp.array([0.3]))
        forward = jax.jit(lambda given, change: jax.jvp(map_of, given, change)[1])(given, change)
        step = 1e-6
        ends = [map_of(*(x + sign * step * dx for x, dx in zip(given, change, strict=True))) for sign in (1, -1)]
        np.testing.assert_allclose(forward, (ends[0] - ends[1]) / (2 * step), atol=1e-8)
        backward = jax.jit(jax.grad(lambda *at: jnp.sum(map_of(*at) ** 2), argnums=(0, 1)))(*given)
        inner = sum(float(jnp.sum(one * other)) for one, other in zip(backward, change, strict=True))
        assert inner == pytest.approx(float(jnp.sum(2 * map_of(*given) * forward)), rel=1e-12)


def test_columns_stay_in_the_explicit_step() -> None:
    objective = Objective(norm=0.0, nonnegativity=0.0, weight_cost=0.3, weight_norm="columns")
    by_rule = [
        simulate(with_values(SMALL, {"objective": objective, "rule": rule}), Save(("weights",), 20))
        for rule in (SMALL.rule, Proximal())
    ]
    np.testing.assert_array_equal(by_rule[0].weights, by_rule[1].weights)


CONSTRAINED = with_values(
    SMALL,
    {
        "objective": Objective(norm=0.8, nonnegativity=0.2, weight_cost=0.1),
        "teachers.scale": "unit",
        "initial.weight_scale": 0.3,
    },
)


def test_steps_are_those_of_the_oracle() -> None:
    experiment = with_values(CONSTRAINED, {"rule": Proximal(), "curriculum.order": (0, 1)})
    saved = simulate(experiment, Save(("weights", "gates", "teachers"), 1), precision="float64")
    first = saved.isel(step=0)
    model = model_of(experiment, 10)
    run = oracle.simulate(
        model, first.weights.values, first.gates.values, first.teachers.values, experiment.steps, implicit=True
    )
    np.testing.assert_allclose(saved.weights, run.weights, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(saved.gates, run.gates, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("order", [1, 2])
def test_it_is_the_same_flow(order: int) -> None:
    def difference(dt: float) -> float:
        ends = [
            simulate(
                with_values(
                    CONSTRAINED,
                    {
                        "rule": rule,
                        "dt": dt,
                        "steps": round(0.4 / dt),
                        "objective.norm_order": order,
                        "curriculum.block_length": 0.1,
                    },
                ),
                Save(("gates", "weights"), round(0.4 / dt)),
                precision="float64",
            ).isel(step=-1)
            for rule in (SMALL.rule, Proximal())
        ]
        return max(float(np.abs(ends[0][name] - ends[1][name]).max()) for name in ("gates", "weights"))

    steps = (4e-4, 1e-4)
    coarse, fine = (difference(dt) for dt in steps)
    assert np.log(coarse / fine) / np.log(steps[0] / steps[1]) == pytest.approx(1.0, abs=0.1)


STIFF = Experiment(
    network=GatedLinear(paths=8, inputs=20, outputs=2),
    inputs=Population(),
    objective=Objective(norm=2.5),
    timescales=Timescales(gates=0.01),
    dt=0.002,
    steps=2000,
)


def test_stiff_constraints_diverge_under_euler_and_not_here() -> None:
    seeds = range(8)
    with pytest.warns(
        StiffnessWarning,
        match=r"^constraint objective\.norm is too stiff for steps of dt = 0\.002: with these timescales\.gates the "
        r"rule Euler is stable up to dt = 0\.001, and Proximal at any dt$",
    ):
        explicit = simulate(STIFF, Save(("gates",), 2000), seeds)
    assert explicit.result.values.tolist() == [1] * 8
    implicit = simulate(with_values(STIFF, {"rule": Proximal()}), Save(("gates", "loss"), 2000), seeds)
    assert implicit.result.values.tolist() == [0] * 8
    assert np.all(np.isfinite(implicit.gates))
    assert np.all(implicit.loss[:, -1] < implicit.loss[:, 0])


@pytest.mark.parametrize(
    ("network", "order"),
    [
        (GatedLinear(paths=3, inputs=9, outputs=3), 2),
        (GatedLinear(paths=3, inputs=9, outputs=3, gates="neuron"), 1),
        (GatedLinear(paths=12, inputs=24, outputs=3), 1),
        (DeepLinear(inputs=20, hidden=4, outputs=2), 1),
    ],
    ids=["path", "neuron", "stack", "two layers"],
)
def test_reduced_runs_are_the_same(network: GatedLinear | DeepLinear, order: int) -> None:
    experiment = with_values(CONSTRAINED, {"network": network, "rule": Proximal(), "objective.norm_order": order})
    saves = Save(("loss", "neuron_gates"), 10)
    reduced, full = (simulate(experiment, saves, reduced=wanted, precision="float64") for wanted in (True, False))
    for name in saves.observables:
        np.testing.assert_allclose(reduced[name], full[name], rtol=1e-10, atol=1e-12, err_msg=name)
    assert full.result == 0


def test_released_gates_are_left_alone() -> None:
    objective = Released(norm=0.8, nonnegativity=0.2, weight_cost=0.1, until=0.0)
    none = Objective(norm=0.0, nonnegativity=0.0)
    runs = [
        simulate(with_values(CONSTRAINED, {"objective": each, "rule": rule}), Save(("gates", "weights"), 20))
        for each, rule in ((objective, Proximal()), (none, SMALL.rule))
    ]
    for name in ("gates", "weights"):
        np.testing.assert_allclose(runs[0][name], runs[1][name], rtol=1e-5)


@pytest.mark.optimized
def test_its_numbers_are_swept_without_compiling_again() -> None:
    experiment = with_values(CONSTRAINED, {"rule": Proximal()})
    assert from_toml(to_toml(experiment)) == experiment
    norms = [0.0, 0.5, 5.0]
    together = run_many(experiment, Save(("gates",), 20), {"objective.norm": norms}, (1,))
    for run, norm in enumerate(norms):
        alone = run_many(with_values(experiment, {"objective.norm": norm}), Save(("gates",), 20), seeds=(1,))
        np.testing.assert_array_equal(together["gates"][run], alone["gates"][0])


class Own(Objective):
    """A penalty of a user's, of which nothing is known."""

    def penalty(self, network, rows):
        return 2.0 * super().penalty(network, rows)


def test_a_penalty_without_a_proximal_map_is_refused_and_declares_nothing() -> None:
    with pytest.raises(
        SettingError,
        match=r"^rule Proximal takes constraints implicitly, and objective Own has a penalty of its own without a "
        r"proximal map$",
    ):
        with_values(SMALL, {"objective": Own(), "rule": Proximal()})
    assert Own(norm=1e6).stiffness(SMALL.network) == ()
