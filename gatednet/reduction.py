"""The exact reduction: a problem rewritten in the few dimensions in which its weights ever move.

With the population as inputs and isotropic parts, the gradient by W^p is a combination of the weights of all paths
and of the teachers, so all weights stay in the span of the initial weights and the teachers. In an orthonormal basis
of that span the network is again a gated linear network with the same gates, the same loss and the same trajectory.
With path gates the span is one of whole maps, and the reduced network has one input and up to paths + tasks outputs;
with neuron gates each output has a span of its own, and the reduced network has as many outputs, of up to paths +
tasks inputs each. The proof is in the documentation, page "The exact reduction".
"""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
from jax import Array

from gatednet.experiment import Experiment
from gatednet.networks import GatedLinear, Network
from gatednet.problem import Problem
from gatednet.rows import State, add
from gatednet.settings import SettingError


def obstacle(experiment: Experiment) -> str | None:
    """Why a run of this experiment cannot be reduced exactly; None where it can."""
    if not isinstance(experiment.network, GatedLinear):
        return f"network {type(experiment.network).__name__} is not a gated linear network"
    if not experiment.inputs.exact:
        return f"inputs {type(experiment.inputs).__name__} are a finite batch, whose second moment is not the identity"
    for name in ("objective", "rule", "curriculum"):
        part = getattr(experiment, name)
        if not part.isotropic:
            return f"{name} {type(part).__name__} is not isotropic: {part!r}"
    return None


def reduced_network(experiment: Experiment) -> GatedLinear:
    """The network of the reduced problem.

    **Raises** `SettingError` with the reason where the experiment cannot be reduced.
    """
    reason = obstacle(experiment)
    if reason is not None:
        raise SettingError(f"cannot be reduced: {reason}")
    network = experiment.network
    assert isinstance(network, GatedLinear)
    vectors = network.paths + experiment.teachers.number
    if network.gates == "path":
        return dataclasses.replace(network, inputs=1, outputs=min(vectors, network.outputs * network.inputs))
    return dataclasses.replace(network, inputs=min(vectors, network.inputs))


def worthwhile(experiment: Experiment) -> bool:
    """Whether the reduction is exact and makes the state smaller."""
    if obstacle(experiment) is not None:
        return False
    small = reduced_network(experiment)
    return small.outputs * small.inputs < experiment.network.outputs * experiment.network.inputs


def reduce(experiment: Experiment, problem: Problem) -> tuple[Problem, Array]:
    """The same run in few dimensions, and the basis in which it is written.

    The basis has the shape (outputs, inputs, dimensions): with path gates its columns are orthonormal maps, with neuron
    gates the columns of each output are orthonormal rows.

    **Raises** `SettingError` with the reason where the reduction would not be exact.
    """
    network = reduced_network(experiment)
    original = experiment.network
    maps = jnp.concatenate([problem.state.weights, problem.teachers])
    if network.gates == "path":
        basis, coordinates = jnp.linalg.qr(maps.reshape(maps.shape[0], -1).T)
        coordinates = coordinates.T[:, :, None]
        basis = basis.reshape(original.outputs, original.inputs, -1)
    else:
        basis, coordinates = jnp.linalg.qr(maps.transpose(1, 2, 0))
        coordinates = coordinates.transpose(2, 0, 1)
    state = State(coordinates[: network.paths], problem.state.gates)
    return Problem(state, coordinates[network.paths :], problem.key), basis


def lift(network: Network, maps: Array, basis: Array | None) -> Array:
    """Maps of a lane of reduced runs in the original coordinates.

    `network` is the reduced network, `maps` is (..., outputs, inputs, runs) in its coordinates, `basis` (outputs,
    inputs, dimensions, runs) in the original ones, or None where nothing was reduced.
    """
    if basis is None:
        return maps
    assert isinstance(network, GatedLinear)
    # With path gates one basis holds for the whole map, and its coordinates are in the place of the outputs.
    coordinates = jnp.swapaxes(maps, -3, -2) if network.gates == "path" else maps
    return add(basis[:, :, k] * coordinates[..., k, None, :] for k in range(basis.shape[2]))
