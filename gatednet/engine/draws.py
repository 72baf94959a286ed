"""`Draws`: what the runs of a batch start from, each drawn once for all runs that share it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax import Array

from gatednet.dynamics.problem import Origin, Problem, draw
from gatednet.dynamics.reduction import Basis, Lifted, basis_for, in_frame
from gatednet.engine.loop import for_each
from gatednet.engine.size import DRAWS_TOGETHER
from gatednet.experiment import Experiment, merge
from gatednet.kernels.kernel import Kernel
from gatednet.kernels.parts import parts_by


class Draws(eqx.Module):
    """What is drawn, in groups: floats, seeds and streams, (groups, DRAWS_TOGETHER) each.

    `groups`, (), is how many are in use; those that come after only fill the shape up.
    """

    origins: Origin
    seeds: Array | np.ndarray
    streams: Array | np.ndarray
    groups: Array | np.ndarray


@dataclasses.dataclass(frozen=True)
class Drawing:
    """What is compiled of draws: all that is no array. Experiments that differ in other parts share it.

    `origin` is its static half, `reduced` whether problems are reduced, and `asked` what observables ask of the bases.
    `kernel` is what compiles parts of them.
    """

    origin: Origin
    reduced: bool
    asked: frozenset[Lifted]
    kernel: Kernel = "xla"

    @classmethod
    def of(cls, static: Experiment, reduced: bool, asked: Collection[Lifted] = (), kernel: Kernel = "xla") -> Drawing:
        """That of the static half of experiments, by a kernel where processors have one."""
        return cls(
            Origin.of(static),
            reduced,
            frozenset(asked) - {False} if reduced else frozenset(),
            "vector" if kernel in ("auto", "vector") else "xla",
        )


def draws_of(values: Experiment, seeds: np.ndarray, streams: np.ndarray, chosen: np.ndarray, room: int) -> Draws:
    """The draws of some runs: `chosen` are their places, for arrays (runs,) of floats, seeds and streams.

    They are filled up with copies of the first to `room` draws, see `draws_held`.
    """
    filled = np.concatenate([chosen, np.full(room - len(chosen), chosen[0])])
    places = filled.reshape(-1, DRAWS_TOGETHER)
    return Draws(
        jax.tree.map(lambda leaf: leaf[places], Origin.of(values)),
        seeds[places].astype(np.uint32),
        streams[places].astype(np.uint32),
        np.asarray(-(-len(chosen) // DRAWS_TOGETHER), np.int32),
    )


def starts(drawing: Drawing, draws: Draws) -> tuple[Problem, Basis | None]:
    """The problems and bases that runs start from, with the draws as first axis."""
    one_group = _group_of(drawing)
    drawn = for_each(one_group, (draws.origins, draws.seeds, draws.streams), draws.groups)
    return jax.tree.map(lambda values: values.reshape(-1, *values.shape[2:]), drawn)


@functools.lru_cache(128)
def _group_of(drawing: Drawing) -> Callable[[Any], Any]:
    """The starts of one group of draws; inlined, its trace is kept for whoever compiles it after asking for shapes."""

    def start(values: Origin, seed: Array, stream: Array) -> tuple[Problem, Basis | None]:
        origin = merge(drawing.origin, values)
        problem = draw(origin, seed, stream)
        if not drawing.reduced:
            return problem, None
        problem, basis = in_frame(origin.network, problem)
        return problem, basis_for(origin.network, basis, drawing.asked)

    def group(given: Any) -> Any:
        with parts_by(drawing.kernel):
            return jax.vmap(start)(*given)

    return jax.jit(group, inline=True)
