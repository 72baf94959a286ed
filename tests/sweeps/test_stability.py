"""A sweep says in how many of its cells constraints are too stiff."""

import time

import numpy as np
import pytest

from gatednet import Experiment, GatedLinear, Objective, Population, Save, StiffnessWarning, Timescales
from gatednet.sweeps import Axis, Sweep
from gatednet.sweeps.catalog import SWEEPS, sweeps_of
from gatednet.sweeps.planning.stability import stiffness_of, warn_of_stiffness

EXPERIMENT = Experiment(
    network=GatedLinear(paths=4, inputs=20, outputs=2),
    inputs=Population(),
    objective=Objective(norm=0.5),
    timescales=Timescales(gates=0.01),
    dt=0.002,
)


def sweep_over(*axes: Axis) -> Sweep:
    return Sweep(EXPERIMENT, axes, Save(("loss",), 20_000))


def test_cells_are_counted_without_seeds() -> None:
    sweep = sweep_over(
        Axis("paths", "network.paths", (2, 4, 8)),
        Axis("norm", "objective.norm", (0.1, 1.0, 2.5)),
        Axis("scale", "initial.weight_scale", (0.01, 0.1)),
        Axis.seeds(3),
    )
    # norm · paths · .2 is above 2 for 2.5 × 8 only; 2.5 × 4 is at the limit.
    with pytest.warns(
        StiffnessWarning,
        match=r"^constraint objective\.norm is too stiff for steps of dt in 2 of 18 cells: with these "
        r"timescales\.gates the rule Euler is stable up to dt = 0\.001, and Proximal at any dt$",
    ):
        warn_of_stiffness(sweep)


def test_zipped_axes_and_sweeps_without_such_cells() -> None:
    values = ((20.0, 1.0), (20.0, 0.01), (0.1, 0.01))
    pairs = Axis("pairs", ("objective.norm", "timescales.gates"), values, ("slow", "stiff", "weak"))
    assert "in 1 of 3 cells" in (stiffness_of(sweep_over(pairs)) or "")
    assert stiffness_of(sweep_over(Axis("norm", "objective.norm", (0.0, 0.1)))) is None
    assert stiffness_of(sweep_over(Axis.seeds(2))) is None


def test_a_million_cells_take_no_loop() -> None:
    norms, times = np.linspace(0.0, 5.0, 1000), np.geomspace(1e-3, 1e-1, 1000)
    sweep = sweep_over(
        Axis("norm", "objective.norm", tuple(norms.tolist())),
        Axis("gate_time", "timescales.gates", tuple(times.tolist())),
    )
    start = time.process_time()
    line = stiffness_of(sweep)
    assert time.process_time() - start < 1.0
    cells = np.count_nonzero(norms[:, None] * 4 * 0.002 / times > 2 * (1 + 1e-9))
    assert f"in {cells:,} of 1,000,000 cells" in (line or "")


@pytest.mark.parametrize("name", SWEEPS)
def test_no_sweep_of_the_catalog_is_too_stiff(name: str) -> None:
    assert [line for line in map(stiffness_of, sweeps_of(name).values()) if line is not None] == []
