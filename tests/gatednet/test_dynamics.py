"""The law of motion: gradients, what gradient flow conserves, and convergence to it."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
from jax.flatten_util import ravel_pytree

from gatednet import (
    Dynamics,
    Experiment,
    GatedLinear,
    Gaussian,
    Objective,
    Population,
    Save,
    State,
    simulate,
    trace,
    with_values,
)
from gatednet.arrays.block_clock import BlockClock
from gatednet.experiment import merge, static_half
from tests.gatednet import oracle
from tests.gatednet.tools import SMALL, run_many

FREE = Objective(norm=0.0, nonnegativity=0.0)


def lane_of(experiment: Experiment) -> Dynamics:
    """The dynamics of a lane of one run."""
    values = trace(experiment, {}, 1, np.float64).values
    return Dynamics(merge(static_half(experiment), values), experiment.network)


def random_state(network: GatedLinear, runs: int = 1) -> tuple[State, jax.Array, jax.Array]:
    """Parameters with gates of both signs, a target, and a factor of a second moment; the same for all runs."""
    random = np.random.default_rng(0)

    def array(*shape: int) -> jax.Array:
        return jnp.asarray(np.repeat(random.normal(0, 0.5, shape)[..., None], runs, axis=-1))

    weights, gates = (array(*group.shape) for group in network.groups.values())
    return State(weights, gates), array(network.outputs, network.inputs), array(network.inputs, network.inputs)


GRADIENTS = {
    "path gates, every entry a block": (GatedLinear(paths=3, inputs=3, outputs=2), Population()),
    "neuron gates, every entry a block": (GatedLinear(paths=2, inputs=3, outputs=2, gates="neuron"), Population()),
    "path gates, whole maps": (GatedLinear(paths=2, inputs=3, outputs=2), Gaussian(batch=3)),
    "neuron gates, whole maps": (GatedLinear(paths=3, inputs=3, outputs=2, gates="neuron"), Gaussian(batch=3)),
}


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("norm_order", [1, 2])
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient_by_finite_differences(name: str, norm_order: int, reduction: str) -> None:
    network, inputs = GRADIENTS[name]
    objective = Objective(norm=0.7, norm_order=norm_order, nonnegativity=0.4, weight_cost=0.3, reduction=reduction)
    experiment = with_values(SMALL, {"network": network, "inputs": inputs, "objective": objective, "teachers.tasks": 1})
    with jax.enable_x64(True):
        dynamics = lane_of(experiment)
        state, target, factor = random_state(network)
        seen = None if inputs.exact else factor
        wanted = dynamics.blocks(dynamics.target(target[None], jnp.ones((1, 1))))

        @jax.jit
        def gradient(state: State) -> State:
            return network.join(dynamics.gradient(dynamics.rows(state), wanted, seen)[0])

        flat, unravel = ravel_pytree(state)

        @jax.jit
        @jax.vmap
        def loss(parameters: jax.Array) -> jax.Array:
            """The formula of the paper, written anew."""
            weights, gates = (each[..., 0] for each in jax.tree.leaves(unravel(parameters)))
            error = jnp.einsum("p...,p...i->...i", gates[..., None] if gates.ndim == 1 else gates, weights)
            error = (error - target[..., 0]) @ (jnp.eye(3) if seen is None else seen[..., 0])
            task = 0.5 * jnp.sum(error**2) / (network.outputs if reduction == "mean" else 1)
            norm = jnp.sum(jnp.abs(gates) ** norm_order) ** (1 / norm_order)
            return (
                task
                + 0.7 * 0.5 * (norm - 1) ** 2
                + 0.4 * jnp.sum(jnp.maximum(0, -gates))
                + 0.3 * 0.5 * jnp.sum(weights**2)
            )

        small = 1e-5
        steps = small * jnp.eye(flat.size)
        numeric = (loss(flat + steps) - loss(flat - steps)) / (2 * small)
        exact, _ = ravel_pytree(gradient(state))
        np.testing.assert_allclose(exact, numeric, rtol=1e-8, atol=1e-9)


# One block for all time.
CLOCK = BlockClock(*(jnp.full(1, each, jnp.int32) for each in (0, 1, 2)))


@functools.partial(jax.jit, static_argnames=("experiment",))
def after(experiment: Experiment, dt: jax.Array, steps: jax.Array, state: State, target: jax.Array, factor: jax.Array):
    """The state of one run some steps later, with one target and one second moment all the while."""
    network = experiment.network
    dynamics = Dynamics(eqx.tree_at(lambda each: each.dt, lane_of(experiment).experiment, dt[None]), network)
    wanted = dynamics.blocks(dynamics.target(target[None], jnp.ones((1, 1))))

    def step(_: jax.Array, state: State) -> State:
        return network.join(dynamics.step(dynamics.rows(state), None, wanted, factor, CLOCK)[0])

    return jax.lax.fori_loop(0, steps, step, state)


def order_of(steps: np.ndarray, errors: np.ndarray) -> float:
    """The exponent of a power law, by regression."""
    return float(np.polyfit(np.log(steps), np.log(errors), 1)[0])


@pytest.mark.parametrize("gates", ["path", "neuron"])
def test_euler_conserves_to_first_order(gates: str) -> None:
    # tau_w ‖W^p‖² - tau_c ‖c^p‖² for every path, for a second moment that is not the identity.
    network = GatedLinear(paths=2, inputs=3, outputs=2, gates=gates)
    experiment = with_values(
        SMALL, {"network": network, "objective": FREE, "inputs": Gaussian(batch=3), "teachers.tasks": 1}
    )
    times = experiment.timescales

    def conserved(state: State) -> np.ndarray:
        weights, gates = np.asarray(state.weights)[..., 0], np.asarray(state.gates)[..., 0]
        return times.weights * np.sum(weights**2, axis=(1, 2)) - times.gates * np.sum(
            gates.reshape(len(gates), -1) ** 2, axis=1
        )

    with jax.enable_x64(True):
        start, target, factor = random_state(network)
        counts = np.array([200, 400, 800, 1600])
        drifts = np.array(
            [
                conserved(after(experiment, jnp.array(0.3 / count), jnp.array(count), start, target, factor))
                - conserved(start)
                for count in counts
            ]
        )
        moved = after(experiment, jnp.array(0.3 / 1600), jnp.array(1600), start, target, factor)
        assert np.abs(np.asarray(moved.weights - start.weights)).max() > 0.1
    for drift in np.abs(drifts).T:
        assert order_of(0.3 / counts, drift) == pytest.approx(1, abs=0.1)


def test_steps_with_fresh_inputs_conserve_too() -> None:
    # Over a fixed number of steps the drift is of second order in the step, whatever inputs each of them sees.
    experiment = with_values(SMALL, {"objective": FREE, "inputs": Gaussian(batch=6), "initial.weight_scale": 1.0})
    dt = 1e-4 * np.array([1, 1 / 2, 1 / 4, 1 / 8])
    runs = run_many(experiment, Save(("path_norm", "gates"), 40), {"dt": dt}, seeds=(2,), precision="float64")
    conserved = 0.2 * runs["path_norm"] ** 2 - 0.05 * runs["gates"] ** 2
    for drift in np.abs(conserved[:, 1] - conserved[:, 0]).T:
        assert order_of(dt, drift) == pytest.approx(2, abs=0.1)


def test_converges_to_the_flow() -> None:
    # The flow by a high-order solver, with the gradients of the oracle.
    network = GatedLinear(paths=2, inputs=3, outputs=2)
    objective = Objective(norm=0.5, norm_order=2, nonnegativity=0.0)
    experiment = with_values(SMALL, {"network": network, "objective": objective, "teachers.tasks": 1})
    times = experiment.timescales
    model = oracle.Model(times.weights, times.gates, 1.0, 1, (0,), norm=0.5, norm_order=2)
    with jax.enable_x64(True):
        start, target, _ = random_state(network)
        weights, gates = np.asarray(start.weights)[..., 0], np.asarray(start.gates)[..., 0]

        def flow(_: float, flat: np.ndarray) -> np.ndarray:
            weights, gates = flat[:12].reshape(2, 2, 3), flat[12:]
            _, by_weights, by_gates = oracle.population_gradients(weights, gates, np.asarray(target)[..., 0])
            by_gates = by_gates + oracle.penalty_gradient(model, gates)
            return np.concatenate([-by_weights.ravel() / times.weights, -by_gates / times.gates])

        exact = scipy.integrate.solve_ivp(
            flow, (0, 0.2), np.concatenate([weights.ravel(), gates]), "DOP853", rtol=1e-12, atol=1e-12
        ).y[:, -1]
        counts = np.array([100, 200, 400, 800, 1600])
        # A factor that is the identity, in place of none: the same function serves both tests.
        experiment = with_values(experiment, {"inputs": Gaussian(batch=3)})
        identity = jnp.eye(3)[..., None]
        errors = []
        for count in counts:
            end = after(experiment, jnp.array(0.2 / count), jnp.array(count), start, target, identity)
            errors.append(np.linalg.norm(np.concatenate([np.ravel(end.weights), np.ravel(end.gates)]) - exact))
    assert order_of(0.2 / counts, np.array(errors)) == pytest.approx(1, abs=0.1)
    assert errors[-1] < 1e-2


def test_single_precision_is_enough() -> None:
    # After 20 000 steps of the paper's flexible network single precision is typically off by some 1e-6. Where a gate
    # chatters at the kink of the penalty on negative ones, a rounding error decides on which side a step ends. Both
    # sides are one step apart: dt / tau_c × the jump of the slope, which the penalty on the norm, bent by its strength,
    # lengthens by dt / tau_c × that strength.
    experiment = with_values(Experiment(), {"inputs": Population()})
    rate = experiment.dt / experiment.timescales.gates
    apart = rate * experiment.objective.nonnegativity * (1 + rate * experiment.objective.norm)
    saves = Save(("loss", "gates", "total_alignment"), 2000)
    single, double = (simulate(experiment, saves, range(16), precision=each) for each in ("float32", "float64"))
    for name in saves.observables:
        difference = np.abs(single[name].values - double[name].values)
        assert np.median(difference) < 1e-5
        assert 0 < difference.max() < apart
