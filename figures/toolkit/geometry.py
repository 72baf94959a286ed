"""What panels of the two-dimensional model show, from its stores: a switch, blocks of two lengths, a limit cycle."""

from __future__ import annotations

import numpy as np
import xarray

from gatednet import ChosenInitial
from gatednet.figures.toolkit import specialization
from gatednet.figures.toolkit.describe import axis_of, described
from gatednet.figures.toolkit.matching import in_order, path_order
from gatednet.sweeps.store.store import Store
from gatednet.theory.pathways import pathway_trajectories

# Points along each side of the map, and the range that it covers.
GRID, RANGE = 81, (-0.5, 1.5)
# Times of the theory's trajectories, in units of their time constant: they come to their end within this.
PATHWAY_TIMES = np.linspace(0.0, 5.0, 51)


def switch(store: Store) -> xarray.Dataset:
    """Output, weights, gates and loss of one switch; dimensions "regime", "switch_step", "path", "output"."""
    data = specialization.in_double(store).rename(
        effective_map="switch_output", weights="switch_weights", gates="switch_gates"
    )
    difference = specialization.weight_difference(data.switch_weights)
    data = data.rename(loss="switch_loss").assign(switch_weight_difference=difference)
    kept = [name for name in data.data_vars if str(name).startswith("switch")]
    return (
        data[kept].rename(step="switch_step", time="switch_time").transpose("regime", "switch_step", "path", "output")
    )


def time_until(part: float, time: np.ndarray, loss: np.ndarray) -> float:
    """When a loss has come down to a part of its start, interpolated between saves; infinite where it does not."""
    level = part * loss[0]
    below = np.flatnonzero(loss < level)
    if not below.size:
        return np.inf
    near = slice(max(below[0] - 1, 0), below[0] + 1)
    return float(np.interp(level, loss[near][::-1], time[near][::-1]))


def gate_gradient() -> xarray.Dataset:
    """-∂L/∂c^p = w^pᵀ ε for a path at each point of the plane, (weight_2, weight_1), with ε = (-1, 1)."""
    along = np.linspace(*RANGE, GRID)
    gradient = along[:, None] - along[None, :]
    labels = {f"weight_{side}": (f"weight_{side}", along, described(f"weight w{side} of a path")) for side in (1, 2)}
    what = described("what drives the gate of a path, -∂L/∂c")
    return xarray.Dataset({"gate_gradient": (("weight_2", "weight_1"), gradient, what)}, labels)


def blocks(store: Store) -> xarray.Dataset:
    """Weights for each length of blocks, means over both orders of the tasks, and trajectories without a second task.

    Dimensions "block_length", "blocks_step", "path" and "output"; "pathways" has "pathway_time" in place of the first.
    """
    initial = store.sweep.experiment.initial
    assert isinstance(initial, ChosenInitial)
    pathways = np.stack(
        [pathway_trajectories([value for (value,) in path], PATHWAY_TIMES) for path in initial.weights], axis=1
    )
    lengths = axis_of(store.sweep, "curriculum.block_length").name
    data = specialization.in_double(store).rename(
        {lengths: "block_length", "step": "blocks_step", "time": "blocks_time"}
    )
    weights = data.weights.mean("first").transpose("block_length", "blocks_step", "path", "output")
    return xarray.Dataset(
        {
            "blocks_weights": weights.assign_attrs(described("weights, mean over both orders of the tasks")),
            "pathways": (
                ("pathway_time", "path", "output"),
                pathways,
                described("strengths of pathways that learn one target together"),
            ),
        },
        {"pathway_time": ("pathway_time", PATHWAY_TIMES, described("time", "time constant of the weights"))},
    )


def cycle(store: Store) -> xarray.Dataset:
    """w̄ and c̄ over the run, "cycle_step", and the largest distance of each block from the one before, "block".

    Paths are numbered by the tasks that they end with; blocks are counted from 1, and the first one has none before.
    """
    data = specialization.in_double(store).squeeze(drop=True)
    order = path_order(data.weights.isel(step=-1).transpose("output", "path").values)
    weights = data.weights.transpose("output", "step", "path")
    weights = weights.copy(data=in_order(weights.values, order))
    gates = data.gates.transpose("step", "path")
    gates = gates.copy(data=in_order(gates.values, order))
    experiment = store.sweep.experiment
    saves = experiment.block_steps // store.sweep.save.every
    # The last save is the end of the last block.
    distance = data.block_distance.values[:-1].reshape(-1, saves).max(axis=1)[1:]
    return xarray.Dataset(
        {
            "cycle_weight_difference": specialization.weight_difference(weights),
            "cycle_gate_difference": specialization.gate_difference(gates, 0),
            "distance": (
                "block",
                distance,
                described("largest distance of weights and gates from what they were a block before"),
            ),
        },
        {"block": ("block", np.arange(2, len(distance) + 2), described("block, counted from 1"))},
    ).rename(step="cycle_step", time="cycle_time")
