"""`Plan`: a sweep cut into chunks, each of them computed, written and marked as done as a whole, and their runs."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gatednet.dynamics.problem import DRAWN_FROM
from gatednet.engine.size import bytes_of_settings, draws_held, numbers_of_start
from gatednet.experiment import Experiment
from gatednet.inputs.examples import Examples
from gatednet.memory import check_fits
from gatednet.refusal import SettingError, shown
from gatednet.settings import Optional, Whole, argument
from gatednet.sweeps.planning.grid import Chunk, Grid
from gatednet.sweeps.planning.speed import expected_speed
from gatednet.sweeps.sweep import Sweep

# A chunk is a file for every variable, and one that marks it as done.
MOST_CHUNKS = 10**6
# The largest chunk: in runs, in bytes of results and of what they are made from, and in the seconds that it is expected
# to take on one processor core, so that progress is seen and little is lost when a sweep is interrupted.
MOST_RUNS, MOST_BYTES, MOST_SECONDS = 2**16, 2**26, 4.0

# A chunk, and its arrays over its runs by name.
Computed = tuple[Chunk, dict[str, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Request:
    """The runs of a chunk, in C order: what `gatednet.pack` takes. `examples` are those of labelled inputs."""

    experiment: Experiment
    values: Mapping[str, np.ndarray]
    seeds: np.ndarray
    streams: np.ndarray
    examples: Examples | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """The grid of a sweep cut into chunks of one shape; those at the end of an axis may be smaller.

    **Raises** `SettingError` where a chunk would be empty, larger than the grid, or of several compilations.
    """

    sweep: Sweep
    chunk_shape: tuple[int, ...]

    def __post_init__(self) -> None:
        sizes = self.sweep.shape
        largest = [1 if place in self.sweep.static_places else size for place, size in enumerate(sizes)]
        fits = len(self.chunk_shape) == len(sizes) and all(
            isinstance(step, int) and not isinstance(step, bool) and 1 <= step <= most
            for step, most in zip(self.chunk_shape, largest, strict=True)
        )
        if not fits:
            raise SettingError(
                f"the shape of a chunk is {shown(self.chunk_shape)}, allowed are whole numbers from 1 to "
                f"{tuple(largest)}, one an axis"
            )

    @functools.cached_property
    def grid(self) -> Grid:
        """The chunks without their runs."""
        return Grid(self.sweep.shape, self.chunk_shape)

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of chunks along each axis."""
        return self.grid.counts

    def __len__(self) -> int:
        return len(self.grid)

    @property
    def chunk_runs(self) -> int:
        """The number of runs in a chunk that is not cut off by the end of an axis."""
        return math.prod(self.chunk_shape)

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, those of one static group after each other."""
        return self.grid.chunks(self.sweep.static_places)

    def chunk(self, index: tuple[int, ...]) -> Chunk:
        """The chunk at a place."""
        return self.grid.chunk(index)

    def group(self, chunk: Chunk) -> tuple[int, ...]:
        """The static group that a chunk belongs to."""
        return tuple(chunk.start[place] for place in self.sweep.static_places)

    @functools.cached_property
    def most_draws(self) -> int:
        """The largest number of different starts (seeds, initial states, teachers, networks) of the runs of a chunk."""
        search = self.sweep.search
        if search is not None and search.path.partition(".")[0] in DRAWN_FROM:
            return self.chunk_runs
        drawing = [
            step
            for axis, step in zip(self.sweep.axes, self.chunk_shape, strict=True)
            if axis.is_seed
            or self.sweep.noise == "independent"
            or any(path.partition(".")[0] in DRAWN_FROM for path in axis.paths)
        ]
        return math.prod(drawing)

    @property
    def chunk_bytes(self) -> int:
        """What the runs of a chunk take while they are simulated, at least: settings, starts and results."""
        sweep = self.sweep
        experiments = [sweep.group(group) for group in sweep.groups()]
        itemsize = np.dtype(sweep.precision).itemsize
        settings = max(bytes_of_settings(each) for each in experiments)
        starts = max(numbers_of_start(each) for each in experiments) * itemsize
        draws = max(draws_held(each, self.most_draws) for each in experiments)
        return self.chunk_runs * (settings + sum(each.bytes for each in sweep.variables)) + draws * starts

    def request(self, chunk: Chunk) -> Request:
        """The runs of a chunk."""
        sweep = self.sweep
        shape = chunk.shape

        def spread(place: int, values: Sequence[Any]) -> np.ndarray:
            along = np.asarray(values[chunk.start[place] : chunk.stop[place]])
            return np.broadcast_to(along.reshape(-1, *(1,) * (len(shape) - place - 1)), shape).reshape(-1)

        values: dict[str, np.ndarray] = {}
        seeds = np.zeros(chunk.runs, np.int64)
        for place, axis in enumerate(sweep.axes):
            if axis.is_seed:
                seeds = spread(place, axis.values)
            elif place not in sweep.static_places:
                values |= {path: spread(place, axis.column(path)) for path in axis.paths}
        return Request(sweep.group(self.group(chunk)), values, seeds, self._streams(chunk))

    def _streams(self, chunk: Chunk) -> np.ndarray:
        """The stream of random numbers of each run: one for all, or one a cell, from a hash of its coordinates."""
        if self.sweep.noise == "paired":
            return np.zeros(chunk.runs, np.int64)
        named = sorted((axis.name, place) for place, axis in enumerate(self.sweep.axes) if not axis.is_seed)
        coordinates = [
            [f"{name}={coordinate!r}" for coordinate in self.sweep.axes[place].coordinates[chunk.region[place]]]
            for name, place in named
        ]
        hashed = np.array([_stream(cell) for cell in itertools.product(*coordinates)], np.int64)
        cells = hashed.reshape([len(along) for along in coordinates])
        # From the order of the names to that of the axes, with one point along the seed axis.
        places = [place for _, place in named]
        cells = cells.transpose([places.index(place) for place in sorted(places)])
        cells = cells.reshape(
            [1 if axis.is_seed else size for axis, size in zip(self.sweep.axes, chunk.shape, strict=True)]
        )
        return np.broadcast_to(cells, chunk.shape).reshape(-1)


def _stream(cell: Sequence[str]) -> int:
    return int.from_bytes(hashlib.sha256("\n".join(cell).encode()).digest()[:4], "little")


def chunk_shape(sweep: Sweep, chunk_runs: int | None = None) -> tuple[int, ...]:
    """The shape of the chunks of a sweep: one point along static axes, elsewhere as many as fit.

    Axes that change the schedule are cut first: runs with blocks of one length go through their steps together.
    """
    limit = _largest(sweep) if chunk_runs is None else chunk_runs
    shape = [1] * len(sweep.axes)
    places = [place for place in range(len(shape)) if place not in sweep.static_places]
    for place in sorted(places, key=lambda place: (place in sweep.schedule_places, -place)):
        pieces = -(-sweep.shape[place] // max(limit, 1))
        shape[place] = -(-sweep.shape[place] // pieces)
        limit //= shape[place]
    return tuple(shape)


def plan_of(sweep: Sweep, chunk_runs: int | None = None) -> Plan:
    """The grid cut into chunks; `chunk_runs` is the largest number of runs in one, by default that of `chunk_shape`.

    **Raises** `SettingError` where that is no whole number from 1, where there are too many chunks, and where one does
    not fit into memory.
    """
    limit = argument("chunk_runs", chunk_runs, Optional(Whole(1)))
    plan = Plan(sweep, chunk_shape(sweep, limit))
    if len(plan) > MOST_CHUNKS:
        raise SettingError(
            f"{sweep.runs:,} runs are {len(plan):,} chunks of {plan.chunk_runs:,} runs, each with files of its own, "
            f"allowed are at most {MOST_CHUNKS:,} chunks"
        )
    check_fits(f"a chunk of {plan.chunk_runs:,} runs", plan.chunk_bytes)
    return plan


def _history_bytes(sweep: Sweep) -> int:
    """What a run keeps of its past while it is simulated, for observables that compare saves with earlier ones."""
    if not sweep.save.keeps_history:
        return 0
    networks = [sweep.group(group).network for group in sweep.groups()]
    parameters = max(each.parameters for each in networks)
    saves = max(sweep.save.span(sweep.group(group)).saves for group in sweep.groups())
    return saves * parameters * np.dtype(sweep.precision).itemsize


def _largest(sweep: Sweep) -> int:
    bytes_of_run = sum(variable.bytes for variable in sweep.variables) + _history_bytes(sweep)
    longest = min(
        int(MOST_SECONDS * expected_speed(sweep, group) / (sweep.simulations * sweep.group(group).steps))
        for group in sweep.groups()
    )
    # At least one lane: a smaller chunk would take as long.
    width = max(sweep.recipe(group).width for group in sweep.groups())
    return max(min(MOST_RUNS, MOST_BYTES // bytes_of_run, max(longest, width)), 1)
