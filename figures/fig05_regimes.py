"""Figure 5: for which blocks, time constants and constraints a network specializes, both maps in both conventions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from gatednet.figures.toolkit import regime_map
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Published, Range, Verdict
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.matching import in_order, path_order, released_order
from gatednet.figures.toolkit.panels import PAGE, Scale, new_figure
from gatednet.figures.toolkit.regime_map import (
    PUBLISHED_AS,
    boundary_distances,
    distance,
    nearer_claims,
    of,
    outside,
    outside_claim,
    runs,
)
from gatednet.figures.toolkit.statistics import exact, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("fig5", "fig5-published")
PANELS = "ABCDEFGH"
# The published tables of final total alignment (paper, Figure 5): rows are τ_B/τ_w = 10, 8, 6, 4, 1, columns of the
# left one τ_w/τ_c = 5, 2.5, 1.67, 1.25, 1, of the right one strengths 0, .05, .1, .15, .2.
PUBLISHED = {
    "left": (
        (0.9998, 0.9944, 0.9928, 0.9171, 0.9193),
        (0.9987, 0.9968, 0.9870, 0.9187, 0.7426),
        (0.9988, 0.9846, 0.9197, 0.6247, 0.6423),
        (0.9939, 0.5950, 0.6397, 0.6643, 0.6836),
        (0.6954, 0.7024, 0.7055, 0.7061, 0.7060),
    ),
    "right": (
        (0.546, 0.416, 0.9999, 1.0, 0.9999),
        (0.500, 0.698, 1.0, 1.0, 0.9999),
        (0.504, 1.0, 1.0, 1.0, 0.9999),
        (0.569, 0.908, 0.9966, 0.9951, 0.9876),
        (0.662, 0.686, 0.623, 0.637, 0.642),
    ),
}
UNITS = regime_map.Units("τ_B / τ_w", {"left": "τ_w / τ_c", "right": "strength of the constraints"}, 50 / 6)
# The ends of the published colour scale, and the level that tells a specialized network from one that is not.
SCALE = Scale(0.7, 1.0)
BOUNDARY = 0.8
# Runs of a published cell, and half of the last digit of each table.
PUBLISHED_RUNS = 10
READING = {"left": 0.00005, "right": 0.0005}
# Paths differ whose total alignment falls by more than this where they are matched the wrong way round.
DIFFERENT = 0.05
MATCHINGS = ("one to one", "as released")
# The titles of our panels.
OURS, FROM_STARTS = "averaged,\nreleased matching", "the same,\npublished starts"
# From the published starts a cell is known to this: half of its last digit, and what other batches than those of the
# population change in networks that do not specialize, .002 from seed to seed.
SAME_STARTS = 0.003
# What an audit found without constraints, from the published starts and with the released matching.
AUDITED = np.array([0.547, 0.500, 0.504, 0.568, 0.660])
# First verdicts on what the published tables are nearer to, where they were others than "holds".
NEARER: dict[str, dict[str, Verdict]] = {"left": {"matching": "fails"}, "right": {"matching": "undecided"}}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Final total alignment of both maps.

    `left` and `right` have the dimensions "matching", "convention", "row", "left_column" or "right_column", and "seed";
    rows are block lengths, the longest first. `left_crossed`, without "matching", is what is left where both paths are
    matched the wrong way round, `left_published` the published table, `left_fine` a map of many cells, means over seeds
    in the averaged convention, matched one to one. `left_from_starts`, with "start" for "convention" and "seed", is
    from the published starts with the population as inputs.
    """
    variables: dict[str, xarray.DataArray] = {}
    settings = []
    for side, table in PUBLISHED.items():
        store, fine = stores[f"fig5-{side}"], stores[f"fig5-{side}-fine"]
        column = f"{side}_column"
        for name, values in matched(store.dataset().alignment).items():
            variables[f"{side}{name}"] = UNITS.cells(values, store.sweep, side)
        starts = stores[f"fig5-{side}-published"]
        values = matched(starts.dataset().alignment.rename(seed="start"))[""]
        variables[f"{side}_from_starts"] = UNITS.cells(values, starts.sweep, side)
        variables[f"{side}_published"] = regime_map.published(table, variables[side], side)
        alignment = fine.dataset().total_alignment.isel(step=-1).reset_coords(drop=True)
        means = UNITS.cells(alignment, fine.sweep, side).mean("seed", keep_attrs=True).transpose("row", column)
        variables[f"{side}_fine"] = means.rename({"row": f"{side}_fine_row", column: f"{side}_fine_column"})
        settings.append(f"{side}: {settings_line(store.sweep.experiment)}")
        settings.append(f"{side}, published starts: {settings_line(starts.sweep.experiment)}")
        settings.append(f"{side}, fine map: {settings_line(fine.sweep.experiment)}")
    return xarray.Dataset(variables, attrs={"settings": settings})


def matched(alignment: xarray.DataArray) -> dict[str, xarray.DataArray]:
    """Total alignment at the end by both matchings, "", and with the paths the wrong way round, "_crossed".

    One to one, paths are matched by the last record; as released, by their mean over all records.
    """
    score = alignment.transpose(..., "step", "task", "path").reset_coords(drop=True)
    last, order = score.isel(step=-1, drop=True), {}
    order["one to one"] = path_order(last.values)
    order["as released"] = released_order(score.values.mean(axis=-3))

    def total(paths: np.ndarray) -> np.ndarray:
        return np.diagonal(in_order(last.values, paths), axis1=-2, axis2=-1).mean(axis=-1)

    one = last.isel(task=0, path=0, drop=True)
    both = xarray.concat([one.copy(data=total(order[each])) for each in MATCHINGS], "matching")
    return {
        "": both.assign_coords(matching=list(MATCHINGS)).assign_attrs(described("total alignment at the end")),
        "_crossed": one.copy(data=total(order["one to one"][..., ::-1])).assign_attrs(
            described("total alignment at the end with both paths the wrong way round")
        ),
    }


def draw(data: xarray.Dataset) -> Figure:
    """Each map in a row: published, ours like it, from its starts, and ours on a fine grid."""
    figure = new_figure(PAGE, 4.0)
    grid = figure.subplots(2, 4)
    letters = iter(PANELS)
    for axes_of_row, side in zip(grid, PUBLISHED, strict=True):
        shown = {"published": data[f"{side}_published"].values}
        shown |= {OURS: of(data, side, *PUBLISHED_AS).mean(axis=0)}
        shown |= {FROM_STARTS: from_starts(data, side, "as released").mean(axis=0)}
        image = regime_map.tables(axes_of_row, data, side, shown, SCALE)
        write_swapped(axes_of_row[1], swapped_runs(data, side))
        fine_map(axes_of_row[-1], data, side)
        regime_map.name_panels(axes_of_row, UNITS, side, letters)
        figure.colorbar(image, ax=axes_of_row, label="total alignment", extend="min", fraction=0.03, pad=0.01)
    disc = Line2D([], [], marker="o", linestyle="none", markersize=4.5, color="0.6", markeredgecolor="black")
    boundary = Line2D([], [], color="white", linewidth=1.0, path_effects=[withStroke(linewidth=2.2, foreground="0.3")])
    figure.legend([disc, boundary], ["published cells", f"level {BOUNDARY:g}"], loc="outside lower right", ncols=2)
    return figure


def write_swapped(axes: Axes, numbers: np.ndarray) -> None:
    """The number of swapped runs beneath the number of each cell, where there are any."""
    for (row, column), number in np.ndenumerate(numbers):
        if number:
            axes.text(column, row + 0.36, f"{number:.0f}", ha="center", va="center", fontsize=4.5, color="#ff5fb0")


def swapped_runs(data: xarray.Dataset, side: str) -> np.ndarray:
    """In how many runs of each cell the released matching has paths the wrong way round that differ, averaged."""
    one, released = (of(data, side, matching, "averaged") for matching in MATCHINGS)
    return (one - released > DIFFERENT).sum(axis=0)


def from_starts(data: xarray.Dataset, side: str, matching: str) -> np.ndarray:
    """The runs from the published starts, (starts, rows, columns)."""
    values = data[f"{side}_from_starts"].sel(matching=matching)
    return values.transpose("start", "row", f"{side}_column").values


def fine_map(axes: Axes, data: xarray.Dataset, side: str) -> None:
    """The map of many cells with its boundary, and the published cells as discs on it."""
    values = data[f"{side}_fine"]
    along = position(side, values[f"{side}_fine_column"].values)
    up = values[f"{side}_fine_row"].values
    half = 0.5 * (along[1] - along[0]), 0.5 * (up[1] - up[0])
    axes.imshow(
        values.values,
        cmap=SCALE.colours,
        vmin=SCALE.low,
        vmax=SCALE.high,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(along[0] - half[0], along[-1] + half[0], up[0] - half[1], up[-1] + half[1]),
    )
    axes.contour(along, up, values.values, levels=[BOUNDARY], colors="white", linewidths=1.0)
    columns, rows = position(side, data[f"{side}_column"].values), data.row.values
    published = data[f"{side}_published"].values
    axes.scatter(
        *np.meshgrid(columns, rows),
        c=published,
        cmap=SCALE.colours,
        vmin=SCALE.low,
        vmax=SCALE.high,
        s=22,
        edgecolors="white",
        linewidths=0.6,
        clip_on=False,
        zorder=3,
    )
    axes.set_xticks(columns, [f"{value:.3g}" for value in data[f"{side}_column"].values])
    axes.set_yticks(rows, [f"{value:.3g}" for value in rows])
    axes.set_title("averaged, fine grid")


def position(side: str, columns: np.ndarray) -> np.ndarray:
    """Where a column stands on the axis of the fine map: even in τ_c / τ_w, or in the strength."""
    return 1 / columns if side == "left" else columns


def claims(data: xarray.Dataset) -> list[Claim]:
    """What the published tables lead one to expect of runs that are made and matched as theirs, and the text of all."""
    tables = [claim for side in PUBLISHED for claim in claims_of_table(data, side)]
    return [*tables, *claims_of_rows(data), *claims_from_starts(data)]


def claims_of_table(data: xarray.Dataset, side: str) -> list[Claim]:
    """How near one map is to its published table."""
    table, ours, source = np.array(PUBLISHED[side]), of(data, side, *PUBLISHED_AS), f"Figure 5, {side}"
    return [
        outside_claim(cells_outside(data, side), len(ours), side, source, "fails"),
        Claim(
            f"{side}: the boundary (.8) lies where published, to one cell in every row",
            source,
            Range(None, 1.5, "whole cells; one is the width to which the published grid knows the boundary"),
            over_seeds(ours, lambda values: float(boundary_distances(values, table, BOUNDARY).max())),
            known_verdict="fails" if side == "left" else "undecided",
            origin="picture",
        ),
        Claim(
            f"{side}: mean absolute difference to the published table",
            source,
            Range(
                None,
                0.1,
                "where only some runs specialize, two tables of ten runs each differ by about .07 (runs of .7 and of "
                "1, √2 · .15/√10); .1 leaves half as much again",
            ),
            over_seeds(ours, lambda values: distance(values, table)),
            origin="ours",
        ),
        *nearer_claims(data, side, table, source, NEARER[side]),
    ]


def claims_of_rows(data: xarray.Dataset) -> list[Claim]:
    """What the text says of long blocks, fast gates and constraints, and the rows and columns that are told apart."""
    left, right = (of(data, side, *PUBLISHED_AS) for side in PUBLISHED)
    left_one, right_one = (of(data, side, "one to one", "averaged") for side in PUBLISHED)
    tables = {side: np.array(table) for side, table in PUBLISHED.items()}
    supports = "a tenth of the way from orthogonal to equal: less is not said to support specialization"

    def published(cells: np.ndarray, side: str) -> Published:
        why = "ten published runs of each cell, from one set of starts, to half of the last digit"
        return Published(round(float(cells.mean()), 5), PUBLISHED_RUNS, READING[side], why)

    return [
        Claim(
            "long blocks support specialization: with fast gates, blocks of 10 τ_w less those of 1 τ_w, one to one",
            "text on Figure 5, left",
            Range(0.1, None, supports),
            over_seeds(left_one[:, 0, 0] - left_one[:, -1, 0]),
            origin="text",
        ),
        Claim(
            "fast gates support specialization: with long blocks, τ_w/τ_c of 5 less that of 1, one to one",
            "text on Figure 5, left",
            Range(0.1, None, supports),
            over_seeds(left_one[:, 0, 0] - left_one[:, 0, -1]),
            origin="text",
        ),
        Claim(
            "constraints support specialization: with long blocks, a strength of .2 less none, one to one",
            "text on Figure 5, right",
            Range(0.1, None, supports),
            over_seeds(right_one[:, 0, -1] - right_one[:, 0, 0]),
            origin="text",
        ),
        Claim(
            "left: with the shortest blocks nothing specializes, whatever the gates: mean of the last row",
            "Figure 5, left: .695 to .706",
            published(tables["left"][-1], "left"),
            over_seeds(left[:, -1].mean(axis=1)),
            origin="picture",
        ),
        Claim(
            "left: with long blocks and gates as slow as the weights total alignment is .9193",
            "Figure 5, left: the corner",
            published(tables["left"][0, -1], "left"),
            over_seeds(left[:, 0, -1]),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            "right: without constraints nothing specializes: mean of the first column",
            "Figure 5, right: .546 .500 .504 .569 .662",
            published(tables["right"][:, 0], "right"),
            over_seeds(right[:, :, 0].mean(axis=1)),
            origin="picture",
        ),
        Claim(
            "right: with the shortest blocks and constraints, mean of the last row as it is matched",
            "Figure 5, right: .686 .623 .637 .642",
            published(tables["right"][-1, 1:], "right"),
            over_seeds(right[:, -1, 1:].mean(axis=1)),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            "right: one to one the same runs are specialized, .92 to .95: mean of the last row",
            "Figure 5, right, and the authors' released code, matched one to one",
            Range(0.915, 0.955, "cells of the released code are .92 to .95, to half of the last digit"),
            over_seeds(right_one[:, -1, 1:]),
            origin="released",
        ),
    ]


def swapped_from_starts(data: xarray.Dataset) -> tuple[int, int]:
    """Runs from the published starts that are the wrong way round, in the two cells that the caption is about."""
    found = []
    for side, row, column in (("right", 1, 1), ("left", -1, 0)):
        one, released = (from_starts(data, side, matching)[:, row, column] for matching in MATCHINGS)
        found.append(int((one - released > DIFFERENT).sum()))
    return found[0], found[1]


def claims_from_starts(data: xarray.Dataset) -> list[Claim]:
    """Published cells again from the starts of their runs, which leave nothing random but the batches."""
    ours = {side: from_starts(data, side, "as released").mean(axis=0) for side in PUBLISHED}
    tables = {side: np.array(table) for side, table in PUBLISHED.items()}
    apart = {side: np.abs(ours[side] - table) for side, table in tables.items()}
    same = Range(
        None, SAME_STARTS, "half of the last digit, and what batches change in networks that do not specialize"
    )
    right = from_starts(data, "right", "one to one")[:, -1, 1:]
    return [
        Claim(
            "from the published starts, right, without constraints: largest distance from the published column",
            "Figure 5, right: .546 .500 .504 .569 .662",
            same,
            exact(apart["right"][:, 0].max()),
            origin="picture",
        ),
        Claim(
            "from the published starts, right, strength .05 and blocks of 8 τ_w: distance from the published .698",
            "Figure 5, right",
            same,
            exact(apart["right"][1, 1]),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            "from the published starts, left, shortest blocks: largest distance from the published row",
            "Figure 5, left: .695 to .706",
            same,
            exact(apart["left"][-1].max()),
            known_verdict="fails",
            origin="picture",
        ),
        Claim(
            "from the published starts, right, without constraints: largest distance from .547 .500 .504 .568 .660",
            "Figure 5, right, by an audit of the authors' released code",
            Range(None, 0.001, "half of the last digit, twice for rounding"),
            exact(np.abs(ours["right"][:, 0] - AUDITED).max()),
            origin="released",
        ),
        Claim(
            "from the published starts, right, shortest blocks: one to one paths are specialized, .92 to .95",
            "Figure 5, right, and the authors' released code, matched one to one",
            Range(0.915, 0.955, "cells of the released code are .92 to .95, to half of the last digit"),
            exact(right.mean()),
            origin="released",
        ),
    ]


def cells_outside(data: xarray.Dataset, side: str) -> np.ndarray:
    """Which published cells of a side are outside of what means of ten of our runs would be."""
    ours = of(data, side, *PUBLISHED_AS)
    return outside(ours, np.array(PUBLISHED[side]), PUBLISHED_RUNS, READING[side], SCALE.low)


def needed(data: xarray.Dataset, side: str) -> np.ndarray:
    """How many of ten runs would have to be the wrong way round for each published cell, if all were like ours.

    NaN where paths do not differ.
    """
    one, crossed = (
        values.mean(axis=0)
        for values in (of(data, side, "one to one", "averaged"), runs(data, side, "_crossed", convention="averaged"))
    )
    apart = one - crossed
    return np.where(
        apart > DIFFERENT, PUBLISHED_RUNS * (one - np.array(PUBLISHED[side])) / np.where(apart, apart, 1), np.nan
    )


def outside_by_row(data: xarray.Dataset, side: str) -> str:
    """How many cells are outside, row by row."""
    return listed(cells_outside(data, side).sum(axis=1))


def listed(numbers: np.ndarray, digits: int = 0) -> str:
    """Numbers of a row, as a caption lists them."""
    return " ".join(f"{number:.{digits}f}" for number in numbers)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the eight panels, with settings and verdicts."""
    fine, seeds = data.left_fine.shape, data.sizes["seed"]
    right = of(data, "right", "one to one", "averaged").mean(axis=0)[-1, 1:]
    crossed = runs(data, "right", "_crossed", convention="averaged").mean(axis=0)[-1, 1:]
    left = of(data, "left", "one to one", "averaged").mean(axis=0)[0, 3:]
    averaged, summed = (
        [distance(of(data, side, "as released", each), np.array(table)) for side, table in PUBLISHED.items()]
        for each in ("averaged", "as released")
    )
    swapped = swapped_from_starts(data)
    (lean, turned), (cell, one) = (
        swapped,
        (from_starts(data, "right", each)[:, 1, 1].mean() for each in MATCHINGS[::-1]),
    )
    counts = {side: " / ".join(listed(row) for row in swapped_runs(data, side)) for side in PUBLISHED}
    return written(
        "Figure 5. Specialization needs long blocks, fast gates and constraints",
        "Total alignment at the end of training. Above: over block length and time constant of the gates; below: over "
        "block length and strength of the constraints. **A**, **E** The published tables. **B**, **F** Our runs in the "
        "convention of the published pictures (averaged: loss averaged over outputs, teachers with rows of norm 1), "
        "with as many steps in a block as theirs and matched as theirs; small numbers: in how many runs that matching "
        "has both paths the wrong way round. **C**, **G** The same from the ten published starts, with the population "
        f"as inputs. **D**, **H** The averaged convention on a grid of {' × '.join(map(str, fine))} cells with the "
        "population as inputs, matched one to one; the white line is the level .8, discs are the published cells. In "
        "the convention of the released code (loss summed, rows of norm 1/sqrt(d_in)) mean absolute differences to "
        f"the tables are {summed[0]:.2f} (left) and {summed[1]:.2f} (right), and {averaged[0]:.2f} and "
        f"{averaged[1]:.2f} in the averaged one. Means over {seeds} seeds.\n\n"
        "The released matching takes for each path the task with the larger mean alignment over the run, and exchanges "
        "the two paths as soon as one asks for it; a run whose paths both leaned to one task can end the wrong way "
        f"round. Runs of {seeds} that are, row by row: left {counts['left']}; right "
        f"{counts['right']}. *Right, shortest blocks*: one to one these runs are specialized ({listed(right, 3)}), "
        f"swapped ones have {listed(crossed, 3)}, so that the published cells need "
        f"{listed(needed(data, 'right')[-1, 1:], 1)} swapped runs of ten; ours have "
        f"{listed(swapped_runs(data, 'right')[-1, 1:])} of {seeds}. *Left, slow gates*: the published .917 to .920 fit "
        f"nine specialized runs and one swapped, while ours do not specialize there ({listed(left, 3)} with long "
        "blocks and the slowest gates). That stays unexplained: starts × 1 to 100, λ × .1 to 3, the loss divided by 1 "
        "to 20, and 7 to 20 blocks were tried, and none gives the table (best mean difference .062). Since the "
        "published cells are specialized there and ours are not, the left table is nearer to our runs matched one to "
        f"one. Cells outside of their intervals: left {outside_by_row(data, 'left')}, right "
        f"{outside_by_row(data, 'right')} "
        "in the rows from above. Those of the row of 4 τ_w on the right are published as .908 to .997, and ours are "
        "1.000: .908 is one swapped run of ten, the others are unexplained. The boundary on the right is undecided as "
        "the last row lies near the level of .8, by its swapped runs.\n\n"
        "*From the published starts* the column without constraints is as published. A cell and a row are not, by the "
        "matching. With strength .05 and blocks of 8 τ_w three of ten runs have two paths that both lean to one task; "
        f"{lean} of them are swapped, and the cell is {cell:.3f}, and {one:.3f} one to one. Of the first cell of the "
        f"shortest blocks on the left {turned} of ten runs are swapped. Which paths are exchanged depends on their "
        "order in a start: in the order in which the released code stores them, after sorting, the row on the left is "
        ".693 .702 .706 .706 .707, within .003, and that cell .783. That the cell is published as .698 is unexplained; "
        "swapping one more of those runs would make it .697.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
