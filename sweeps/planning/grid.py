"""`Grid`: the points of a sweep cut into chunks of one shape, whatever its runs are."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence


@dataclasses.dataclass(frozen=True)
class Chunk:
    """A piece of the grid: its place among the chunks, and the points from `start` up to before `stop` of each axis."""

    index: tuple[int, ...]
    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def name(self) -> str:
        """The name under which the chunk is marked as done."""
        return ".".join(str(each) for each in self.index)

    @property
    def region(self) -> tuple[slice, ...]:
        """The piece of an array over the grid."""
        return tuple(slice(start, stop) for start, stop in zip(self.start, self.stop, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points along each axis."""
        return tuple(stop - start for start, stop in zip(self.start, self.stop, strict=True))

    @property
    def runs(self) -> int:
        """The number of runs."""
        return math.prod(self.shape)


@dataclasses.dataclass(frozen=True)
class Grid:
    """A grid of `shape` points, cut into chunks of `chunk_shape`; those at the end of an axis may be smaller."""

    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]

    @property
    def runs(self) -> int:
        """The number of points."""
        return math.prod(self.shape)

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of chunks along each axis."""
        return tuple(-(-size // step) for size, step in zip(self.shape, self.chunk_shape, strict=True))

    def __len__(self) -> int:
        return math.prod(self.counts)

    def chunks(self, outer: Sequence[int] = ()) -> Iterator[Chunk]:
        """All chunks, those at one place along the `outer` axes after each other."""
        order = [*outer, *(place for place in range(len(self.counts)) if place not in outer)]
        for index in itertools.product(*(range(self.counts[place]) for place in order)):
            yield self.chunk(tuple(each for _, each in sorted(zip(order, index, strict=True))))

    def chunk(self, index: tuple[int, ...]) -> Chunk:
        """The chunk at a place."""
        start = tuple(each * step for each, step in zip(index, self.chunk_shape, strict=True))
        stop = tuple(
            min(first + step, size) for first, step, size in zip(start, self.chunk_shape, self.shape, strict=True)
        )
        return Chunk(index, start, stop)
