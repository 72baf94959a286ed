"""`simulate`: from an experiment to labelled arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from gatednet.dimensions import attributes, coordinates, dimensions
from gatednet.dynamics.stability import warn
from gatednet.engine.batch import REDUCED, most_blocks, pack, recipe_for_blocks, unpack
from gatednet.engine.programs import compiled
from gatednet.engine.save import Save
from gatednet.engine.size import check_size
from gatednet.experiment import Experiment, check_precision
from gatednet.inputs.examples import Examples
from gatednet.kernels.kernel import KERNEL, Kernel, check_platform
from gatednet.memory import check_fits
from gatednet.refusal import SettingError, shown
from gatednet.scalars import python_list, python_scalar
from gatednet.settings import LARGEST_SEED, SEED, Choice, Instance, Optional, Whole, argument, check_plain
from gatednet.shield import shielded

if TYPE_CHECKING:
    import xarray

PRECISIONS = {"float32": np.float32, "float64": np.float64}
PRECISION = Choice(tuple(PRECISIONS))
# The least that a seed takes, with its run.
_BYTES_OF_SEED = 100


@contextlib.contextmanager
def precision_of(name: str) -> Iterator[type]:
    """The number type of a precision, "float32" or "float64", with JAX set to it, and shielded: see `shield`."""
    name = argument("precision", name, PRECISION)
    with shielded(name == "float64"):
        yield PRECISIONS[name]


def check_seeds(seeds: Any) -> np.ndarray:
    """Seeds, in any form that can be gone through, as an array of 64-bit integers.

    **Raises** `SettingError` where there is none, or one that is not a whole number from 0 to 2³² - 1.
    """
    if isinstance(seeds, range) and seeds:
        check_seeds([min(seeds[0], seeds[-1]), max(seeds[0], seeds[-1])])
        check_fits(f"{len(seeds):,} seeds", _BYTES_OF_SEED * len(seeds))
        return np.arange(seeds.start, seeds.stop, seeds.step, dtype=np.int64)
    given = python_list(seeds)
    if not isinstance(given, list):
        raise _refused("seeds are", seeds)
    if not given:
        raise SettingError("there are no seeds, allowed are one or more")
    for seed in given:
        # Plain numbers, of which there may be many, are not asked twice.
        if (type(seed) is not int or not 0 <= seed <= LARGEST_SEED) and not SEED.allows(python_scalar(seed)):
            raise _refused("seed is", seed)
    return np.asarray([python_scalar(seed) for seed in given], np.int64)


def _refused(what: str, value: Any) -> SettingError:
    check_plain("seed", value)
    return SettingError(f"{what} {shown(value)}, allowed are whole numbers from 0 to {LARGEST_SEED}")


def save_of(save: Any, every: Any = None) -> Save:
    """A `Save` with the observables that its names have at present, or one of names and of the steps between saves.

    **Raises** `SettingError` where it is neither, and where `every` is missing or is given beside a `Save`.
    """
    if isinstance(save, Save):
        if every is not None:
            raise SettingError(f"every is {shown(every)} beside a Save, which has its own, allowed is one of the two")
        return save.current()
    check_plain("save", save)
    names = python_list(save)
    if not isinstance(names, list):
        raise SettingError(f"save is {shown(save)}, allowed are an instance of Save and a list of names of observables")
    if every is None:
        Save(tuple(names), 1)
        raise SettingError("every is missing, allowed beside names of observables is a number of steps between saves")
    return Save(tuple(names), every)


def simulate(
    experiment: Experiment,
    save: Save | Sequence[str],
    seeds: int | Sequence[int] = 0,
    *,
    every: int | None = None,
    reduced: bool | None = None,
    precision: str = "float32",
    examples: Examples | None = None,
    lane: int | None = None,
    kernel: Kernel = "auto",
) -> xarray.Dataset:
    """Run one experiment for one seed or several.

    `save` is a `Save`, or the names of observables, with `every` as the number of steps between saves.

    Returns a dataset with a variable for each observable of `save`, beside the result code `result` of every run and
    the number of steps `result_step` that it took with finite numbers. Dimensions are those of the observables, after
    "seed" where several seeds are given; "step" counts steps, and "time" is its time.

    `reduced` turns the exact reduction to few dimensions on or off; by default it is made wherever it is exact
    and pays. `precision` is "float32" or "float64". `examples` are those of labelled inputs, see `examples_of`. A seed
    gives the same numbers alone and among others.

    `lane` is the number of runs that are advanced together, by default the fastest for many runs. Few runs take less
    time in a narrow lane, and in lanes of other widths the last bits may be others. Kernels fill lanes up to whole
    vectors.

    `kernel` is what compiles the loop over steps, or draws and products where inputs are drawn: "vector" for vector
    instructions of the processor, "pallas" for a GPU, "xla" for everything, "auto" for the first where it is possible
    and else the third. They agree up to rounding.

    **Warns** `StiffnessWarning` where steps are too long for a constraint on the parameters, and `KernelWarning` where
    a kernel is missing that would be faster.

    **Raises** `SettingError` for seeds, saves, reductions, examples, lanes and kernels that are not possible.
    """
    argument("experiment", experiment, Instance(Experiment))
    save = save_of(save, every)
    argument("examples", examples, Optional(Instance(Examples)))
    reduced = argument("reduced", reduced, REDUCED)
    lane = argument("lane", lane, Optional(Whole(1)))
    kernel = argument("kernel", kernel, KERNEL)
    seeds = python_scalar(seeds)
    one = isinstance(seeds, int)
    numbers = check_seeds([seeds] if one else seeds)
    with precision_of(precision) as dtype:
        check_precision(experiment, dtype)
        save.check(experiment)
        check_platform(kernel, jax.default_backend())
        blocks = most_blocks(experiment.steps, experiment.curriculum.schedule(experiment.dt).block_steps)
        made = recipe_for_blocks(experiment, save, blocks, reduced, kernel, lane, len(numbers))
        check_size(experiment, save, len(numbers), len(numbers), made.width, blocks, made.reduced, dtype)
        packing = pack(experiment, {}, numbers, np.zeros_like(numbers), made.width, dtype, examples=examples)
        warn(experiment)
        results = unpack(compiled(made, packing.batch)(packing.batch), packing.place)

    # It is imported when there is something to put into it: a command has time for that while XLA compiles.
    import xarray

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
