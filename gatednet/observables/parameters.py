"""The parameters themselves, their norms, and how fast they change (paper, section 2)."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import Blocks, add, summed, total
from gatednet.observables.folds import maximum
from gatednet.observables.moment import Moment
from gatednet.observables.observable import Observable
from gatednet.observables.snapshot import Snapshot, norm


def gates(snapshot: Snapshot) -> Array:
    """One gate for each path, (paths, runs): the mean over outputs where they have gates of their own."""
    values = snapshot.paths.gates
    return values if values.ndim == 2 else summed(values, 1) / values.shape[1]


def neuron_gates(snapshot: Snapshot) -> Array:
    """A gate for each path and output, (paths, outputs, runs): a path's gate is that of all its outputs."""
    values = snapshot.paths.gates
    network = snapshot.dynamics.experiment.network
    return values if values.ndim == 3 else values[:, None].repeat(network.outputs, axis=1)


def weight_cost(snapshot: Snapshot) -> Array:
    """What the weights cost, for a strength of 1, (runs,)."""
    dynamics = snapshot.dynamics
    return dynamics.experiment.objective.cost_of_weights(dynamics.network, dynamics.rows(snapshot.state))


def whole_norm(values: Array) -> Array:
    """The Euclidean norm of all entries of each run, (runs,)."""
    return norm(values, tuple(range(values.ndim - 1)))


def gate_speed(moment: Moment) -> Array:
    """The largest of all gates' speeds in a step, time constant × |dc/dt|, (runs,)."""
    rate = moment.dynamics.rates["gates"]
    speeds = [
        jnp.abs(after - before) / rate
        for path_before, path_after in zip(moment.before.gates, moment.after.gates, strict=True)
        for before, after in zip(path_before, path_after, strict=True)
    ]
    # A block of gates may hold those of many outputs and units, before its runs.
    speeds = [speed.max(axis=tuple(range(speed.ndim - 1))) for speed in speeds]
    fastest = speeds[0]
    for speed in speeds[1:]:
        fastest = jnp.maximum(fastest, speed)
    return fastest


def step_length(before: Sequence[Blocks], after: Sequence[Blocks]) -> Array:
    """The Euclidean length of a step of weights or gates, both path by path, (runs,)."""
    squares = (
        total(tuple((new - old) ** 2 for old, new in zip(*path, strict=True)))
        for path in zip(before, after, strict=True)
    )
    return jnp.sqrt(add(squares))


OBSERVABLES = (
    Observable(
        "gates", "gates; their mean over outputs where each output has its own", gates, dims=("path",), written_out=True
    ),
    Observable("neuron_gates", "gates of each output", neuron_gates, dims=("path", "output"), written_out=True),
    Observable(
        "weights",
        "weights",
        lambda snapshot: snapshot.paths.weights,
        dims=("path", "output", "input"),
        lifted=True,
        written_out=True,
    ),
    Observable(
        "teachers",
        "teachers",
        lambda snapshot: snapshot.full_teachers,
        dims=("task", "output", "input"),
        lifted=True,
        written_out=True,
        of="maps",
    ),
    Observable(
        "effective_map",
        "linear map that the network computes",
        lambda snapshot: snapshot.effective_map,
        dims=("output", "input"),
        lifted=True,
    ),
    Observable(
        "weight_norm",
        "Euclidean norm of all weights",
        lambda snapshot: whole_norm(snapshot.state.weights),
        written_out=True,
    ),
    Observable(
        "path_norm",
        "Euclidean norm of the weights of each path",
        lambda snapshot: norm(snapshot.paths.weights, (1, 2)),
        dims=("path",),
    ),
    Observable(
        "units",
        "weights of the units of the network seen as one of two layers, path by path",
        lambda snapshot: snapshot.layers[0],
        dims=("unit", "input"),
        lifted=True,
    ),
    Observable(
        "readout",
        "second layer of the network seen as one of two layers, units path by path",
        lambda snapshot: snapshot.layers[1],
        dims=("output", "unit"),
        lifted=True,
    ),
    Observable(
        "second_layer",
        "second layer of the network seen as one of two layers, units in the network's own order",
        lambda snapshot: snapshot.own_layers[1],
        dims=("output", "unit"),
        lifted=True,
    ),
    Observable("representation_cost", "cost of the weights, for a strength of 1", weight_cost),
    Observable(
        "gate_norm", "Euclidean norm of all gates", lambda snapshot: whole_norm(snapshot.state.gates), written_out=True
    ),
    Observable(
        "weight_change",
        "norm of the weights' rate of change over the norm of the weights",
        lambda snapshot: whole_norm(snapshot.velocity.weights) / whole_norm(snapshot.state.weights),
        units="1/time",
    ),
    Observable(
        "gate_change",
        "norm of the gates' rate of change",
        lambda snapshot: whole_norm(snapshot.velocity.gates),
        units="1/time",
    ),
    Observable(
        "weight_step",
        "norm of the weights' change in each step",
        lambda moment: step_length(moment.before.weights, moment.after.weights),
        when="steps",
    ),
    Observable(
        "gate_step",
        "norm of the gates' change in each step",
        lambda moment: step_length(moment.before.gates, moment.after.gates),
        when="steps",
    ),
    Observable(
        "gate_speed",
        "largest rate of change of a gate in a block, times the gates' time constant",
        gate_speed,
        when="blocks",
        fold=maximum(),
    ),
)
