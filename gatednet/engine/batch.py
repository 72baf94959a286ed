"""Many runs at once: which lanes they go to, and the function that runs all lanes.

The runs of one batch share the static half of their experiments, and so one compilation.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.experimental.layout import Layout, with_layout_constraint

from gatednet.arrays.rows import LONGEST_CHAIN, Cut
from gatednet.dynamics.dynamics import Dynamics
from gatednet.dynamics.problem import Origin, Problem
from gatednet.dynamics.reduction import Basis, network_of, obstacle, worthwhile
from gatednet.engine.draws import Drawing, Draws, draws_of, starts
from gatednet.engine.lane import Lane, evolve
from gatednet.engine.loop import for_each
from gatednet.engine.save import Save
from gatednet.engine.shipped import is_shipped
from gatednet.engine.size import draws_held
from gatednet.experiment import Experiment, Traced, merge, static_half, trace
from gatednet.inputs.examples import Examples
from gatednet.kernels.choice import here
from gatednet.kernels.kernel import WIDTH, Kernel
from gatednet.observables import Observable
from gatednet.settings import Choice, Optional, SettingError

# The number of runs in a lane of a kernel. On a processor wider ones are hardly faster (AVX-512, 64 to 4 096), and few
# runs take a whole one; a GPU has about so many threads at a time.
KERNEL_LANES = {"auto": 64, "vector": 64, "pallas": 2**14}
# Whether runs are reduced; None: where it is exact and pays.
REDUCED = Optional(Choice((False, True)))


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is compiled: everything of a batch that is not an array.

    `static` is the static half of the experiments, `blocks` the largest number of blocks of a run, 0 where nothing
    has an entry for each, `reduced` whether the runs are reduced, `width` the number of runs in a lane, `kernel` what
    compiles the loop over steps. `chosen` are the observables of `save`: recipes whose observables have one name and
    two functions differ, and so do all caches.
    """

    static: Experiment
    save: Save
    blocks: int
    reduced: bool
    width: int
    kernel: Kernel = "xla"
    chosen: tuple[Observable, ...] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chosen", self.save.chosen)

    @property
    def drawing(self) -> Drawing:
        """What is compiled of the draws that runs start from."""
        return Drawing.of(self.static, self.reduced, [each.lifted for each in self.chosen], self.kernel)


class Lanes(eqx.Module):
    """Runs in lanes.

    `traced` and `start` have the shape (lanes, width): the floats of each run, and which draw it starts from. `lanes`,
    (), is how many of them are in use; those that come after only fill a shape up. `examples` are those of labelled
    inputs, None for others.
    """

    traced: Traced
    start: Array | np.ndarray
    lanes: Array | np.ndarray
    examples: Examples | None


class Batch(Lanes):
    """What a recipe is given: runs in lanes, and in `draws` what they start from."""

    draws: Draws

    @property
    def without_draws(self) -> Lanes:
        """The runs alone, for a program that is given what was drawn."""
        return Lanes(self.traced, self.start, self.lanes, self.examples)


def reduced_by(experiment: Experiment, wanted: bool | None) -> bool:
    """Whether runs are reduced: where it is exact and pays, unless said otherwise.

    **Raises** `SettingError` with the reason where a reduction is wanted that would not be exact.
    """
    if wanted is None:
        return worthwhile(experiment)
    reason = obstacle(experiment)
    if wanted and reason is not None:
        raise SettingError(f"cannot be reduced: {reason}")
    return wanted


def lane_width(experiment: Experiment, reduced: bool) -> int:
    """The number of runs in a lane: as many as keep its state near the processor (benchmarks/throughput.py)."""
    if experiment.labelled:
        # Examples take more room than any state: a narrow lane loses nothing, and ten seeds fill two.
        return 5
    if experiment.inputs.exact and in_stack(experiment, reduced):
        # Two vectors: wider lanes leave the cache nearest to the processor (benchmarks/crossover.py).
        return 16
    if reduced:
        return 256
    return 64 if experiment.inputs.exact else 32


def recipe(
    experiment: Experiment,
    save: Save,
    traced: Traced,
    reduced: bool | None = None,
    kernel: Kernel = "auto",
    lane: int | None = None,
    runs: int | None = None,
) -> Recipe:
    """The recipe of runs that share the static half of `experiment` and have the given floats.

    `lane` is the number of runs that are advanced together, by default the fastest for many runs. `runs` is how many
    there are, where that is known: few on drawn inputs have a narrow lane, if that changes no bit.

    **Raises** `SettingError` where the saves do not divide the run, a reduction is wanted that would not be exact, or a
    kernel that is not possible.
    """
    save.check(experiment)
    blocks = most_blocks(experiment.steps, traced.schedule.block_steps)
    return recipe_for_blocks(experiment, save, blocks, reduced, kernel, lane, runs)


def most_blocks(steps: int, block_steps: Array | np.ndarray) -> int:
    """The largest number of blocks of runs of so many steps, those that a run begins and does not end included."""
    return -(-steps // int(np.min(block_steps)))


def counts_blocks(experiment: Experiment, save: Save) -> bool:
    """Whether an array has an entry for each block.

    Block lengths are floats, and only then do they have a part in what is compiled.
    """
    return save.by_blocks or experiment.curriculum.varies


def recipe_for_blocks(
    experiment: Experiment,
    save: Save,
    blocks: int,
    reduced: bool | None = None,
    kernel: Kernel = "auto",
    lane: int | None = None,
    runs: int | None = None,
) -> Recipe:
    """The recipe of runs that begin at most `blocks` blocks, with the observables that `save` names now.

    The rest is as for `recipe`.

    **Raises** `SettingError` where a reduction is wanted that would not be exact, or a kernel that is not possible.
    """
    is_reduced = reduced_by(experiment, reduced)
    save = save.current()
    kept = blocks if counts_blocks(experiment, save) else 0
    kernel = kernel_of(experiment, kernel, is_reduced)
    # Where a kernel computes parts of a step only, lanes are as wide as XLA has them.
    of_kernel = KERNEL_LANES.get(kernel) if experiment.inputs.exact and not in_stack(experiment, is_reduced) else None
    width = lane or of_kernel or lane_width(experiment, is_reduced)
    if kernel != "xla":
        if lane is None and runs is not None and has_bits_of_any_width(experiment, save):
            width = min(width, runs)
        # Of whole vectors: what fills one up takes no time.
        width = -(-width // WIDTH) * WIDTH
    compiled = dataclasses.replace(experiment, inputs=experiment.inputs.to_compile())
    return Recipe(static_half(compiled), save, kept, is_reduced, width, kernel)


def has_bits_of_any_width(experiment: Experiment, save: Save) -> bool:
    """Whether runs on drawn inputs, with a kernel, have the same bits in lanes of 16 and of 32.

    Parts of this package write sums out over axes as short as these, and so does what is saved where it says so
    (tests/gatednet/test_narrow_lanes.py). XLA has sums of its own for long axes, for those of a user's part, and for
    those of optimisers; their last bits may depend on the number of runs.
    """
    if experiment.inputs.exact or experiment.labelled or not experiment.rule.elementwise or not is_shipped(experiment):
        return False
    short = max(max(group.shape) for group in experiment.network.groups.values()) <= LONGEST_CHAIN
    return short and all(each.written_out for each in save.chosen)


def kernel_of(experiment: Experiment, wanted: Kernel, reduced: bool) -> Kernel:
    """The kernel of runs on this machine, where they have one.

    **Raises** `SettingError` with the reason where a kernel is wanted that is not possible.
    """
    why = no_kernel(experiment, reduced, wanted)
    if why is None:
        return here(wanted)
    if wanted not in ("auto", "xla"):
        raise SettingError(f"kernel is {wanted!r}, allowed here are 'auto' and 'xla': {why}")
    return "xla"


def no_kernel(experiment: Experiment, reduced: bool, wanted: Kernel = "auto") -> str | None:
    """Why XLA alone compiles the runs of an experiment; None where kernels do, or compile parts of their steps."""
    inputs = experiment.inputs
    if experiment.labelled:
        return f"inputs are {type(inputs).__name__}, and labelled"
    if not inputs.exact:
        return f"inputs are {type(inputs).__name__}, and not exact" if wanted == "pallas" else None
    network = network_of(experiment, reduced)
    cut = network.cut(exact=True)
    if cut is Cut.ENTRIES or (cut is Cut.STACK and wanted != "pallas"):
        return None
    return "the network is too large for registers"


def in_stack(experiment: Experiment, reduced: bool) -> bool:
    """Whether the maps of all paths are one block, of whose sums kernels compute those over paths and over maps."""
    network = network_of(experiment, reduced)
    return network.cut(experiment.inputs.exact) is Cut.STACK


def run_batch(recipe: Recipe, batch: Batch) -> dict[str, Array]:
    """All runs of a batch: the observables by name, with dimensions (lanes, *all_dims, width).

    A pure function. `compiled` makes two programs of it; compiled in another way, the last bits may be others.
    """
    return run_lanes(recipe, batch.without_draws, starts(recipe.drawing, batch.draws))


def run_lanes(recipe: Recipe, lanes: Lanes, drawn: tuple[Problem, Basis | None]) -> dict[str, Array]:
    """`run_batch`, for runs that start from what was drawn, with the draws as first axis."""
    run = _lane_of(recipe)

    def one_lane(given: tuple[Traced, Array]) -> dict[str, Array]:
        traced, index = given
        problem, basis = jax.tree.map(lambda values: _runs_last(values[index]), drawn)
        return run(traced, problem, basis, lanes.examples)

    return for_each(one_lane, (lanes.traced, lanes.start), lanes.lanes)


def _runs_last(values: Array) -> Array:
    """(runs, ...) → (..., runs), in memory as well.

    Left to itself the compiler calls the old order a layout of the new shape, and what is made of the start alone is
    then computed run by run: the last few runs of a lane in other instructions than the rest, and in other last bits.
    """
    moved = jnp.moveaxis(values, 0, -1)
    return with_layout_constraint(moved, Layout(major_to_minor=tuple(range(moved.ndim))))


@functools.lru_cache(128)
def _lane_of(recipe: Recipe) -> Callable[[Traced, Problem, Basis | None, Examples | None], dict[str, Array]]:
    """What a recipe does with one lane; its trace is kept, since whoever asks for shapes will compile it later."""

    def run(traced: Traced, problem: Problem, basis: Basis | None, examples: Examples | None) -> dict[str, Array]:
        experiment = merge(recipe.static, traced.values)
        dynamics = Dynamics(experiment, network_of(experiment, recipe.reduced))
        schedule = dynamics.experiment.curriculum.draw(traced.schedule, problem.key, recipe.blocks)
        lane = Lane(dynamics, schedule, problem, basis, examples)
        return evolve(lane, recipe.save, recipe.blocks, recipe.kernel)

    return jax.jit(run, inline=True)


@dataclasses.dataclass(frozen=True)
class Packing:
    """A batch, and where each run of the request is in it: `place` (runs,) counts through lanes and their runs."""

    batch: Batch
    place: np.ndarray


def pack(
    experiment: Experiment,
    values: Mapping[str, np.ndarray],
    seeds: np.ndarray,
    streams: np.ndarray,
    width: int,
    dtype: Any = np.float32,
    lanes: int | None = None,
    draws: int | None = None,
    examples: Examples | None = None,
) -> Packing:
    """Sort runs into lanes and find the draws that they share.

    Runs of one block length go to one lane as far as possible: a lane stops at every switch of each of its runs.
    `values` are arrays (runs,) for floats and words at dotted paths, `seeds` and `streams` are (runs,). The batch is
    padded, with copies of a run, to at least `lanes` lanes and `draws` draws. `examples` are those of labelled inputs.

    **Raises** `SettingError` where the inputs need other examples than those.
    """
    experiment.inputs.check_examples(examples, experiment.network)
    runs = len(seeds)
    traced = trace(experiment, values, runs, dtype)
    order = np.argsort(traced.schedule.block_steps, kind="stable")
    count = max(-(-runs // width), lanes or 0)
    filled = np.concatenate([order, np.full(count * width - runs, order[-1])]).reshape(count, width)

    columns = [seeds, streams]
    columns += jax.tree.leaves(Origin.of(traced.values))
    first, which = _distinct([np.asarray(column, np.float64) for column in columns])
    batch = Batch(
        jax.tree.map(lambda leaf: leaf[filled], traced),
        which[filled].astype(np.int32),
        np.asarray(-(-runs // width), np.int32),
        examples,
        draws_of(traced.values, seeds, streams, first, draws_held(experiment, max(len(first), draws or 0))),
    )
    place = np.empty(runs, np.int64)
    place[order] = np.arange(runs)
    return Packing(batch, place)


def _distinct(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The first run of each combination of values of (runs,) columns, and which combination each run has."""
    # Most columns are constant, and to sort many takes long.
    varying = [column for column in columns if (column != column[0]).any()]
    if not varying:
        return np.zeros(1, np.int64), np.zeros(len(columns[0]), np.int64)
    values, axis = (varying[0], None) if len(varying) == 1 else (np.stack(varying), 1)
    _, first, which = np.unique(values, axis=axis, return_index=True, return_inverse=True)
    return first, which.reshape(-1)


def unpack(results: Mapping[str, Array], place: np.ndarray) -> dict[str, np.ndarray]:
    """The results of a batch in the order of the request, with dimensions (runs, *all_dims)."""
    # NumPy waits for an array without listening to signals; JAX does listen.
    jax.block_until_ready(results)

    def ordered(values: Array) -> np.ndarray:
        host = np.moveaxis(np.asarray(values), -1, 1)
        return host.reshape(-1, *host.shape[2:])[place]

    return {name: ordered(values) for name, values in results.items()}
