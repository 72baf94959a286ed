"""Figure A5: the second layer of one run as it is, with and without regularisation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import two_layers
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, letter, new_figure
from gatednet.figures.toolkit.statistics import over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig6",)
PANELS = "AB"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """The second layer of the first seed, and of each run its strongest units, after the last block of each task.

    `second_layer` has the dimensions "regime", "after", "output" and "unit"; `strongest` (regime, seed, after, output)
    is the unit with the largest entry to each output.
    """
    store = stores["fig6"]
    data = store.dataset()
    second = two_layers.after_each_task(data.second_layer, int(data.block_steps))
    second = second.transpose("regime", "seed", "after", "output", "unit").load()
    shown, strongest = second.isel(seed=0, drop=True), second.argmax("unit").astype(np.int16)
    return xarray.Dataset(
        {
            "second_layer": shown.assign_attrs(described("second layer, units in the order of the network")),
            "strongest": strongest.assign_attrs(described("unit with the largest entry to an output")),
        },
        attrs={"settings": settings_line(store.sweep.experiment)},
    )


def draw(data: xarray.Dataset) -> Figure:
    """The second layer of one seed after a block of A and of B, regularised beside control."""
    figure = new_figure(PAGE, 3.0)
    grid = figure.subplots(2, 2)
    for column, regime, name in zip(grid.T, two_layers.LINES, PANELS, strict=True):
        image = two_layers.layer_maps(list(column), data.second_layer.sel(regime=regime), ordered=False)
        column[0].set_title(f"{regime}, {column[0].get_title()}")
        letter(column[0], name)
    two_layers.colour_bar(figure, image, grid.ravel())
    return figure


def changed(units: np.ndarray) -> np.ndarray:
    """The share of outputs whose strongest unit changes with the task, (seeds,)."""
    return (units[:, 0] != units[:, 1]).mean(axis=1)


def in_use(units: np.ndarray) -> np.ndarray:
    """How many units are the strongest of any output after any task, (seeds,)."""
    return np.array([len(np.unique(of_run)) for of_run in units], np.float64)


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the sorted maps of the same runs imply for the unsorted ones; thresholds are ours."""
    units_of = data.strongest.transpose("regime", "seed", "after", "output")
    regularised, control = (units_of.sel(regime=regime).values for regime in two_layers.LINES)
    units = data.sizes["unit"]
    return [
        Claim(
            "regularised: every output has another strongest unit in the other task",
            "Figure A5A; sorted in Figure 6A",
            Range(0.9, None, "all ten in the published maps; one in ten may be undecided between two units"),
            over_seeds(changed(regularised)),
            origin="ours",
        ),
        Claim(
            "control: no output has",
            "Figure A5B; sorted in Figure A6B",
            Range(None, 0.1, "none in the published maps; one in ten may be undecided between two units"),
            over_seeds(changed(control)),
            origin="ours",
        ),
        Claim(
            "regularised: all twenty units are in use as the strongest of an output in a task",
            "Figure A5A; sorted in Figure 6A",
            Range(0.9 * units, units, "all in the published map; one unit in ten may be idle"),
            over_seeds(in_use(regularised)),
            origin="ours",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in both panels, with settings and verdicts."""
    return written(
        "Figure A5. The second layer as it is",
        f"The second layer of one run (seed {int(data.seed[0])}) after the last block of each task, units in the order "
        "of the network. **A** Regularised: other units carry the outputs in either task. **B** Without "
        "regularisation the same units do in both. Claims are means over "
        f"{data.sizes['seed']} seeds. No number can be read off the published maps; the claims are what the sorted "
        "maps of Figures 6 and A6 imply for them, with thresholds of ours. In the control "
        f"{in_use(data.strongest.sel(regime='control').transpose('seed', 'after', 'output').values).mean():.1f} units "
        "are the strongest of an output: some serve two.",
        [f"regularised: {data.settings}", "control: the same with λ_norm = λ_nonneg = 0"],
        claims,
    )
