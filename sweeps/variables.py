"""`Variable`: the shape of what is stored of each run."""

from __future__ import annotations

import dataclasses
import functools
import math

import jax
import numpy as np

from gatednet.dimensions import dimensions
from gatednet.engine.batch import Recipe, pack, run_batch
from gatednet.experiment import Experiment
from gatednet.simulation import precision_of


@dataclasses.dataclass(frozen=True)
class Variable:
    """A quantity that is stored of each run: its name, dimensions, their sizes, and its NumPy number type."""

    name: str
    dims: tuple[str, ...]
    sizes: tuple[int, ...]
    dtype: str

    @property
    def bytes(self) -> int:
        """The size in memory of one run's values."""
        return math.prod(self.sizes) * np.dtype(self.dtype).itemsize


@functools.lru_cache(maxsize=256)
def variables_of(experiment: Experiment, recipe: Recipe, precision: str) -> tuple[Variable, ...]:
    """What a run of an experiment gives by a recipe, in alphabetical order; nothing is compiled or run."""
    one = np.zeros(1, np.int64)
    with precision_of(precision) as dtype:
        nothing = experiment.inputs.placeholder(experiment.network.outputs)
        batch = pack(experiment, {}, one, one, recipe.width, dtype, examples=nothing).batch
        shapes = jax.eval_shape(functools.partial(run_batch, recipe), batch)
    return tuple(
        Variable(name, dimensions(name), tuple(shape.shape[1:-1]), np.dtype(shape.dtype).name)
        for name, shape in sorted(shapes.items())
    )
