"""What a switch costs: the half of a block that begins with a switch against its other half, a repeat of the same task.

And the least that it can cost where paths are specialized, and gates alone have to change.
"""

from __future__ import annotations

import numpy as np
import xarray

from gatednet import Experiment
from gatednet.figures.toolkit.describe import described
from gatednet.observables.losses import CRITERION
from gatednet.sweeps.store.store import Store

# What is measured of every half, by its name in a store.
SAVED = ("time_to_criterion", "gate_speed", "loss_after_switch", "block_loss")
MEANT = {
    "time": described("time from a switch to the criterion", "time constant of the weights"),
    "speed": described("time constant of the gates × their largest speed in a block"),
    "cost": described("loss of the first steps after a switch minus that of the same steps of a repeat"),
    "area": described("time × mean loss, of a switch minus a repeat", "time constant of the weights"),
}


def halves(store: Store, number: int) -> xarray.Dataset:
    """What a store has of the first halves of blocks, along "half"; `duration` (length) is that of one, in τ_w.

    Each half is a block of its own in the curriculum. Lengths are along "length".
    """
    experiment = store.sweep.experiment
    data = store.dataset().rename(relative_length="length", block="half").isel(half=slice(number)).load()
    duration = data.block_steps.transpose("length").values * experiment.dt / experiment.timescales.weights
    kept = data[[name for name in SAVED if name in data]]
    known = kept.reset_coords(drop=True).drop_vars("half", errors="ignore").drop_attrs()
    return known.assign(duration=("length", duration))


def against_repeats(by_half: xarray.Dataset, switches: np.ndarray) -> xarray.Dataset:
    """The halves of these numbers, which begin with a switch, against the halves that follow them, along "block".

    `time` is that from the switch to the criterion in both halves, `speed` the largest of a gate in them; `cost` is the
    loss of each of the first steps of the switch minus that of the repeat, `area` the difference of all losses × time.
    Each is there where what it is made of was saved.
    """
    first, second = (by_half.isel(half=switches + place).rename(half="block") for place in (0, 1))
    found = {}
    if "time_to_criterion" in by_half:
        # Times are whole steps in single precision, a half has a few thousand of them at most.
        met = first.time_to_criterion < first.duration * (1 - 1e-4)
        found["time"] = xarray.where(met, first.time_to_criterion, first.duration + second.time_to_criterion)
    if "gate_speed" in by_half:
        found["speed"] = np.maximum(first.gate_speed, second.gate_speed)
    if "loss_after_switch" in by_half:
        found["cost"] = first.loss_after_switch - second.loss_after_switch
    if "block_loss" in by_half:
        found["area"] = first.duration * (first.block_loss - second.block_loss)
    return xarray.Dataset(found)


def by_cycle(by_half: xarray.Dataset) -> xarray.Dataset:
    """`against_repeats` of a run in the order A A B B, means over both blocks of each cycle, counted from 1."""
    blocks = against_repeats(by_half, np.arange(0, by_half.sizes["half"], 2))
    cycles = blocks.coarsen(block=2).mean().rename(block="cycle")
    counted = np.arange(1, cycles.sizes["cycle"] + 1)
    return cycles.assign_coords(cycle=("cycle", counted, described("blocks of either task")))


def strength(experiment: Experiment) -> float:
    """Σ s² of a teacher of orthogonal rows, over the outputs where the loss is averaged over them.

    Where paths are specialized it is the loss at a switch, and the speed of the gates there, τ_c |dc/dt|.
    """
    outputs, inputs = experiment.network.outputs, experiment.network.inputs
    squares = outputs / inputs if experiment.teachers.scale == "input" else float(outputs)
    return squares / outputs if experiment.objective.reduction == "mean" else squares


def remaining(experiment: Experiment) -> float:
    """The part of the error that a step leaves while gates alone change, 1 - Σ s² dt / τ_c.

    From c = (1, 0) a step along the gradient keeps c¹ + c² = 1, and with it the error in proportion to c¹.
    """
    return 1 - strength(experiment) * experiment.dt / experiment.timescales.gates


def floor(experiment: Experiment) -> float:
    """Time to the criterion, in τ_w, where gates alone change: the first whole step with the loss below it."""
    steps = np.floor(np.log(CRITERION / strength(experiment)) / (2 * np.log(remaining(experiment)))) + 1
    return float(steps * experiment.dt / experiment.timescales.weights)
