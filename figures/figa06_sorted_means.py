"""Figure A6: the sorted second layer, averaged over runs, with and without regularisation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import two_layers
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Published, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, letter, new_figure
from gatednet.figures.toolkit.statistics import over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig6",)
PANELS = "ABC"
# A regime and a matching for each panel.
SHOWN = (("regularised", "one to one"), ("control", "one to one"), ("control", "as released"))


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """The sorted second layer after the last block of each task, mean over seeds, and of each run its `diagonal`.

    Dimensions are "matching", "regime", "seed", "after", "output" and "row" (of the teachers, which a unit is matched
    to); diagonals have "path" in the place of the last two. `early_total_alignment` and `early_diagonal` are .3 into
    the last block of A, where the released run ends.
    """
    store = stores["fig6"]
    data = store.dataset().transpose("regime", "seed", ...).load()
    found = two_layers.sorted_layers(data)[["second_layer", "total_alignment"]]
    dt = store.sweep.experiment.dt
    layers = found.second_layer, two_layers.early_layer(data, dt)
    diagonal, early_diagonal = (two_layers.parts(each)["diagonal"] for each in layers)
    early = found.total_alignment.sel(step=two_layers.released_end(data, dt), drop=True)
    return xarray.Dataset(
        {
            "second_layer": found.second_layer.mean("seed", keep_attrs=True),
            "early_total_alignment": early.assign_attrs(described("total alignment .3 into a block of A")),
            "diagonal": diagonal,
            "early_diagonal": early_diagonal.assign_attrs(long_name=f"{diagonal.long_name}, .3 into a block of A"),
        },
        attrs={"settings": settings_line(store.sweep.experiment)},
    ).drop_vars("time", errors="ignore")


def draw(data: xarray.Dataset) -> Figure:
    """Means over seeds after a block of A and of B: regularised, and control by both matchings."""
    figure = new_figure(PAGE, 3.0)
    grid = figure.subplots(2, 3)
    for column, (regime, matching), name in zip(grid.T, SHOWN, PANELS, strict=True):
        mean = data.second_layer.sel(regime=regime, matching=matching)
        image = two_layers.layer_maps(list(column), mean)
        heading = regime if matching == "one to one" else f"{regime}, {matching}"
        column[0].set_title(f"{heading}\n{column[0].get_title()}")
        letter(column[0], name)
    two_layers.colour_bar(figure, image, grid.ravel())
    return figure


def claims(data: xarray.Dataset) -> list[Claim]:
    """The diagonals of the control and its total alignment, matched as released, and that nothing swaps in it."""
    control = data.sel(matching="as released", regime="control")
    colours = Published(0.235, two_layers.RUNS, two_layers.COLOURS_READ, two_layers.WHY_COLOURS)
    return [
        Claim(
            "control: both diagonals are .235 after a block of B, matched as released",
            "Figure A6B",
            colours,
            over_seeds(control.diagonal.sel(after="B").transpose("seed", "path").values),
            origin="picture",
        ),
        Claim(
            "control: both are .17 in A, matched as released and .3 after the switch, where the released run ends",
            "Figure A6B and the authors' released code",
            dataclasses.replace(colours, value=0.17),
            over_seeds(control.early_diagonal.transpose("seed", "path").values),
            origin="picture",
        ),
        Claim(
            "control: its total alignment is .42 there, matched as released",
            "Figure 6B and the authors' released code",
            Published(0.42, two_layers.RUNS, two_layers.CURVES_READ, two_layers.WHY_CURVES),
            over_seeds(control.early_total_alignment.values),
            origin="picture",
        ),
        Claim(
            "control: the diagonals do not swap with the task, no unit matched twice: what A's has more than B's is "
            "the same after both",
            "Figure A6B",
            Range(-0.02, 0.02, "our matching; published diagonals are equal in both, and read to .01 each"),
            over_seeds(swap(data.diagonal.sel(matching="one to one", regime="control"))),
            origin="ours",
        ),
    ]


def swap(diagonal: xarray.DataArray) -> np.ndarray:
    """The diagonal of A minus that of B after a block of A, minus the same after a block of B, (seeds,)."""
    values = diagonal.transpose("seed", "after", "path").values
    contrast = values[..., 0] - values[..., 1]
    return contrast[:, 0] - contrast[:, 1]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the three panels, and why the published control looks as it does."""
    after_b = data.diagonal.sel(regime="control", after="B").mean(["seed", "path"])
    lower, higher = (f"{after_b.sel(matching=matching).item():.3f}" for matching in two_layers.MATCHINGS)
    return written(
        "Figure A6. Only with regularisation does the second layer swap with the task",
        "The second layer after the last block of each task, units in the order of the rows of both teachers that they "
        "are matched to; means over "
        f"{data.sizes['seed']} seeds. **A** Regularised. **B** Control. **C** Control, with the matching of the "
        "released code. Without regularisation one unit is the best one for row i of both teachers. The released "
        "code then takes it twice, so that both halves of C are the same columns; one to one, the second-best unit "
        "takes one of the places, and the entries of both are lower: "
        f"{lower} after B one to one, {higher} as released, published .235. The published control has .17 in A and "
        ".235 in B because the released run ends .3 after a switch to A: its blocks are a step short, and a 31st one "
        "is begun. "
        "At the ends of whole blocks both tasks have the same entries.",
        [f"regularised: {data.settings}", "control: the same with λ_norm = λ_nonneg = 0"],
        claims,
    )
