"""The numbers of a sweep do not depend on how it is cut into chunks, on devices, or on the order of its seeds."""

from pathlib import Path

import numpy as np
import pytest

from gatednet import GatedLinear, Gaussian, Save, simulate, with_values
from gatednet.arrays.rows import Cut
from gatednet.dynamics.reduction import network_of
from gatednet.sweeps import Axis, Sweep, run_sweep
from gatednet.sweeps.catalog import SWEEPS, sweeps_of
from tests.gatednet.tools import SMALL

pytestmark = pytest.mark.optimized

EXPERIMENT = with_values(
    SMALL, {"network": GatedLinear(paths=2, inputs=20, outputs=10), "inputs": Gaussian(batch=30), "objective.norm": 0.1}
)
SAVE = Save(("loss", "weights", "alignment", "specialization"), 20)


@pytest.mark.parametrize("noise", ["paired", "independent"])
def test_chunks_and_order_change_no_bit(tmp_path: Path, noise: str) -> None:
    stores = {}
    for name, seeds, chunk_runs in (("whole", (0, 1, 2), None), ("one by one", (2, 0, 1), 1)):
        sweep = Sweep(EXPERIMENT, (Axis("norm", "objective.norm", (0.1, 0.3)), Axis.seeds(seeds)), SAVE, noise=noise)
        stores[name] = run_sweep(sweep, tmp_path / name, chunk_runs=chunk_runs).dataset().load()
    for each in SAVE.observables:
        for seed in (0, 1, 2):
            np.testing.assert_array_equal(*(store[each].sel(seed=seed).values for store in stores.values()))
    if noise == "paired":
        alone = simulate(EXPERIMENT, SAVE, 1)
        for each in SAVE.observables:
            np.testing.assert_array_equal(stores["whole"][each].sel(norm=0.1, seed=1).values, alone[each].values)


@pytest.mark.parametrize("name", SWEEPS)
def test_networks_of_the_catalog_are_cut_as_ever(name: str) -> None:
    # Stored results have the bits of these cuts.
    for sweep in sweeps_of(name).values():
        for group in sweep.groups():
            experiment = sweep.group(group)
            network = network_of(experiment, sweep.recipe(group).reduced)
            exact, paths = experiment.inputs.exact, network.paths_of(experiment.teachers.number)
            if exact and network.parameters <= 40:
                cut = Cut.ENTRIES
            elif paths <= 4 and (network.outputs * network.inputs > 64 or not exact):
                cut = Cut.MAPS
            else:
                cut = Cut.STACK
            assert network.cut(exact) is cut
