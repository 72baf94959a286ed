"""Stores of all figures, small enough to be computed in the tests."""

import dataclasses
import functools
from pathlib import Path

import filelock
import pytest

from gatednet import Population, with_values
from gatednet.figures.pipeline import make, sweeps_for
from gatednet.figures.registry import FIGURES
from gatednet.figures.toolkit.result import FORMATS
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.run import run_sweep

SEEDS, MOST_POINTS = 3, 7
# Networks of images take seconds to train, and runs with labels longer than others.
LABELLED_SEEDS, LABELLED_POINTS = 2, 3
# Of six blocks of a thousand steps the last two count, and half of them are run; of ten the last six do, and all are.
LABELLED_STEPS = {6000: 3000}
# Runs of many paths, which have many tasks, too, are cut to a share of their time.
SHORTER_FROM = {9: 5, 33: 25}
# What is written beside a picture is the same for all formats: curves, fields, maps and networks of images have all.
IN_ALL_FORMATS = ("fig2", "fig4", "fig5", "fig7")


def small(sweep):
    """The same sweep with the population, or digits, as inputs, few seeds, long axes thinned out, and long runs cut."""
    labelled = sweep.experiment.inputs.labelled
    few = {"inputs.images": "digits"} if labelled else {"inputs": Population()}
    seeds, most = (LABELLED_SEEDS, LABELLED_POINTS) if labelled else (SEEDS, MOST_POINTS)
    if labelled:
        few["steps"] = LABELLED_STEPS.get(sweep.experiment.steps, sweep.experiment.steps)
    paths = getattr(sweep.experiment.network, "paths", 0)
    shorter = max((by for fewest, by in SHORTER_FROM.items() if paths >= fewest), default=1)
    if shorter > 1:
        few["steps"] = sweep.experiment.steps // shorter
    experiment = with_values(sweep.experiment, few)
    save = dataclasses.replace(sweep.save, every=sweep.save.every // shorter)
    axes = []
    for axis in sweep.axes:
        points = axis.values[:seeds] if axis.is_seed or "inputs.network_seed" in axis.paths else axis.values
        step = -(-len(points) // most)
        labels = None if axis.labels is None else axis.labels[::step]
        axes.append(Axis.seeds(points) if axis.is_seed else Axis(axis.name, axis.path, points[::step], labels))
    return dataclasses.replace(sweep, experiment=experiment, axes=tuple(axes), save=save)


def pytest_collection_modifyitems(items):
    """Stores of figures take longer to compute with the least optimization than they gain in compilation."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.optimized(2))


@pytest.fixture(scope="session")
def small_sweeps():
    """The small sweeps of a figure, by its name."""

    @functools.cache
    def of(name):
        return {store: small(sweep) for store, sweep in sweeps_for(FIGURES[name]).items()}

    return of


@pytest.fixture(scope="session")
def stores(small_sweeps, tmp_path_factory, worker_id):
    """The finished small stores of a figure, by its name; each is computed once, also where figures share it.

    Processes that share out the tests share the stores too.
    """
    known = {}
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "stores"
    folder.mkdir(exist_ok=True)

    def of(name):
        sweeps = small_sweeps(name)
        for store, sweep in sweeps.items():
            if store not in known:
                with filelock.FileLock(folder / f"{store}.lock"):
                    known[store] = run_sweep(sweep, folder / store)
        return {store: known[store] for store in sweeps}

    return of


@pytest.fixture(scope="session")
def data(stores):
    """What the panels of a figure show, by its name."""

    @functools.cache
    def of(name):
        return FIGURES[name].load().compute(stores(name)).load()

    return of


@pytest.fixture(scope="session")
def made(stores, tmp_path_factory):
    """The folder into which a figure was drawn, and its claims, by its name."""

    @functools.cache
    def of(name):
        folder = tmp_path_factory.mktemp(f"{name}-pictures")
        formats = FORMATS if name in IN_ALL_FORMATS else ["svg"]
        return folder, make(FIGURES[name], stores(name), folder, formats)

    return of
