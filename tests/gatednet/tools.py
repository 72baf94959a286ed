"""What several tests need: a small experiment, and many runs of one static half at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

import gatednet
from gatednet import REGISTRY, Blocked, Experiment, GatedLinear, Population, Save, Timescales, simulate
from gatednet.engine.programs import compiled
from gatednet.simulation import precision_of

# The names of all observables of tasks that are maps; those of labels are in test_labelled.py.
OF_MAPS = tuple(name for name, each in REGISTRY.items() if each.of != "labels")

# Few dimensions and steps, since a test's time goes into compilation.
SMALL = Experiment(
    network=GatedLinear(paths=2, inputs=4, outputs=2),
    inputs=Population(),
    curriculum=Blocked(block_length=0.1),
    timescales=Timescales(weights=0.2, gates=0.05),
    dt=0.01,
    steps=40,
)


def run_many(
    experiment: Experiment,
    save: Save,
    values: Mapping[str, ArrayLike] | None = None,
    seeds: ArrayLike = (0,),
    *,
    reduced: bool | None = None,
    precision: str = "float32",
) -> dict[str, np.ndarray]:
    """Runs of one compilation, (runs, *all_dims) each, from values at dotted paths and seeds, both broadcast."""
    traceable = {path: np.asarray(each) for path, each in (values or {}).items()}
    runs = max([np.size(seeds), *map(len, traceable.values())])
    for run in range(runs):
        gatednet.with_values(experiment, {path: each[run].item() for path, each in traceable.items()})
    numbers = np.broadcast_to(np.asarray(seeds), (runs,))
    with precision_of(precision) as dtype:
        traced = gatednet.trace(experiment, traceable, runs, dtype)
        recipe = gatednet.recipe(experiment, save, traced, reduced)
        packing = gatednet.pack(experiment, traceable, numbers, np.zeros(runs, int), recipe.width, dtype)
        return gatednet.unpack(compiled(recipe, packing.batch)(packing.batch), packing.place)


def both(tried, save=("loss", "gates", "alignment"), every=10, seeds=range(3), precision="float64", **options):
    """The runs of an experiment by a kernel and by XLA."""
    return [
        simulate(tried, save, seeds, every=every, precision=precision, kernel=kernel, **options)
        for kernel in ("vector", "xla")
    ]


def agree(found, expected, tolerance=1e-12):
    """Assert that the variables of one dataset are those of another, to a tolerance, relative and absolute."""
    for name in found.data_vars:
        np.testing.assert_allclose(found[name], expected[name], rtol=tolerance, atol=tolerance, err_msg=name)
