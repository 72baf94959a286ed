"""Control 5: with longer blocks networks specialize more, and switch faster, where gates are fast and bounded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit.boundary import exponent, pair_specialization
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, at_least, letters, new_figure
from gatednet.figures.toolkit.statistics import mean_and_error, over_seeds
from gatednet.sweeps.catalog.control05 import BETWEEN_SAVES, DURATION, LONGEST, SHORTEST
from gatednet.sweeps.store.store import Store

SWEEPS = ("control5",)
PANELS = "ABCDEF"
SETTINGS = {"Figure 2": "control5-fig2", "Figure 5": "control5-fig5"}
# Equal total time, in units of τ_w, of which the last part is measured; equal number of blocks, and how many of them.
EQUAL_TIME, LATE_TIME = 40.0, LONGEST
EQUAL_BLOCKS, LATE_BLOCKS = 20, 4
EQUAL = {"time": {"marker": "o"}, "blocks": {"marker": "s", "markerfacecolor": "white", "alpha": 0.7}}
QUANTITIES = {
    "specialization": "specialization",
    "time_to_criterion": "time to criterion / τ$_w$",
    "gate_speed": "gate speed  τ$_c$ |dc/dt|",
}
# In units of τ_w: blocks are short up to here, and long from here on.
SHORT, LONG = 0.32, 3.1
# From this length on blocks do not cut times to the criterion short.
COMPARED = 1.0
# Up to this length growth is in proportion to it.
PROPORTIONAL = 0.6
HALF = 0.5
# Against rounding, and logarithms of nothing.
TINY = 1e-9
# Verdicts that claims had when they were first measured, where they did not hold.
KNOWN: dict[tuple[str, str, str], Verdict] = {
    **{(setting, equal, "forgetful"): "fails" for setting in SETTINGS for equal in EQUAL},
    ("Figure 2", "time", "onset"): "fails",
}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Specialization, time to criterion and gate speed late in a run, (setting, equal, regime, length, seed).

    Where total time is equal they are of the blocks that end within the last `LATE_TIME` of `EQUAL_TIME`, where the
    number of blocks is equal of the last `LATE_BLOCKS` of `EQUAL_BLOCKS`. `onset` is when specialization reaches ½, the
    run's length where never.
    """
    parts, settings = [], []
    for setting, name in SETTINGS.items():
        data = stores[name].dataset().transpose("regime", "relative_length", "seed", ...).load()
        parts.append(late(data))
        settings.append(f"{setting}'s settings: {settings_line(stores[name].sweep.experiment)}")
        lengths = data.relative_length.values
    together = xarray.concat(parts, "setting").assign_coords(
        setting=list(SETTINGS), length=("length", lengths, described("τ_B / τ_w"))
    )
    return together.assign_attrs(settings=settings)


def late(data: xarray.Dataset) -> xarray.Dataset:
    """The variables of `compute` from one store."""
    alignment = data.alignment.transpose("regime", "relative_length", "seed", "step", "task", "path")
    apart = pair_specialization(alignment.values)
    dims = ("equal", "regime", "length", "seed")
    shape = (len(EQUAL), *apart.shape[:-1])
    found = {name: np.full(shape, np.nan) for name in QUANTITIES}
    for at, length in enumerate(data.relative_length.values):
        for place, (first, last) in enumerate((blocks_in_time(length), (EQUAL_BLOCKS - LATE_BLOCKS, EQUAL_BLOCKS))):
            end = (EQUAL_TIME, EQUAL_BLOCKS * length)[place]
            found["specialization"][place, :, at] = apart[:, at, :, round(end / BETWEEN_SAVES)]
            for name in ("time_to_criterion", "gate_speed"):
                found[name][place, :, at] = data[name].values[:, at, :, first:last].mean(axis=-1)
    reached = np.where(apart >= HALF, BETWEEN_SAVES * np.arange(apart.shape[-1]), DURATION).min(axis=-1)
    what = {
        "specialization": described("matched minus unmatched alignment"),
        "time_to_criterion": described("time to criterion, mean of late blocks", "time constant of the weights"),
        "gate_speed": described("time constant of the gates × their largest speed in a block, mean of late blocks"),
    }
    variables = {name: (dims, values.astype(np.float32), what[name]) for name, values in found.items()}
    onset = (dims[1:], reached, described("time until specialization reaches ½", "time constant of the weights"))
    coordinates = {"equal": list(EQUAL), "regime": data.regime.values, "seed": data.seed.values}
    return xarray.Dataset({**variables, "onset": onset}, coordinates)


def blocks_in_time(length: float) -> tuple[int, int]:
    """The first block that ends late in the equal time, and the first one that ends after it."""
    first = int(np.floor((EQUAL_TIME - LATE_TIME) / length + 1e-6))
    return first, int(np.floor(EQUAL_TIME / length + 1e-6))


def draw(data: xarray.Dataset) -> Figure:
    """A row for each setting, a column for each quantity, against the length of blocks."""
    figure = new_figure(PAGE, 4.4)
    grid = figure.subplots(len(SETTINGS), len(QUANTITIES), sharex=True)
    for row, setting in zip(grid, SETTINGS, strict=True):
        for axes, name in zip(row, QUANTITIES, strict=True):
            against_length(axes, data.sel(setting=setting), name)
        row[0].set_title(f"{setting}'s settings")
        at_least(row[0], -0.05, 1.25)
        row[1].set_yscale("log")
    for axes in grid[-1]:
        axes.set_xlabel("length of blocks  τ$_B$ / τ$_w$")
    figure.legend(*grid[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    letters(grid.flat, PANELS)
    return figure


def against_length(axes: Axes, data: xarray.Dataset, name: str) -> None:
    """Means over seeds with their errors, for both regimes, at equal time and at equal numbers of blocks."""
    for regime, line in REGIMES.items():
        for equal, mark in EQUAL.items():
            runs = data[name].sel(regime=regime, equal=equal).transpose("seed", "length").values
            mean, error = mean_and_error(runs)
            label = f"{regime}, equal {'time' if equal == 'time' else 'number of blocks'}"
            axes.errorbar(data.length, mean, np.nan_to_num(error), label=label, markersize=3, **{**line, **mark})
    if name == "time_to_criterion":
        axes.plot(data.length, data.length, color="0.6", linewidth=0.8, linestyle=":", label="the whole block")
    axes.set(xscale="log", xlim=(0.83 * SHORTEST, 1.2 * LONGEST), ylabel=QUANTITIES[name])


def claims(data: xarray.Dataset) -> list[Claim]:
    """That longer blocks specialize, and that specialized networks switch faster, at both settings."""
    found = [
        claim
        for setting in SETTINGS
        for equal, words in (("time", "at equal total time"), ("blocks", "after equally many blocks"))
        for claim in of_setting(data.sel(setting=setting, equal=equal), f"{setting}'s settings, {words}")
    ]
    onset = data.onset.sel(setting="Figure 2", regime="flexible")
    short = onset.isel(length=data.length.values <= PROPORTIONAL)
    found.append(
        Claim(
            "Figure 2's settings: growth per time is in proportion to τ_B: exponent of the typical time to half of "
            f"complete specialization, for lengths up to {PROPORTIONAL:g} τ_w, is -1",
            "appendix on block length and Figure A9, growth ½ C τ_B² in a block",
            Range(-1.2, -0.8, "-1 is proportion; saves are a τ_w apart, which moves the exponent by less than a tenth"),
            over_seeds(runs(short), lambda each: exponent(short.length.values, np.median(each, axis=0))),
            KNOWN.get(("Figure 2", "time", "onset"), "holds"),
            origin="text",
        )
    )
    return found


def of_setting(data: xarray.Dataset, where: str) -> list[Claim]:
    """The claims about one setting, at equal time or equal numbers of blocks; `where` says which."""
    flexible, forgetful = (data.sel(regime=regime) for regime in REGIMES)
    place = str(data.setting.item()), str(data.equal.item())
    return [
        Claim(
            f"{where}: long blocks (3.2 τ_w and more) leave more specialized paths than short ones (.32 τ_w and less)",
            "text on Figures 4 and 5, long blocks specialize",
            Range(0.1, None, "a tenth of complete specialization: less is not said to be more"),
            over_seeds(long_and_short(flexible.specialization) @ [1.0, -1.0]),
            KNOWN.get((*place, "specialization"), "holds"),
            origin="text",
        ),
        Claim(
            f"{where}: gates are faster with long blocks than with short ones, by a factor",
            "Figure A2 and its text, specialized gates are fast",
            Range(1.0, None, "above 1 is faster, by whatever"),
            over_seeds(long_and_short(flexible.gate_speed), factor),
            KNOWN.get((*place, "gate_speed"), "holds"),
            origin="ours",
        ),
        Claim(
            f"{where}: typical switches are faster with blocks of {LONGEST:g} τ_w than with those of {COMPARED:g} τ_w, "
            "by how many τ_w",
            "on Figures 2F and 5",
            Range(0.02, None, "published times are read to .02"),
            over_seeds(runs(compared(flexible)), gained),
            KNOWN.get((*place, "time_to_criterion"), "holds"),
            origin="ours",
        ),
        Claim(
            f"{where}: forgetful networks take the same time whatever the length, from {COMPARED:g} τ_w on: largest "
            "difference of typical times / τ_w",
            "on Figures 2F and 5",
            Range(None, 0.02, "published times are read to .02"),
            over_seeds(runs(compared(forgetful)), lambda each: float(np.ptp(np.median(each, axis=0)))),
            KNOWN.get((*place, "forgetful"), "holds"),
            origin="ours",
        ),
    ]


def runs(values: xarray.DataArray) -> np.ndarray:
    """Values of each run for all lengths, (seeds, lengths)."""
    return values.transpose("seed", "length").values.astype(np.float64)


def long_and_short(values: xarray.DataArray) -> np.ndarray:
    """Means over long and over short blocks of each run, (seeds, 2)."""
    lengths = values.length.values
    return np.stack([runs(values)[:, chosen].mean(axis=1) for chosen in (lengths >= LONG, lengths <= SHORT)], axis=1)


def factor(each: np.ndarray) -> float:
    """The mean over runs (runs, 2) of the first over that of the second; 0 where the second is none."""
    first, second = each.mean(axis=0)
    return float(first / second) if second else 0.0


def compared(data: xarray.Dataset) -> xarray.DataArray:
    """Times to the criterion for the lengths that do not cut them short."""
    return data.time_to_criterion.isel(length=data.length.values >= COMPARED - TINY)


def gained(each: np.ndarray) -> float:
    """How much less the typical time is with the longest blocks than with the shortest ones of (runs, lengths)."""
    times = np.median(each, axis=0)
    return float(times[0] - times[-1])


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the six panels, with settings and verdicts."""
    lengths = data.length.values

    def typical(setting: str, regime: str, length: float, equal: str = "time") -> str:
        chosen = data.time_to_criterion.sel(setting=setting, regime=regime, equal=equal)
        return f"{float(chosen.isel(length=np.abs(lengths - length).argmin()).median('seed')):.3g}"

    onset = data.onset.sel(setting="Figure 2", regime="flexible").median("seed").values[lengths <= PROPORTIONAL]
    local = np.diff(np.log(np.maximum(onset, TINY))) / np.diff(np.log(lengths[lengths <= PROPORTIONAL]))
    return written(
        "Control 5. Longer blocks specialize, and specialized networks switch faster",
        "Against the length of blocks, at Figure 2's settings (above) and at Figure 5's (below), with the population "
        "as inputs: **A**, **D** specialization, matched minus unmatched alignment, above 1 where paths are turned "
        "away from each other's teacher; **B**, **E** time from a switch until the loss is below .1, in units of τ_w; "
        "dotted: the whole block, where it never is; **C**, **F** the largest speed of a gate in a block. Solid: fast, "
        "bounded and nonnegative gates. Dashed: gates as slow as the weights, without constraints. Filled: after equal "
        f"total time, {EQUAL_TIME:g} τ_w, means over the blocks that end in the last {LATE_TIME:g} τ_w. Open: after "
        f"equally many blocks, {EQUAL_BLOCKS}, means over the last {LATE_BLOCKS}. Means over {data.sizes['seed']} "
        "seeds, bars are standard errors.\n\n"
        "With longer blocks flexible networks specialize, their gates become faster, and they switch faster: at Figure "
        f"2's settings the typical time is {typical('Figure 2', 'flexible', 1.0)} τ_w with blocks of 1 τ_w and "
        f"{typical('Figure 2', 'flexible', 10.0)} τ_w with those of 10 τ_w, at Figure 5's, after 20 blocks, "
        f"{typical('Figure 5', 'flexible', 1.0, 'blocks')} and {typical('Figure 5', 'flexible', 10.0, 'blocks')} τ_w. "
        "That forgetful networks take the same time was expected before, and is wrong: they take longer, the longer "
        f"the blocks, {typical('Figure 2', 'forgetful', 1.0)} and {typical('Figure 2', 'forgetful', 10.0)} τ_w above, "
        f"{typical('Figure 5', 'forgetful', 1.0)} (the whole block) and {typical('Figure 5', 'forgetful', 10.0)} τ_w "
        "below, since a longer block leaves less of the other task to start from. Growth is not in proportion to τ_B "
        f"either: specialization reaches ½ after {', '.join(f'{time:.3g}' for time in onset)} τ_w, with exponents of "
        f"{', '.join(f'{each:.2g}' for each in local)} from one length to the next. That is unexplained. The theory, ½ "
        "C τ_B² in a block, takes the gates to be equal at every switch, and those that alternate are not.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
