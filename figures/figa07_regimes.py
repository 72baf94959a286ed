"""Figure A7: for which blocks, time constants and constraints two layers specialize, both maps in both conventions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.figure import Figure

from gatednet.figures.toolkit import regime_map, two_layers
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Published, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, Scale, new_figure
from gatednet.figures.toolkit.regime_map import (
    OTHERS,
    PUBLISHED_AS,
    boundary_distances,
    distance,
    nearer_claims,
    of,
    outside,
    outside_claim,
)
from gatednet.figures.toolkit.statistics import over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("figa7",)
PANELS = "ABCDEFGH"
NONE = np.nan
# The published tables of final total alignment (paper, Figure A7), without the cells below .70: rows are τ_B/τ_W1 = 20,
# 15, 10, 5, 2.5, columns of the left one τ_W1/τ_W2 = 2, 2.67, 3.2, 4, 5.33, of the right one strengths 0, .2, .25, .3,
# .35.
PUBLISHED = {
    "left": (
        (NONE, 0.79, 0.88, 0.91, 0.91),
        (NONE, 0.84, 0.88, 0.92, 0.89),
        (NONE, 0.83, 0.88, 0.88, 0.89),
        (NONE, NONE, 0.74, 0.88, 0.88),
        (NONE, NONE, NONE, NONE, NONE),
    ),
    "right": (
        (NONE, 0.84, 0.91, 0.88, 0.78),
        (NONE, 0.89, 0.92, 0.89, NONE),
        (NONE, 0.91, 0.88, 0.88, 0.71),
        (NONE, 0.77, 0.88, 0.88, 0.88),
        (NONE, NONE, NONE, NONE, NONE),
    ),
}
UNITS = regime_map.Units(
    "τ_B / τ_W1", {"left": "τ_W1 / τ_W2", "right": "strength of the constraints"}, norm_of_strength=10 / 11
)
# The level from which on published cells have numbers, which is the lower end of the colours too.
BOUNDARY = 0.7
SCALE = Scale(BOUNDARY, 1.0)
# Runs of a published cell, and half of its last digit.
PUBLISHED_RUNS, READING = 10, 0.005
# The matching and the convention of each panel of ours.
SHOWN = {
    "averaged,\nreleased matching": PUBLISHED_AS,
    "averaged,\none to one": OTHERS["matching"],
    "as released": OTHERS["convention"],
}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Final total alignment of both maps.

    `left` and `right` have the dimensions "matching", "convention", "row", "left_column" or "right_column", and "seed";
    rows are block lengths, the longest first. `left_published` and `right_published` are the published tables, no
    numbers where those have none.
    """
    variables: dict[str, xarray.DataArray] = {}
    settings = []
    for side, table in PUBLISHED.items():
        store = stores[f"figa7-{side}"]
        dims = ("matching", "convention", "row", f"{side}_column", "seed")
        variables[side] = UNITS.cells(final(store), store.sweep, side).transpose(*dims)
        variables[f"{side}_published"] = regime_map.published(table, variables[side], side)
        settings.append(f"{side}: {settings_line(store.sweep.experiment)}")
    return xarray.Dataset(variables, attrs={"settings": settings})


def final(store: Store) -> xarray.DataArray:
    """Total alignment at the end by both matchings, which are by the mean alignment over the run."""
    score = two_layers.scores(store.dataset().load())
    last = score.isel(step=-1).reset_coords(drop=True)
    pairs = two_layers.pair_alignment(two_layers.in_both_orders(last, score.mean("step"), "unit_row"))
    return two_layers.matched(pairs).assign_attrs(described("total alignment"))


def draw(data: xarray.Dataset) -> Figure:
    """Each map in a row: published, averaged with the released matching and with ours, and as released."""
    figure = new_figure(PAGE, 4.2)
    letters = iter(PANELS)
    for row, side in zip(figure.subplots(2, 4), PUBLISHED, strict=True):
        shown = {"published": data[f"{side}_published"].values}
        shown |= {title: of(data, side, *which).mean(axis=0) for title, which in SHOWN.items()}
        image = regime_map.tables(row, data, side, shown, SCALE)
        regime_map.name_panels(row, UNITS, side, letters)
        figure.colorbar(image, ax=row, label="total alignment", extend="min", fraction=0.03, pad=0.01)
    return figure


def claims(data: xarray.Dataset) -> list[Claim]:
    """How near both maps are to the published ones, in which convention, and where two layers specialize."""
    found = [claim for side in PUBLISHED for claim in claims_of_table(data, side)]
    left, right = (of(data, side, *PUBLISHED_AS) for side in PUBLISHED)
    strong = right[:, :3, 3] - right[:, :3, 4]
    return [
        *found,
        Claim(
            "left: with long blocks and a fast second layer total alignment is .91",
            "Figure A7, left: the corner",
            Published(0.91, PUBLISHED_RUNS, READING, "a mean of ten runs, to half of its last digit"),
            over_seeds(left[:, 0, -1]),
            origin="picture",
        ),
        Claim(
            "right: without constraints nothing specializes, whatever the blocks",
            "text on Figure A7, right: no cell of the first column has a number",
            Range(None, BOUNDARY, "below the level from which on cells have numbers"),
            over_seeds(right[:, :, 0]),
            origin="text",
        ),
        Claim(
            "right: constraints of .35 are too strong: with blocks of 10 τ_W1 and more, alignment is lower than at .3",
            "Figure A7, right: .88 .89 .88 against .78, less than .70, .71",
            Range(0.05, None, "published cells are good to .02, means over three differences to .02 as well"),
            over_seeds(strong),
            origin="ours",
        ),
    ]


def claims_of_table(data: xarray.Dataset, side: str) -> list[Claim]:
    """How near one map is to its published table."""
    table = data[f"{side}_published"].transpose("row", f"{side}_column").values
    averaged, source = of(data, side, *PUBLISHED_AS), f"Figure A7, {side}"
    without_number = f"{source}, cells without a number below .70"
    return [
        outside_claim(cells_outside(data, side), len(averaged), side, without_number),
        Claim(
            f"{side}: the boundary (.70) lies where published, to one cell: rows in which it does not",
            source,
            Range(None, 0.5, "no row; one cell is the width to which the published grid knows the boundary"),
            over_seeds(averaged, lambda values: rows_beyond(values, table)),
            origin="picture",
        ),
        *nearer_claims(data, side, table, source, {}),
    ]


def cells_outside(data: xarray.Dataset, side: str) -> np.ndarray:
    """Which published cells of a side are outside of what means of ten of our runs would be."""
    table = data[f"{side}_published"].transpose("row", f"{side}_column").values
    return outside(of(data, side, *PUBLISHED_AS), table, PUBLISHED_RUNS, READING, BOUNDARY)


def rows_beyond(values: np.ndarray, table: np.ndarray) -> float:
    """In how many rows the boundary of the mean over runs is more than one cell from that of a table."""
    return float((boundary_distances(values, table, BOUNDARY) > 1).sum())


def change_by_matching(data: xarray.Dataset, side: str) -> float:
    """What the matching one to one changes in the mean of the cells that have a published number."""
    numbered = np.isfinite(data[f"{side}_published"].transpose("row", f"{side}_column").values)
    one, released = (of(data, side, matching, "averaged")[:, numbered].mean() for matching in two_layers.MATCHINGS)
    return float(one - released)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the eight panels, with settings and verdicts."""
    nearness = "; ".join(
        f"{side}, " + ", ".join(f"{distance(of(data, side, *which), table):.3f}" for which in SHOWN.values())
        for side, table in ((side, data[f"{side}_published"].values) for side in PUBLISHED)
    )
    changes = " and ".join(f"{change_by_matching(data, side):+.3f} ({side})" for side in PUBLISHED)
    return written(
        "Figure A7. Two layers specialize with long blocks, a fast second layer and constraints",
        "Total alignment at the end of training, hidden units matched to the teachers' rows by their alignment over "
        "the run. Above: over block length and time constant of the second layer; below: over block length and "
        "strength of the constraints on it. **A**, **E** The published tables, – where they have no number, which is "
        "below .70. **B**, **F** Our runs in the averaged convention (loss averaged over outputs, teachers with rows "
        "of norm 1), each row matched to its best unit, as in the released code, which may take one twice. **C**, "
        "**G** The same runs, no unit matched twice. **D**, **H** Convention (loss summed, rows of norm 1/sqrt(d_in)) "
        "and matching of the released code. Mean absolute differences to the published cells, from left to right: "
        f"{nearness}. The published maps are in the averaged convention, with the released matching: no unit matched "
        "twice, the second-best unit of a row takes the place of one that is shared, and the mean of the cells that "
        f"have a published number changes by {changes}. "
        "Blocks have as many steps as in the released code, which is 59 in place of 60 in the second row. Means over "
        f"{data.sizes['seed']} seeds.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
