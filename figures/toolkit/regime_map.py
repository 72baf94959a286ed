"""Maps over block lengths and one more setting, Figures 5 and A7: their cells, panels, and distances to published ones.

A figure has two of them. The columns of the one on its "left" are time constants of the gates, those of the one on its
"right" strengths of the constraints.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import scipy.special
import xarray
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from gatednet.figures.toolkit.claim import FEWEST_RUNS, Claim, Published, Range, Verdict
from gatednet.figures.toolkit.describe import axis_of, described
from gatednet.figures.toolkit.panels import Scale, heat_map, letter
from gatednet.figures.toolkit.statistics import Measurement, over_seeds
from gatednet.sweeps.sweep import Sweep

# What varies along the columns of each map.
PATHS = {"left": "timescales.gates", "right": "objective.norm"}
BLOCK_LENGTH = "curriculum.block_length"
# A matching and a convention: those of the published maps, and what either could have been in their place.
PUBLISHED_AS = ("as released", "averaged")
OTHERS = {"convention": ("as released", "as released"), "matching": ("one to one", "averaged")}


@dataclasses.dataclass(frozen=True)
class Units:
    """In what the axes of both maps are published: names of rows and columns, and λ_norm at the strength 1."""

    rows: str
    columns: Mapping[str, str]
    norm_of_strength: float

    def cells(self, values: xarray.DataArray, sweep: Sweep, side: str) -> xarray.DataArray:
        """Values along the axes of a sweep, with "row" and "left_column" or "right_column" in published units."""
        path, column = PATHS[side], f"{side}_column"
        rows, columns = axis_of(sweep, BLOCK_LENGTH), axis_of(sweep, path)
        weights, swept = sweep.experiment.timescales.weights, np.asarray(columns.column(path))
        places = weights / swept if side == "left" else swept / self.norm_of_strength
        return values.rename({rows.name: "row", columns.name: column}).assign_coords(
            {
                "row": ("row", np.asarray(rows.column(BLOCK_LENGTH)) / weights, described(self.rows)),
                column: (column, places, described(self.columns[side])),
            }
        )


def published(table: Sequence[Sequence[float]], ours: xarray.DataArray, side: str) -> xarray.DataArray:
    """A published table, (rows, columns), with the coordinates of a map of ours."""
    dims = ("row", f"{side}_column")
    return xarray.DataArray(
        np.array(table), {dim: ours[dim] for dim in dims}, dims, attrs=described("published total alignment")
    )


def tables(
    row: Sequence[Axes], data: xarray.Dataset, side: str, shown: Mapping[str, np.ndarray], scale: Scale
) -> AxesImage:
    """Maps of one side, (rows, columns) by title, in the first panels of a row."""
    columns = [f"{value:.3g}" for value in data[f"{side}_column"].values]
    rows = [f"{value:.3g}" for value in data.row.values]
    for axes, (title, values) in zip(row, shown.items(), strict=False):
        image = heat_map(axes, values, columns, rows, scale)
        axes.set_title(title)
    return image


def name_panels(row: Sequence[Axes], units: Units, side: str, letters: Iterator[str]) -> None:
    """Letters and names of the axes for a row of maps."""
    row[0].set_ylabel(subscripts(units.rows))
    for axes in row:
        letter(axes, next(letters))
        axes.set_xlabel(subscripts(units.columns[side]))


def subscripts(name: str) -> str:
    """A name as matplotlib sets it, what follows a "_" as a subscript."""
    return re.sub(r"_(\w+)", lambda found: f"$_{{{found[1]}}}$" if len(found[1]) > 1 else f"$_{found[1]}$", name)


def runs(data: xarray.Dataset, side: str, part: str = "", **where: str) -> np.ndarray:
    """The runs of one map, or of a part of its side, (seeds, rows, columns), at labels along further dimensions."""
    return data[f"{side}{part}"].sel(where).transpose("seed", "row", f"{side}_column").values


def of(data: xarray.Dataset, side: str, matching: str, convention: str) -> np.ndarray:
    """The runs of one map, (seeds, rows, columns)."""
    return runs(data, side, matching=matching, convention=convention)


def distance(values: np.ndarray, table: np.ndarray) -> float:
    """Mean absolute difference of the mean over runs to a table, over the cells that have a number there."""
    return float(np.nanmean(np.abs(values.mean(axis=0) - table)))


def boundary_distances(values: np.ndarray, table: np.ndarray, boundary: float) -> np.ndarray:
    """How many cells the number of specialized cells of each row differs from that of a table, (rows,).

    Cells are specialized from the level `boundary` on; those without a number are not.
    """
    counts = [(each >= boundary).sum(axis=1) for each in (values.mean(axis=0), table)]
    return np.abs(counts[0] - counts[1])


def outside(values: np.ndarray, table: np.ndarray, runs: int, reading: float, below: float) -> np.ndarray:
    """Which cells of a table of means of so many runs are outside of the predictive interval that ours give them.

    `values` is (runs of ours, rows, columns). Where the table has no number its cell is said to be below a level. The
    intervals have the errors of both tables in them.
    """

    def margin(cell: np.ndarray, known: float) -> float:
        measured = over_seeds(cell)
        # A cell without a number is below the level, give or take what one at that level would be.
        expected = Published(known if np.isfinite(known) else below, runs, reading, "a cell").range(measured)
        return (expected if np.isfinite(known) else Range(None, expected.high, expected.why)).margin(measured.value)

    found = [margin(values[:, row, column], known) < 0 for (row, column), known in np.ndenumerate(table)]
    return np.reshape(found, table.shape)


def allowed_outside(cells: int) -> int:
    """How many of so many cells are outside of intervals of 95 % at most, in 95 of 100 tables of the same runs.

    Cells count as independent, though those of a table share their starts.
    """
    return next(number for number in range(cells + 1) if scipy.special.bdtr(number, cells, 0.05) >= 0.95)


def outside_claim(cells: np.ndarray, runs: int, side: str, source: str, known: Verdict = "holds") -> Claim:
    """That few cells of a published table are outside, see `outside`, of intervals that so many runs give."""
    allowed = allowed_outside(cells.size)
    return Claim(
        f"{side}: published cells that are outside of what means of ten of our runs would be, of {cells.size}",
        source,
        Range(
            None,
            allowed,
            f"outside of intervals of 95 % are at most {allowed} of {cells.size} cells in 97 of 100 tables, were cells "
            "independent",
        ),
        # The intervals have the errors of both tables in them, so that their number has none.
        Measurement(float(cells.sum()), 0.0, runs),
        known,
        origin="picture",
        needs=FEWEST_RUNS,
    )


def nearer_claims(
    data: xarray.Dataset, side: str, table: np.ndarray, source: str, known: Mapping[str, Verdict]
) -> list[Claim]:
    """That a published table is nearer to our runs made and matched as its own than to either of `OTHERS`."""
    ours = of(data, side, *PUBLISHED_AS)
    return [
        Claim(
            f"{side}: the published cells are nearer than with the other {name}: difference minus that one",
            source + (", and the authors' released code" if name == "convention" else ""),
            Range(None, 0.0, "nearer means a smaller mean absolute difference"),
            over_seeds(
                np.stack([ours, of(data, side, *other)], axis=1),
                lambda each: distance(each[:, 0], table) - distance(each[:, 1], table),
            ),
            known.get(name, "holds"),
            origin="ours",
        )
        for name, other in OTHERS.items()
    ]
