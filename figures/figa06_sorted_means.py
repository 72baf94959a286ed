"""Figure A6: the sorted second layer, averaged over runs, with and without regularisation."""

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
PANELS = "ABC"
# Where the released run ends: 31 blocks of 99 steps and no more than 3000 steps leave the last block of A that long.
RELEASED_END = 0.3
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
    block_steps = int(data.block_steps)
    start = two_layers.last_end(data.step, block_steps, "A") - block_steps
    early = {"step": start + round(RELEASED_END / store.sweep.experiment.dt)}
    of_run = two_layers.scores(data).mean("step")
    early_second = two_layers.in_both_orders(data.second_layer.sel(early, drop=True), of_run)
    diagonal, early_diagonal = (two_layers.parts(each)["diagonal"] for each in (found.second_layer, early_second))
    return xarray.Dataset(
        {
            "second_layer": found.second_layer.mean("seed", keep_attrs=True),
            "early_total_alignment": found.total_alignment.sel(early, drop=True).assign_attrs(
                described("total alignment .3 into a block of A")
            ),
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
    """The diagonals of the control, by both matchings, and what swaps with the task."""
    one, released = (data.sel(matching=matching) for matching in two_layers.MATCHINGS)
    control = released.sel(regime="control")
    regularised, one_to_one = (one.diagonal.sel(regime=regime) for regime in two_layers.LINES)
    read = f"{two_layers.COLOURS_READ}, and ten runs are good to .005"
    return [
        Claim(
            "control: both diagonals are .235 after a block of B, matched as released",
            "Figure A6B",
            Range(0.22, 0.25, read),
            over_seeds(control.diagonal.sel(after="B").transpose("seed", "path").values),
            origin="picture",
        ),
        Claim(
            "control: both are .17 in A, matched as released and .3 after the switch, where the released run ends",
            "Figure A6B and the authors' released code",
            Range(0.155, 0.185, read),
            over_seeds(control.early_diagonal.transpose("seed", "path").values),
            origin="released",
        ),
        Claim(
            "control: its total alignment is .42 there, matched as released",
            "Figure A6B and the authors' released code",
            Range(
                0.38, 0.46, "the curve is read to .02, and the published pictures of one experiment differ by up to .04"
            ),
            over_seeds(control.early_total_alignment.values),
            origin="released",
        ),
        Claim(
            "control: both diagonals are .235 after a block of B, no unit matched twice",
            "Figure A6B",
            Range(0.22, 0.25, read),
            over_seeds(one_to_one.sel(after="B").transpose("seed", "path").values),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            "control: the diagonals do not swap with the task: what A's diagonal has more than B's is the same in both",
            "Figure A6B",
            Range(-0.03, 0.03, "difference of four numbers read to .015"),
            over_seeds(swap(one_to_one)),
            origin="picture",
        ),
        Claim(
            "what swaps in the control is less than a tenth of what swaps in the regularised network: their difference",
            "Figure A6: 0 against .44",
            Range(None, 0.0, "nothing swaps in the published control; a tenth is still a difference in kind"),
            over_seeds(swap(one_to_one) - 0.1 * swap(regularised)),
            origin="picture",
        ),
    ]


def swap(diagonal: xarray.DataArray) -> np.ndarray:
    """The diagonal of A minus that of B after a block of A, minus the same after a block of B, (seeds,)."""
    values = diagonal.transpose("seed", "after", "path").values
    contrast = values[..., 0] - values[..., 1]
    return contrast[:, 0] - contrast[:, 1]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the three panels, and why the published control looks as it does."""
    return written(
        "Figure A6. Only with regularisation does the second layer swap with the task",
        "The second layer after the last block of each task, units in the order of the rows of both teachers that they "
        "are matched to; means over "
        f"{data.sizes['seed']} seeds. **A** Regularised. **B** Control. **C** Control, with the matching of the "
        "released code. Without regularisation one unit is the best one for row i of both teachers. The released "
        "code then takes it twice, so that both halves of C are the same columns; one to one, the second-best unit "
        "takes one of the places, and the entries of both are lower. The published control has .17 in A and .235 in B "
        "because the released run ends .3 after a switch to A: its blocks are a step short, and a 31st one is begun. "
        "At the ends of whole blocks both tasks have the same entries.",
        [f"regularised: {data.settings}", "control: the same with λ_norm = λ_nonneg = 0"],
        claims,
    )
