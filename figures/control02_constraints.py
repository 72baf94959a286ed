"""Control 2: of the three constraints on gates, speed and bound are needed; nonnegativity adds little."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, Scale, at_least, heat_map, letters, new_figure
from gatednet.figures.toolkit.specialization import SPECIALIZED, WHY_SPECIALIZED
from gatednet.figures.toolkit.statistics import Measurement, averaged, mean_and_error, measure, over_seeds
from gatednet.sweeps.store.store import Store

SWEEPS = ("control2", "fig2")
PANELS = "ABCD"
# What is removed: its name, and its line.
REMOVED = {
    "none": ("nothing", {"color": "#005a9c", "linestyle": "-"}),
    "fast": ("speed: τ$_c$ = τ$_w$", {"color": "#b04020", "linestyle": (0, (3, 1, 1, 1))}),
    "bounded": ("bound: λ$_{norm}$ = 0", {"color": "#ddaa33", "linestyle": (0, (5, 1))}),
    "nonnegative": ("nonnegativity: λ$_{nonneg}$ = 0", {"color": "#44aa99", "linestyle": (0, (1, 0.6))}),
    "all": ("all three", {"color": "0.45", "linestyle": "--"}),
}
TICKS = ("nothing", "speed", "bound", "nonneg.", "all")
# The regimes of Figure 2 that are among them.
REGIMES_OF_FIGURE_2 = {"none": "flexible", "all": "forgetful"}
# What is late: the last blocks of the run.
LATE = 4
# The ends of the colours, as in Figure 5.
SCALE = Scale(0.7, 1.0)
# In Figure 5 nothing specializes in blocks shorter than this, in units of τ_w, with all constraints.
SHORTEST = 4.0
SOURCE = "section 2 and Figure 2, constraints that support specialization"
SOURCE_OF_BLOCKS = "section 2 and Figure 5, constraints that support specialization"
SUPPORT = "a tenth of complete specialization: what brings less cannot be said to support it"


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Specialization and late times to criterion of every run, for everything that is removed, and total alignment.

    `total_alignment` (statistic, removed, step) is averaged over seeds. With it `specialization` and `late_time`
    (removed, seed) are those of Figure 2's settings with the population as inputs; `batch_specialization` and
    `batch_late_time` (regime, batch_seed) of the first seeds, with Gaussian batches. `map_alignment` and
    `map_specialization` (removed, row, seed) are those of Figure 5's settings at the end; "row" is τ_B / τ_w.
    `lowest_gate` (removed, seed) is the lowest gate of the last blocks.
    """
    plans = {name: stores[name].sweep.experiment for name in ("control2", "control2-blocks")}
    data = stores["control2"].dataset().transpose("removed", "seed", ...).load()
    blocks = stores["control2-blocks"].dataset().transpose("removed", "block_length", "seed", ...).load()
    batches = stores["fig2"].dataset().sel(regime=list(REGIMES_OF_FIGURE_2.values())).transpose("regime", "seed", ...)
    row = blocks.block_length.values / plans["control2-blocks"].timescales.weights
    dims = {"seed": "batch_seed"}
    runs = ("removed", "row", "seed")
    return xarray.Dataset(
        {
            "total_alignment": averaged(data.total_alignment),
            "specialization": data.specialization,
            "late_time": late_time(data),
            "lowest_gate": lowest_gate(data, plans["control2"].curriculum.block_length),
            # What the regimes are set to are coordinates of the other runs.
            "batch_specialization": batches.specialization.rename(dims).reset_coords(drop=True),
            "batch_late_time": late_time(batches).rename(dims).reset_coords(drop=True),
            "map_alignment": (
                runs,
                blocks.total_alignment.isel(step=-1).values,
                described("total alignment at the end, Figure 5's settings"),
            ),
            "map_specialization": (
                runs,
                blocks.specialization.values,
                described("specialization at the end, Figure 5's settings"),
            ),
        },
        {"row": ("row", row, described("τ_B / τ_w"))},
        {
            **over_time.timing(plans["control2"]),
            "settings": settings_line(plans["control2"]),
            "map_settings": settings_line(plans["control2-blocks"]),
        },
    ).drop_vars(["block", "blocks", "block_steps"], errors="ignore")


def late_time(data: xarray.Dataset) -> xarray.DataArray:
    """Time to criterion in units of τ_w, mean over the last blocks."""
    values = data.time_to_criterion.isel(block=slice(-LATE, None)).mean("block")
    return values.assign_attrs(described("time to criterion / τ_w, mean of late blocks"))


def lowest_gate(data: xarray.Dataset, block_length: float) -> xarray.DataArray:
    """The lowest gate at the saves of the last blocks."""
    late = data.time.values >= data.time.values[-1] - LATE * block_length
    lowest = data.gates.isel(step=late).min(["step", "path"], skipna=False)
    return lowest.assign_attrs(described("lowest gate of late blocks"))


def draw(data: xarray.Dataset) -> Figure:
    """Total alignment over time, specialization, late times to criterion, and the map over block lengths."""
    figure = new_figure(PAGE, 4.6)
    course, specialization, late, blocks = figure.subplots(2, 2).ravel()
    for removed, (name, line) in REMOVED.items():
        over_time.quantity(course, data.sel(removed=removed), "total_alignment", label=name, **line)
    course.set(ylabel="total alignment", ylim=(0, 1.05))
    course.legend(loc="lower right", title="removed", ncols=2)
    bars(specialization, data, "specialization")
    bars(late, data, "late_time")
    specialization.set_ylabel("specialization")
    at_least(specialization, -0.04, 1.05)
    late.set(ylabel="late time to criterion / τ$_w$", ylim=(0, None))
    late.legend(*late.get_legend_handles_labels(), loc="upper right")
    map_of_blocks(blocks, data)
    letters((course, specialization, late, blocks), PANELS)
    return figure


def bars(axes: Axes, data: xarray.Dataset, name: str) -> None:
    """Mean over runs and its error for everything that is removed; crosses: the same with Gaussian batches."""
    mean, error = mean_and_error(data[name].sel(removed=list(REMOVED)).transpose("seed", "removed").values)
    colours = [line["color"] for _, line in REMOVED.values()]
    axes.bar(range(len(REMOVED)), mean, 0.6, yerr=np.nan_to_num(error), color=colours, ecolor="black")
    places = [list(REMOVED).index(removed) for removed in REGIMES_OF_FIGURE_2]
    batches = data[f"batch_{name}"].sel(regime=list(REGIMES_OF_FIGURE_2.values())).mean("batch_seed")
    axes.plot(places, batches, "x", color="black", markersize=5, label="Gaussian batches")
    axes.set_xticks(range(len(REMOVED)), TICKS)
    axes.set(xlabel="removed", xlim=(-0.5, len(REMOVED) - 0.5))


def map_of_blocks(axes: Axes, data: xarray.Dataset) -> None:
    """Total alignment at the end at Figure 5's settings, for several lengths of blocks."""
    values = data.map_alignment.sel(removed=list(REMOVED)).mean("seed").transpose("row", "removed").values
    image = heat_map(axes, values, list(TICKS), [f"{row:.3g}" for row in data.row.values], SCALE)
    axes.set(xlabel="removed", ylabel="τ$_B$ / τ$_w$")
    axes.figure.colorbar(image, ax=axes, label="total alignment", extend="min", fraction=0.05, pad=0.02)


def claims(data: xarray.Dataset) -> list[Claim]:
    """That each constraint supports specialization, at Figure 2's settings and at Figure 5's."""
    lacking = {
        "fast": "gates as slow as the weights",
        "bounded": "unbounded gates",
        "nonnegative": "gates that may be negative",
    }
    found = [
        Claim(
            "with all constraints paths specialize",
            "Figure 2C",
            Range(SPECIALIZED, None, WHY_SPECIALIZED),
            over_seeds(data.specialization.sel(removed="none").values),
            origin="picture",
        ),
    ]
    for removed, what in lacking.items():
        verdict: Verdict = "fails" if removed == "nonnegative" else "holds"
        found += [
            Claim(
                f"{what} take from specialization: with all constraints, minus without this one",
                SOURCE,
                Range(0.1, None, SUPPORT),
                loss_of_specialization(data, "specialization", removed),
                known_verdict=verdict,
                origin="text",
            ),
            Claim(
                f"{what} make late switches slower: time to criterion / τ_w, minus that with all constraints",
                SOURCE,
                Range(0.01, None, "published times are read to .01; below that nothing is seen to be slower"),
                slowing(data, removed),
                known_verdict=verdict,
                origin="ours",
            ),
            Claim(
                f"Figure 5's settings, blocks of {SHORTEST:g} τ_w and more: {what} take from specialization",
                SOURCE_OF_BLOCKS,
                Range(0.1, None, SUPPORT),
                loss_of_specialization(long_blocks(data), "map_specialization", removed),
                known_verdict=verdict,
                origin="text",
            ),
        ]
    return found


def loss_of_specialization(data: xarray.Dataset, name: str, removed: str) -> Measurement:
    """Specialization with all constraints minus that without one, of the same seeds, mean over everything else."""
    apart = data[name].sel(removed="none") - data[name].sel(removed=removed)
    return measure(apart)


def long_blocks(data: xarray.Dataset) -> xarray.Dataset:
    """The block lengths for which Figure 5's networks specialize with all constraints."""
    return data.isel(row=np.flatnonzero(data.row.values >= SHORTEST - 1e-9))


def slowing(data: xarray.Dataset, removed: str) -> Measurement:
    """Late time to criterion without a constraint minus that with all, of the same seeds, in units of τ_w."""
    return over_seeds((data.late_time.sel(removed=removed) - data.late_time.sel(removed="none")).values)


def paired_with_batches(data: xarray.Dataset) -> np.ndarray:
    """Specialization with Gaussian batches minus that with the population, (batch_seed, regime)."""
    seeds = data.batch_seed.values
    regimes = REGIMES_OF_FIGURE_2.items()
    pairs = [
        (data.batch_specialization.sel(regime=regime), data.specialization.sel(removed=of, seed=seeds))
        for of, regime in regimes
    ]
    return np.stack([batch.values - population.values for batch, population in pairs], axis=1)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the four panels, with settings and verdicts."""
    longest = data.map_specialization.isel(row=int(data.row.values.argmax()))
    shares = {of: float((longest.sel(removed=of) >= SPECIALIZED).mean()) for of in ("none", "nonnegative")}
    lowest = {of: float(data.lowest_gate.sel(removed=of).mean()) for of in ("none", "nonnegative")}
    apart = float(np.abs(paired_with_batches(data)).max())
    return written(
        "Control 2. Gates must be fast and bounded; that they are not negative matters little",
        "Each constraint on the gates is removed alone, and all of them; tasks A and B come in blocks (shaded: B). "
        "**A** Total alignment over time. **B** Specialization at the end. **C** Time from a switch until the loss is "
        f"below .1, in units of τ_w, mean over the last {LATE} blocks. Crosses: the same two networks with Gaussian "
        f"batches, {data.sizes['batch_seed']} seeds, which are Figure 2's flexible and forgetful ones: of the "
        f"same seeds, no specialization differs by more than {apart:.1g}. The loss on a batch fluctuates, and is seen "
        "below .1 a little earlier. **D** Total alignment at the end at Figure 5's "
        "settings, its fastest gates, and several block lengths. Slow gates stay at one half. Without a bound both "
        "gates open far beyond 1, and both paths become the task on show, which is learned anew in every block, soon. "
        "Without the penalty on negative gates networks specialize as with it: the norm alone keeps the closed gate "
        f"near 0, at {lowest['nonnegative']:.3f} at the lowest in late blocks, mean over seeds, and at "
        f"{lowest['none']:.3f} with the penalty. Only in the longest blocks at Figure 5's settings do fewer of them "
        "specialize "
        f"({shares['nonnegative']:.0%} against {shares['none']:.0%} reach {SPECIALIZED:g}). Bars, lines and "
        f"numbers are means over {data.sizes['seed']} seeds with the population as inputs.",
        [f"**A**-**C**, nothing removed: {data.settings}", f"**D**, nothing removed: {data.map_settings}"],
        claims,
    )
