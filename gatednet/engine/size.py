"""The size of runs in memory, before anything of them is made."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np

from gatednet.dynamics.reduction import network_of
from gatednet.engine.save import Save
from gatednet.experiment import Experiment
from gatednet.memory import check_fits
from gatednet.settings import is_traced

# The parameters of a lane are held several times at once: its start, its state, the gradient and the next state. Peaks
# of memory with 16 384 to 262 144 paths were 4 to 5 times the parameters of a lane.
_COPIES = 4
# The number of draws that are made together. It is the same in every batch: the compiler treats arrays of other sizes
# in other ways (a single draw as something that all runs share, hundreds as work to cut into parts), and the last bits
# of a run would depend on how many others there are.
DRAWS_TOGETHER = 8
# Batches of no more draws than this share their programs, where these draws are no more numbers than that.
FEW_DRAWS, _SMALL = 64, 2**20


def check_size(
    experiment: Experiment, save: Save, runs: int, draws: int, width: int, blocks: int, reduced: bool, dtype: Any
) -> None:
    """Raise `SettingError` where runs cannot be simulated together, since their numbers do not fit into memory.

    What is counted is the least that has to be there at once: a lane of `width` runs, the starts of `draws` of them,
    and the settings and results of all. `blocks` is the number of blocks that a run begins, `dtype` the number type.
    """
    itemsize = np.dtype(dtype).itemsize
    lane = (width * numbers_of_run(experiment, reduced) + numbers_of_start(experiment)) * itemsize
    check_fits(f"a lane of {width} runs of this experiment", lane)
    # Whole lanes, the last of which may be padded.
    padded = -(-runs // width) * width
    settings = (
        padded * bytes_of_settings(experiment) + draws_held(experiment, draws) * numbers_of_start(experiment) * itemsize
    )
    results = padded * numbers_of_results(experiment, save, blocks) * itemsize
    check_fits(
        f"{runs:,} {'run' if runs == 1 else 'runs'} at once, with what is saved of them,", lane + settings + results
    )


def draws_held(experiment: Experiment, draws: int) -> int:
    """How many draws a batch has room for that needs so many: whole groups, and a few where a start is small."""
    few = FEW_DRAWS if FEW_DRAWS * numbers_of_start(experiment) <= _SMALL else DRAWS_TOGETHER
    return -(-max(draws, few) // DRAWS_TOGETHER) * DRAWS_TOGETHER


def bytes_of_settings(experiment: Experiment) -> int:
    """What a run takes before it begins: each of its floats, exact and rounded, its seed and its place."""
    return 12 * sum(is_traced(leaf) for leaf in jax.tree.leaves(experiment)) + 48


def numbers_of_start(experiment: Experiment) -> int:
    """How many numbers the start of one run takes, at least."""
    network = experiment.network
    return network.parameters + experiment.teachers.numbers(network)


def numbers_of_run(experiment: Experiment, reduced: bool) -> int:
    """How many numbers a step of one run takes, at least."""
    network = network_of(experiment, reduced)
    teachers = experiment.teachers.number * network.outputs * network.inputs
    return _COPIES * network.parameters + teachers + experiment.inputs.numbers(network.inputs)


def numbers_of_results(experiment: Experiment, save: Save, blocks: int) -> int:
    """How many numbers are saved of one run, and kept of its past while it lasts, at least."""
    network, span = experiment.network, save.span(experiment, blocks)
    sizes = {
        "task": experiment.teachers.number,
        "path": network.paths_of(experiment.teachers.number),
        "output": network.outputs,
        "input": network.inputs,
        "unit": network.units,
    }
    total = 0
    for each in save.chosen:
        known = {**sizes, **each.recorder.sizes(span, each.dims)}
        total += math.prod(known.get(dim, 1) for dim in each.all_dims)
    if save.keeps_history:
        total += span.saves * network.parameters
    return total
