"""Into which blocks a network is cut, and that all cuts are one model."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import Blocked, DeepLinear, Gaussian, Save, simulate, with_values
from gatednet.arrays.product import chained, gated
from gatednet.arrays.rows import Cut
from gatednet.networks.gated_linear import GatedLinear
from tests.gatednet import oracle
from tests.gatednet.test_oracle import model_of
from tests.gatednet.tools import SMALL


def path_gates(paths: int, tasks: int) -> GatedLinear:
    """The reduced network of a number of paths and tasks."""
    return GatedLinear(paths=paths, inputs=1, outputs=paths + tasks)


@pytest.mark.parametrize(
    ("network", "exact", "cut"),
    [
        # Stored results of these have the bits of this cut: it never changes.
        (path_gates(2, 2), True, Cut.ENTRIES),
        (path_gates(4, 4), True, Cut.ENTRIES),
        (GatedLinear(paths=2, inputs=1, outputs=2), True, Cut.ENTRIES),
        (GatedLinear(paths=2, inputs=20, outputs=10), True, Cut.MAPS),
        (GatedLinear(paths=4, inputs=20, outputs=10), False, Cut.MAPS),
        (GatedLinear(paths=2, inputs=2, outputs=2), False, Cut.MAPS),
        (DeepLinear(inputs=1, hidden=1, outputs=1), True, Cut.MAPS),
        # These were seconds to compile, and slow.
        (path_gates(5, 5), True, Cut.STACK),
        (path_gates(16, 8), True, Cut.STACK),
        (GatedLinear(paths=2, inputs=4, outputs=10, gates="neuron"), True, Cut.STACK),
        (GatedLinear(paths=5, inputs=20, outputs=10), False, Cut.STACK),
    ],
)
def test_the_cut_goes_by_the_size_of_the_network(network: GatedLinear | DeepLinear, exact: bool, cut: Cut) -> None:
    assert network.cut(exact) is cut


@pytest.mark.parametrize("number", [1, 2, 24, 25, 31, 32, 33, 80])
def test_a_chain_is_the_sum(number: int) -> None:
    terms = np.random.default_rng(number).normal(size=(number, 3))
    with jax.enable_x64(True):
        array = jnp.asarray(terms)
        found = jax.jit(lambda: chained(lambda each: array[each], number))()
    np.testing.assert_allclose(found, terms.sum(axis=0), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("shape", [(30,), (30, 3)], ids=["path", "neuron"])
def test_derivatives_of_gated_maps_are_those_of_the_formula(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    with jax.enable_x64(True):
        gates, maps = jnp.asarray(random.normal(size=(*shape, 2))), jnp.asarray(random.normal(size=(30, 3, 4, 2)))
        slope = jnp.asarray(random.normal(size=(3, 4, 2)))

        def formula(gates: jax.Array, maps: jax.Array) -> jax.Array:
            return jnp.einsum("pr,poir->oir" if gates.ndim == 2 else "por,poir->oir", gates, maps)

        some, others = (jax.vjp(each, gates, maps) for each in (gated, formula))
        np.testing.assert_allclose(some[0], others[0], rtol=1e-12, atol=1e-13)
        for one, other in zip(some[1](slope), others[1](slope), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("gates", ["path", "neuron"])
def test_a_stack_agrees_with_the_oracle(gates: str) -> None:
    experiment = with_values(
        SMALL,
        {
            "network": GatedLinear(paths=7, inputs=4, outputs=2, gates=gates),
            "curriculum": Blocked(block_length=0.1, order=(0, 1)),
            "teachers.scale": "unit",
            "initial.gates": 0.15,
            "objective.norm": 0.5,
            "objective.weight_cost": 0.1,
        },
    )
    name = "gates" if gates == "path" else "neuron_gates"
    saved = simulate(experiment, Save(("weights", name, "teachers"), 1), seeds=1, reduced=False, precision="float64")
    first = saved.isel(step=0)
    run = oracle.simulate(
        model_of(experiment, 10), first.weights.values, first[name].values, first.teachers.values, experiment.steps
    )
    np.testing.assert_allclose(saved.weights, run.weights, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(saved[name], run.gates, rtol=1e-9, atol=1e-11)


def test_many_paths_take_batches() -> None:
    experiment = with_values(SMALL, {"network": GatedLinear(paths=6, inputs=4, outputs=2), "steps": 20})
    runs = [
        simulate(with_values(experiment, {"inputs": inputs}), Save(("weights",), 20), precision="float64")
        for inputs in (SMALL.inputs, Gaussian(batch=10**7))
    ]
    np.testing.assert_allclose(runs[0].weights, runs[1].weights, atol=1e-3)
    assert np.any(runs[0].weights != runs[1].weights)
