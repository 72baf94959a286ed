"""Figure A11: over four blocks the symmetric model comes to a cycle, in which its weights unlearn less."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import specialization
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.panels import new_figure
from gatednet.figures.toolkit.statistics import exact
from gatednet.sweeps.store.store import Store
from gatednet.theory import specialization_of_weights

SWEEPS = ("figa11",)
PANELS = ""
# Inner minima of w̄ in the published picture, for some τ_c/τ_w.
PUBLISHED = {1.0: 0.815, 0.56: 0.90, 0.32: 0.935}
READING = "read off the published picture, to about .01"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """w̄ and c̄ of every run, dimensions "ratio" and "step", and the lowest w̄ of each block, "ratio" and "block"."""
    store = stores["figa11"]
    experiment = store.sweep.experiment
    data = specialization.by_ratio(store)[["gate_difference", "weight_difference", "theory"]]
    saves = experiment.block_steps // store.sweep.save.every
    # The last save is the end of the last block.
    by_block = data.weight_difference.isel(step=slice(None, -1)).coarsen(step=saves)
    lowest = by_block.construct(step=("block", "within")).min("within").drop_vars("time", errors="ignore")
    named = lowest.assign_coords(block=np.arange(1, lowest.sizes["block"] + 1))
    what = {"long_name": "lowest w̄ of a block", "units": "1"}
    return data.assign(lowest=named.assign_attrs(what)).assign_attrs(settings=settings_line(experiment))


def draw(data: xarray.Dataset) -> Figure:
    """w̄ against c̄ over all blocks; the theory of a single block, dashed."""
    figure = new_figure(4.2, 3.4)
    panel, bar = figure.subplots(1, 2, width_ratios=(1, 0.05))
    specialization.curves(panel, data, "gate_difference", "weight_difference", width=1.6)
    specialization.theory(panel, data.ratio.values)
    panel.set(xlabel="gates  c̄", ylabel="weights  w̄", xlim=(-1.05, 1.05), ylim=(0.655, 1.15), xticks=(-1, 0, 1))
    specialization.colour_bar(figure, bar, data.ratio.values)
    return figure


def claims(data: xarray.Dataset) -> list[Claim]:
    """The published inner minima, and the course of the runs. Nothing here is random: a run is one run."""
    ratios = data.ratio.values
    later = data.lowest.sel(block=slice(3, None)).min("block").transpose("ratio").values
    again = float(np.abs(data.lowest.sel(block=4) - data.lowest.sel(block=3)).max())
    second = data.lowest.sel(block=2).transpose("ratio").values
    return [
        *(
            Claim(
                f"with τ_c/τ_w = {ratio:.2g} the inner minimum of w̄, after the second block, is {minimum:.3g}",
                "Figure A11",
                Range(round(minimum - 0.01, 3), round(minimum + 0.01, 3), READING),
                exact(later[np.abs(ratios - ratio).argmin()]),
                origin="picture",
            )
            for ratio, minimum in PUBLISHED.items()
        ),
        Claim(
            "the second block still comes down as far as a start from full specialization, sqrt(1 - ½ τ_c/τ_w): "
            "largest distance",
            "Figure A11: the outer curves, on the theory",
            Range(None, 0.005, specialization.WHY_HALF_A_LINE),
            exact(float(np.abs(second - specialization_of_weights(0.0, ratios)).max())),
            origin="text",
        ),
        Claim(
            "the third and fourth block have the same minima: largest difference",
            "Figure A11: the inner curves cover each other",
            Range(None, 0.005, "the same width"),
            exact(again),
            origin="picture",
        ),
    ]


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the panel, with settings and verdicts."""
    return written(
        "Figure A11. Over several blocks weights unlearn less",
        "w̄ against c̄ of the symmetric two-dimensional model over four blocks, each run started from the state of "
        "Figure A10 at t = 1.25. Dashed: the theory of a block that starts specialized, w̄ = sqrt(1 - ½ (τ_c/τ_w)(1 - "
        "c̄²)). A block ends with c̄ below 1, and leaves paths longer than their teachers where their gates are not yet "
        "open, so that the blocks after the second start from elsewhere. Blocks give way to each other gradually, with "
        "the hardness 100, as in the published runs.",
        [data.settings, "τ_c/τ_w = " + ", ".join(f"{ratio:.4g}" for ratio in data.ratio.values)],
        claims,
    )
