"""`simulate`: from an experiment to labelled arrays."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray

from gatednet.batch import compiled, lane_width, pack, recipe, reduced_by, unpack
from gatednet.examples import Examples
from gatednet.experiment import Experiment
from gatednet.labels import attributes, coordinates, dimensions
from gatednet.lane import Save
from gatednet.settings import SettingError
from gatednet.shield import shielded
from gatednet.stability import warn

PRECISIONS = {"float32": np.float32, "float64": np.float64}
LARGEST_SEED = 2**32 - 1


@contextlib.contextmanager
def precision_of(name: str) -> Iterator[type]:
    """The number type of a precision, "float32" or "float64", with JAX set to it, and shielded: see `shield`."""
    if name not in PRECISIONS:
        raise SettingError(f"precision is {name!r}, allowed are {' and '.join(PRECISIONS)}")
    with shielded(name == "float64"):
        yield PRECISIONS[name]


def check_seeds(seeds: Sequence[Any]) -> np.ndarray:
    """Seeds as an array.

    **Raises** `SettingError` where there is none, or one that is not a whole number from 0 to 2³² - 1.
    """
    if not len(seeds):
        raise SettingError("there are no seeds, allowed are one or more")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed <= LARGEST_SEED:
            raise SettingError(f"seed is {seed!r}, allowed are whole numbers from 0 to {LARGEST_SEED}")
    return np.asarray(seeds, np.int64)


def simulate(
    experiment: Experiment,
    save: Save,
    seeds: int | Sequence[int] = 0,
    *,
    reduced: bool | None = None,
    precision: str = "float32",
    examples: Examples | None = None,
    lane: int | None = None,
) -> xarray.Dataset:
    """Run one experiment for one seed or several.

    Returns a dataset with a variable for each observable of `save`, beside the result code `result` of every run and
    the number of steps `result_step` that it took with finite numbers. Dimensions are those of the observables, after
    "seed" where several seeds are given; "step" counts steps, and "time" is its time.

    `reduced` asks for the exact reduction to few dimensions, or against it; by itself it is made wherever it is exact
    and pays. `precision` is "float32" or "float64". `examples` are those of labelled inputs, see `examples_of`. A seed
    gives the same numbers alone and among others.

    `lane` is the number of runs that are advanced together, by itself the fastest for many runs. Few runs take less
    time in a narrow lane, and in lanes of other widths the last bits may be others.

    **Warns** `StiffnessWarning` where steps are too long for a constraint on the parameters.

    **Raises** `SettingError` for seeds, saves, reductions, examples and lanes that are not possible.
    """
    one = isinstance(seeds, int | np.integer)
    numbers = check_seeds([seeds] if one else list(seeds))
    if lane is not None and lane < 1:
        raise SettingError(f"lane is {lane}, allowed is a whole number, at least 1")
    with precision_of(precision) as dtype:
        width = lane or lane_width(experiment, reduced_by(experiment, reduced))
        packing = pack(experiment, {}, numbers, np.zeros_like(numbers), width, dtype, examples=examples)
        made = dataclasses.replace(recipe(experiment, save, packing.batch.traced, reduced), width=width)
        warn(experiment)
        results = unpack(compiled(made)(packing.batch), packing.place)

    leading = () if one else ("seed",)
    variables = {
        name: (leading + dimensions(name), values[0] if one else values, attributes(name))
        for name, values in results.items()
    }
    named = coordinates(experiment, save)
    if "step" in named:
        named["time"] = ("step", named["step"][1] * experiment.dt, {"long_name": "time", "units": "time"})
    seed = {"seed": int(numbers[0]) if one else ("seed", numbers)}
    return xarray.Dataset(variables, {**named, **seed})
