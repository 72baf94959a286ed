"""Kernels compute a few registers of runs one after the other, and leave out what is zero: no bit depends on either."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import Euler, Objective, Optax, Proximal, Save, WeightCost, simulate, with_values
from gatednet.kernels import vector
from gatednet.kernels.program import advanced_by
from tests.gatednet.tools import SMALL, run_many

pytestmark = pytest.mark.optimized
EVERYTHING = Save(("gates", "weights", "loss"), 10)
ENDS = Save(("gates", "weights"), 10)
RUNS = 32


@pytest.mark.parametrize("registers", [(1, 16), (2, 8), (2, 4), (4, 2)])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_bits_do_not_depend_on_the_number_of_registers(registers, precision, monkeypatch):
    expected = simulate(SMALL, EVERYTHING, range(20), precision=precision, kernel="vector")
    monkeypatch.setattr(vector, "_of_runs", lambda program: registers)
    # In lanes of another width, since programs are kept.
    found = simulate(
        SMALL,
        EVERYTHING,
        range(20),
        precision=precision,
        kernel="vector",
        lane=16 * (3 + registers[0] + 5 * registers[1]),
    )
    for name in EVERYTHING.observables:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize("rule", [Euler(), Proximal(), Optax("adam", "adam")], ids=["euler", "proximal", "adam"])
@pytest.mark.parametrize("norm", ["squared", "columns"])
def test_runs_without_a_cost_of_weights_have_the_bits_that_they_have_beside_others(rule, norm):
    tried = with_values(SMALL, {"rule": rule, "objective.weight_norm": norm})
    alone = run_many(tried, ENDS, seeds=np.arange(16))
    costs = np.tile([0.0, 0.1], 16)
    mixed = run_many(tried, ENDS, {"objective.weight_cost": costs}, np.repeat(np.arange(16), 2))
    for name in ENDS.observables:
        np.testing.assert_array_equal(mixed[name][costs == 0], alone[name])
        assert (mixed[name][costs > 0] != alone[name]).any()


def test_a_run_without_a_cost_of_weights_diverges_at_one_step_alone_and_beside_others():
    free = {"objective.norm": 0.0, "objective.nonnegativity": 0.0}
    wild = with_values(SMALL, {**free, "timescales.weights": 0.001, "timescales.gates": 0.001})
    alone = run_many(wild, ENDS, seeds=np.arange(16))
    costs = np.tile([0.0, 0.1], 16)
    mixed = run_many(wild, ENDS, {"objective.weight_cost": costs}, np.repeat(np.arange(16), 2))
    assert (alone["result"] == 1).all()
    for name, values in alone.items():
        np.testing.assert_array_equal(mixed[name][costs == 0], values)


class Root(Objective):
    """A user's cost whose slope is not finite at zero."""

    def cost_of_weights(self, network, rows):
        return sum(jnp.sqrt(jnp.abs(block)) for block in rows.blocks("weights"))


class Shared(Objective):
    """A user's cost that shares its products with the error, where the compiler makes fewer multiply-adds of them."""

    def cost_of_weights(self, network, rows):
        return 0.5 * sum(
            (gate * weight) ** 2 for (gate,), path in zip(rows.gates, rows.weights, strict=True) for weight in path
        )


@pytest.mark.parametrize("objective", [Root(), Shared()])
def test_runs_of_a_users_objective_have_the_bits_that_they_have_beside_others(objective):
    tried = with_values(
        SMALL, {"objective": objective, "initial.weight_scale": 0.0 if isinstance(objective, Root) else 0.1}
    )
    assert objective.often_zero == ()
    alone = run_many(tried, ENDS, seeds=np.arange(16))
    costs = np.tile([0.0, 0.1], 16)
    mixed = run_many(tried, ENDS, {"objective.weight_cost": costs}, np.repeat(np.arange(16), 2))
    for name, values in alone.items():
        np.testing.assert_array_equal(mixed[name][costs == 0], values)


class OfUser(WeightCost):
    """A constraint that knows nothing of other parts."""


def test_only_steps_of_shipped_parts_do_without_a_cost_of_zero(monkeypatch):
    modules = []
    module_of = vector.module_of

    def seen(program):
        module = module_of(program)
        if not program.new:
            modules.append(str(module))
        return module

    monkeypatch.setattr(vector, "module_of", seen)
    further = {"objective.constraints": (OfUser(0.1),)}
    for changed, save in (({}, ENDS), (further, ENDS), ({}, Save(("loss_after_switch",), 10))):
        simulate(with_values(SMALL, {**changed, "steps": 80}), save, kernel="vector", lane=32)
    assert ["absent" in text for text in modules] == [True, False, False]


def looped(strength, start, slope, step):
    """What `step(state, strength, slope)` makes of a start in a few turns, by a kernel; all are (RUNS,)."""

    def run(carried, strength, slope):
        return jax.lax.fori_loop(0, 5, lambda _, state: step(state, strength, slope), carried)

    @jax.jit
    def computed(start, strength, slope):
        return advanced_by(vector.call, run, start, strength, slope, often_zero=(strength,))

    return np.asarray(computed(start, strength, slope))


def some(seed):
    return jnp.asarray(np.random.default_rng(seed).normal(size=RUNS), jnp.float32)


def mixed_with(other):
    """Strengths that are zero in the first vector of runs, and in every second run of the next."""
    return jnp.asarray(np.where((np.arange(RUNS) < 16) | (np.arange(RUNS) % 2 == 0), 0.0, other), jnp.float32)


@pytest.mark.parametrize(
    "step",
    [
        lambda state, strength, slope: state - 0.1 * (strength * (2.0 * state) + slope * state),
        # A sum with nothing is a product, which must not become a part of the next sum.
        lambda state, strength, slope: slope + (strength * state + slope * state),
        lambda state, strength, slope: slope - -(slope * state - strength * state),
        lambda state, strength, slope: slope + jnp.where(slope > 0, strength * state + slope * state, state),
        lambda state, strength, slope: slope + (-(0.5 * strength) * jnp.abs(state) + slope * state),
    ],
    ids=["step", "sum", "difference", "choice", "negative"],
)
def test_what_is_zero_is_left_out_to_the_bit(step):
    strength, start, slope = mixed_with(0.3), some(1), some(2)
    twice = jnp.concatenate([start[:16], start[:16]])
    slopes = jnp.concatenate([slope[:16], slope[:16]])
    found = looped(strength, twice, slopes, step)
    zero = np.asarray(strength[16:]) == 0
    np.testing.assert_array_equal(found[:16][zero].view(np.uint32), found[16:][zero].view(np.uint32))
    assert (found[:16][~zero] != found[16:][~zero]).any()


def test_zero_times_what_is_not_finite_is_not_left_out():
    strength = jnp.zeros(RUNS, jnp.float32)
    start = jnp.where(jnp.arange(RUNS) == 3, 1e30, 1.0).astype(jnp.float32)
    found = looped(
        strength,
        start,
        jnp.ones(RUNS, jnp.float32),
        lambda state, strength, slope: slope * state * state + strength * state,
    )
    # Infinity after one turn, and nothing known after the next, as zero times infinity is.
    assert np.isnan(found[3])
    np.testing.assert_array_equal(np.delete(found, 3), 1.0)


def test_doubling_is_left_to_what_does_not_change():
    start, slope = some(3), some(4)
    given = functools.partial(looped, mixed_with(0.0), start, slope)
    for factor in (2.0, 4.0):
        found = given(lambda state, strength, slope, factor=factor: state - slope * (factor * state) * 0.25)
        expected = given(lambda state, strength, slope, factor=factor: state - (factor * slope) * state * 0.25)
        np.testing.assert_array_equal(found, expected)
