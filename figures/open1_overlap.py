"""Open question 1: where overlap of the tasks ends flexibility, and what it does to switches, forgetting and sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullFormatter

from gatednet.figures.toolkit.boundary import exponent
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.overlap import (
    HALF,
    LEVEL,
    WRONG_FROM,
    of_batches,
    of_forgetting,
    of_map,
    of_sums,
    of_typical,
    predicted_time,
)
from gatednet.figures.toolkit.panels import PAGE, REGIMES, Line, at_least, legend_above, letters, new_figure
from gatednet.figures.toolkit.power import TINY
from gatednet.figures.toolkit.statistics import Measurement, mean_and_error, over_seeds
from gatednet.sweeps.catalog.open1 import DURATION, FORGETTING_RATIOS, SEEDS
from gatednet.sweeps.store.store import Store

SWEEPS = ("open1",)
PANELS = "ABCDEFGH"
# Lengths of blocks in units of τ_w: those of the maps, that of the exponents, and the longest.
MAPS, MIDDLE, LONGEST = (2.0, 4.0, 16.0), 4.0, 16.0
# Up to where predictions for specialized networks, and for their sums, are said to hold.
FORMULA_TO, SPECIALIZED_TO, SUMS_TO = 0.7, 0.6, 0.6
SIMILARITY = "hypothesis 4, Lee et al. 2022, at the settings of Figure 5"
LINES: dict[str, Line] = {
    "fast gates": {"color": "#005a9c", "linestyle": "-", "marker": "o"},
    "moderate gates": {"color": "#117733", "linestyle": (0, (5, 1)), "marker": "D"},
    "slow gates": {"color": "#882255", "linestyle": (0, (3, 1, 1, 1)), "marker": "^"},
    "forgetful": {**REGIMES["forgetful"], "marker": "s"},
}
# What the caption has means of, and over which seeds.
MEANS = {"normalised": "seed", "pace": "curve_seed", "sum_time": "curve_seed"}
OWN: Line = {"color": "0.4", "linewidth": 0.7, "linestyle": ":"}
# One for each length of blocks.
DASHES = (":", (0, (1, 0.6)), (0, (3, 1, 1, 1)), (0, (5, 1)), "-")


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show and the claims measure, see the functions of each store."""
    parts = [
        of_map(stores["open1-map"].dataset()),
        of_forgetting(stores["open1-forgetting"].dataset().load()),
        of_typical(stores["open1-typical"].dataset().load()),
        of_sums(stores["open1-sums"]),
        of_batches(stores["open1-batches"].dataset(), stores["open1-map"].dataset()),
    ]
    settings = [f"{name}: {settings_line(store.sweep.experiment)}" for name, store in stores.items()]
    return xarray.merge(parts).assign_attrs(settings=settings)


def draw(data: xarray.Dataset) -> Figure:
    """Above maps for three lengths of blocks, and all boundaries; below what ρ does to measures, switches, sums."""
    figure = new_figure(PAGE, 5.0)
    grid = figure.subplots(2, 4)
    for axes, length in zip(grid[0], MAPS, strict=False):
        image = overlap_map(axes, data.relative.sel(length=length, method="nearest"))
        axes.set_title(f"τ$_B$ = {length:g} τ$_w$")
    grid[0, 0].set_ylabel("τ$_c$ / τ$_w$")
    figure.colorbar(image, ax=grid[0, :3], label="relative specialization", extend="both", fraction=0.03, pad=0.01)
    boundaries(grid[0, 3], data)
    measures(grid[1, 0], data)
    switches(grid[1, 1], data)
    forgetting(grid[1, 2], data)
    sums(grid[1, 3], data)
    for axes in grid.flat:
        axes.set(xlim=(-0.03, 1.03), xticks=(0, 0.5, 1))
    for axes in grid[1]:
        axes.set_xlabel("cosine ρ of the teachers")
    letters(grid.flat, PANELS)
    return figure


def overlap_map(axes: Axes, values: xarray.DataArray) -> Any:
    """Relative specialization over ρ and τ_c/τ_w; solid: its half, dashed: where raw specialization is ½."""
    rho, ratio, cells = values.correlation.values, values.ratio.values, values.transpose("ratio", "correlation").values
    image = axes.pcolormesh(rho, ratio, cells, vmin=0, vmax=1, cmap="cividis", shading="nearest", rasterized=True)
    half = axes.contour(rho, ratio, cells, levels=[HALF], colors="white", linewidths=1.0)
    half.set(path_effects=[withStroke(linewidth=2.2, foreground="0.3")])
    axes.contour(rho, ratio, cells * (1 - rho), levels=[HALF], colors="black", linewidths=0.8, linestyles="dashed")
    axes.set(yscale="log")
    return image


def boundaries(axes: Axes, data: xarray.Dataset) -> None:
    """Up to which τ_c/τ_w runs specialize, mean over seeds, for all lengths of blocks; dotted: ∝ 1 - ρ."""
    rho, lengths = data.correlation.values, data.length.values
    for place, length in enumerate(lengths):
        mean = geometric_mean(data.reach.isel(time=-1, length=place)).values
        colour = colormaps["viridis"](0.88 * place / max(len(lengths) - 1, 1))
        axes.plot(rho, mean, color=colour, linestyle=DASHES[place], label=f"{length:g}")
    guide = data.ratio.values.min() * 10 * (1 - rho)
    shown = guide >= data.ratio.values.min()
    axes.plot(rho[shown], guide[shown], color="0.6", linewidth=0.8, linestyle=":", label="∝ 1 - ρ")
    axes.set(yscale="log", ylabel="τ$_c$ / τ$_w$, by τ$_B$ / τ$_w$")
    legend_above(axes)


def measures(axes: Axes, data: xarray.Dataset) -> None:
    """Raw and relative specialization of a specialized network, and the total alignment of one that is not."""
    rho = data.correlation.values
    for name, label, line in (
        ("normalised", "relative", LINES["fast gates"]),
        ("raw", "raw", LINES["slow gates"]),
        ("unspecialized", "alignment", LINES["forgetful"]),
    ):
        mean, error = mean_and_error(data[name].transpose("correlation", "seed").values, axis=1)
        plain = {each: value for each, value in line.items() if each != "marker"}
        axes.plot(rho, mean, label=label, **plain)
        axes.fill_between(rho, mean - error, mean + error, color=line["color"], alpha=0.25, linewidth=0)
    axes.plot(rho, 1 - rho, color="0.6", linewidth=0.8, linestyle=":", label="1 - ρ")
    at_least(axes, -0.1, 1.15)
    axes.set_ylabel("specialization, alignment")
    legend_above(axes, ncols=1)


def switches(axes: Axes, data: xarray.Dataset) -> None:
    """Time to the criterion of specialized runs, and its prediction."""
    rho, ratio = data.correlation.values, float(data.criterion_ratio)
    mean, error = known(data.criterion)
    axes.errorbar(
        rho[::4], mean[::4], error[::4], **{**LINES["fast gates"], "linestyle": "none"}, markersize=3, label="measured"
    )
    axes.plot(rho, predicted_time(rho, ratio), color="black", linewidth=0.8, linestyle="--", label="predicted")
    axes.set_ylabel("time to criterion / τ$_w$")
    legend_above(axes, ncols=1)


def known(values: xarray.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over the seeds for which there is a number, NaN and 0 where there is none."""
    runs = np.ma.masked_invalid(values.transpose("correlation", "seed").values.astype(np.float64))
    number = np.maximum(runs.count(axis=1), 1)
    return runs.mean(axis=1).filled(np.nan), (runs.std(axis=1) / np.sqrt(np.maximum(number - 1, 1))).filled(0.0)


def forgetting(axes: Axes, data: xarray.Dataset) -> None:
    """Forgetting of typical runs, medians, with the gates that a task was left with; thin: with those of its return."""
    for regime, line in LINES.items():
        for gates, drawn in (
            ("kept", {**line, "label": regime.removesuffix(" gates"), "markersize": 2.5}),
            ("own", OWN),
        ):
            middle = data.forgetting.sel(gates=gates, regime=regime).median("curve_seed").values
            axes.plot(data.similarity, np.where(middle > 0, middle, np.nan), **drawn)
    axes.set(yscale="log", ylabel="forgetting")
    legend_above(axes, ncols=1)


def sums(axes: Axes, data: xarray.Dataset) -> None:
    """Time until a sum of two tasks is met, in both regimes."""
    for regime, line in REGIMES.items():
        runs = data.sum_time.sel(regime_of_sums=regime).transpose("overlap", "curve_seed").values
        mean, error = mean_and_error(runs, axis=1)
        axes.errorbar(data.overlap, mean, np.nan_to_num(error), label=regime, marker="o", markersize=2.5, **line)
    axes.set(yscale="log", ylabel="time to a sum / τ$_w$")
    axes.set_yticks((0.2, 0.5, 1, 2), ("0.2", "0.5", "1", "2"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    legend_above(axes, ncols=1)


def geometric_mean(values: xarray.DataArray) -> xarray.DataArray:
    """The geometric mean over seeds of values above 0."""
    logs = values.copy(data=np.log(np.maximum(values.values, TINY))).mean("seed")
    return logs.copy(data=np.exp(logs.values))


def claims(data: xarray.Dataset) -> list[Claim]:
    """The hypotheses of the catalog, as numbers."""
    return [*of_boundaries(data), *of_verdicts(data), *of_switches(data), *of_similarity(data), *of_controls(data)]


def of_boundaries(data: xarray.Dataset) -> list[Claim]:
    """Hypothesis 1: exponents of the boundary in 1 - ρ, τ_B and time."""
    rho, lengths = data.correlation.values, data.length.values
    edges = data.ratio.values[[0, -1]] * [1.1, 1 / 1.1]
    reach = np.maximum(data.reach.transpose("seed", "time", "length", "correlation").values.astype(np.float64), TINY)
    middle, half = int(np.abs(lengths - MIDDLE).argmin()), int(np.abs(rho - HALF).argmin())

    def of_map(x: np.ndarray) -> Callable[[np.ndarray], float]:
        def found(runs: np.ndarray) -> float:
            mean = np.exp(np.log(runs).mean(axis=0))
            return exponent(x, np.where((mean > edges[0]) & (mean < edges[1]), mean, np.nan))

        return found

    why = (
        "1 is the theory's, in which growth per time is in proportion; half either way since Control 5 measured others"
    )
    where = "largest τ_c/τ_w that specializes"
    return [
        of_hypothesis(
            f"{where}, with blocks of {MIDDLE:g} τ_w: exponent in 1 - ρ, as far as it is on the map",
            "hypothesis 1, theory of Figure A9",
            Range(0.5, 1.5, why),
            over_seeds(reach[:, -1, middle], of_map(1 - rho)),
            "undecided",
        ),
        of_hypothesis(
            f"{where}, with ρ = .5: exponent in the length of blocks, as far as it is on the map",
            "hypothesis 1, theory of Figure A9",
            Range(0.5, 1.5, why),
            over_seeds(reach[:, -1, :, half], of_map(lengths)),
        ),
        of_hypothesis(
            f"{where}, with blocks of {MIDDLE:g} τ_w and ρ = .5: exponent in time, {DURATION // 2} to {DURATION} τ_w",
            "hypothesis 1, theory of Figure A9",
            Range(0.5, 1.5, why),
            over_seeds(reach[:, :, middle, half], lambda runs: float(np.log2(runs[:, 1] / runs[:, 0]).mean())),
            "undecided",
        ),
    ]


def of_verdicts(data: xarray.Dataset) -> list[Claim]:
    """Hypothesis 2: verdicts that do not know ρ."""
    return [
        of_hypothesis(
            f"flexible runs from ρ = {WRONG_FROM:g} on: share that raw specialization, at most 1 - ρ, calls flexible",
            "hypothesis 2, the bound 1 - ρ on Figure A13",
            Range(
                None, 0.01, "paths that are turned away from the other task may exceed the bound in a hundredth of runs"
            ),
            over_seeds(data.raw_flexible.values),
        ),
        of_hypothesis(
            f"forgetful runs from ρ = {WRONG_FROM:g} on: share with a total alignment of Figure 5's level, {LEVEL:g}",
            "hypothesis 2, Figure 5's level",
            Range(
                0.9,
                None,
                "a path at the mean of both teachers has √((1 + ρ)/2), .806 at ρ = .3; at the end of a block "
                "paths lean to one task, and a tenth is left for that",
            ),
            over_seeds(data.aligned_forgetful.values),
        ),
    ]


def of_switches(data: xarray.Dataset) -> list[Claim]:
    """Hypothesis 3: times to the criterion."""
    rho, ratio = data.correlation.values, float(data.criterion_ratio)
    chosen = rho <= FORMULA_TO

    def deviation(runs: np.ndarray) -> float:
        measured = np.ma.median(np.ma.masked_invalid(runs), axis=0).filled(np.nan)
        apart = np.abs(measured / predicted_time(rho[chosen], ratio) - 1)
        return float(np.nanmax(apart)) if np.isfinite(apart).any() else 1.0

    return [
        of_hypothesis(
            "specialized runs meet the criterion after ½ τ_c ln(10 (1 - ρ))/(1 - ρ): largest relative deviation of the "
            f"typical time up to ρ = {FORMULA_TO:g}",
            "hypothesis 3, gates between specialized paths as in Figure 4",
            Range(None, 0.15, "steps are 4 % of the shortest time; weights, which learn as well, a few hundredths"),
            over_seeds(data.criterion.transpose("seed", "correlation").values[:, chosen], deviation),
            "undecided",
        ),
        of_hypothesis(
            "with the same blocks and overlap forgetful runs take how many times as long as flexible ones",
            "hypothesis 3, on Figure 2F",
            Range(2.0, None, "Figure 2F's late times differ tenfold; twofold is our threshold"),
            over_seeds(data.gain.values),
        ),
    ]


def of_similarity(data: xarray.Dataset) -> list[Claim]:
    """Hypothesis 4: forgetting against similarity."""
    apart = 1 - data.similarity.values
    runs = {
        (gates, regime): data.forgetting.sel(gates=gates, regime=regime).transpose("curve_seed", "similarity").values
        for gates, regime in (*(("kept", each) for each in LINES), ("own", "slow gates"))
    }

    def rise(values: np.ndarray) -> float:
        mean = values.mean(axis=0)
        return float(np.diff(mean).max() / max(abs(mean[0]), TINY))

    monotone = Range(None, 0.01, "a hundredth of that of orthogonal tasks, for what seeds change")
    return [
        of_hypothesis(
            "forgetful: forgetting falls with similarity: largest rise over that of orthogonal tasks",
            SIMILARITY,
            monotone,
            over_seeds(runs["kept", "forgetful"], rise),
        ),
        of_hypothesis(
            "forgetful: forgetting goes as 1 - ρ: exponent",
            SIMILARITY,
            Range(0.9, 1.1, "1 where maps mix in fixed shares; gates that move too may change it by a tenth"),
            over_seeds(runs["kept", "forgetful"], lambda each: exponent(apart, each.mean(axis=0))),
        ),
        *of_peak(runs["kept", "slow gates"], apart, "slow gates", np.mean, ("fails", "holds", "fails")),
        *of_peak(runs["kept", "moderate gates"], apart, "moderate gates", np.mean, ("undecided", "holds", "undecided")),
        *of_peak(
            data.typical.transpose("other_seed", "similarity").values,
            apart,
            "moderate gates, typical run of other seeds",
            np.median,
            ("holds", "holds", "undecided"),
        ),
        of_hypothesis(
            "slow gates: the jump of the loss at a switch falls with similarity: largest rise over that at ρ = 0",
            SIMILARITY,
            monotone,
            over_seeds(runs["own", "slow gates"], rise),
            "undecided",
        ),
    ]


def of_peak(
    runs: np.ndarray, apart: np.ndarray, regime: str, middle: Callable[..., Any], firsts: tuple[Verdict, ...]
) -> list[Claim]:
    """That the forgetting of runs (seeds, similarities) grows with similarity, and falls again; `apart` is 1 - ρ.

    `middle` is what is made of runs, their mean or median.
    """
    low = apart >= 1 - SPECIALIZED_TO - TINY
    peak = Range(1.5, None, "half as much again is a peak, and no ripple")

    def over_end(end: int) -> Callable[[np.ndarray], float]:
        def found(values: np.ndarray) -> float:
            curve = middle(values, axis=0)
            return float(curve.max() / max(curve[end], TINY))

        return found

    return [
        *(
            of_hypothesis(
                f"{regime}: forgetting is worst at intermediate similarity: its peak over that of {tasks} tasks",
                SIMILARITY,
                peak,
                over_seeds(runs, over_end(end)),
                first,
            )
            for tasks, end, first in zip(("orthogonal", "the most similar"), (0, -1), firsts[:2], strict=True)
        ),
        of_hypothesis(
            f"{regime}: forgetting up to ρ = {SPECIALIZED_TO:g}, where they specialize: exponent in 1 - ρ",
            SIMILARITY,
            Range(-1.5, -0.5, "-1 from the time until a gate is shut; half either way as for the boundary"),
            over_seeds(runs[:, low], lambda each: exponent(apart[low], middle(each, axis=0))),
            firsts[2],
        ),
    ]


def of_controls(data: xarray.Dataset) -> list[Claim]:
    """Hypothesis 5: sums; and finite batches."""
    overlap = data.overlap.values
    times = data.sum_time.transpose("curve_seed", "regime_of_sums", "overlap")
    runs = times.sel(regime_of_sums=["flexible", "forgetful"]).values.astype(np.float64)

    def over_forgetful(each: np.ndarray) -> float:
        flexible, forgetful = each.mean(axis=0)
        return float((flexible / np.maximum(forgetful, TINY)).max())

    gap = np.abs(data.of_batches.sel(inputs="batches") - data.of_batches.sel(inputs="population"))
    return [
        of_hypothesis(
            f"sums of two tasks up to ρ = {SUMS_TO:g}: time of flexible over that of forgetful networks, largest",
            "hypothesis 5, on Figure 3C",
            Range(None, 0.5, "twice as fast is our threshold; Figure 3C has fivefold at ρ = 0"),
            over_seeds(runs[..., overlap <= SUMS_TO], over_forgetful),
            "fails",
        ),
        of_hypothesis(
            "sums of two tasks at the largest ρ: time of flexible over that of forgetful networks",
            "hypothesis 5, on Figure 3C",
            Range(0.8, None, "no faster, but for a fifth"),
            over_seeds(runs[..., -1:], over_forgetful),
        ),
        of_hypothesis(
            "batches of 200 in place of the population: relative specialization of six cells differs by, on the mean",
            "control, Figure 5's batches",
            Range(None, 0.1, "a tenth of specialization, as in Control 5"),
            over_seeds(gap.transpose("seed", ...).values),
        ),
    ]


def of_hypothesis(
    sentence: str, source: str, expected: Range, measured: Measurement, first: Verdict = "holds"
) -> Claim:
    """A claim of ours, with its first verdict."""
    return Claim(sentence, source, expected, measured, first, origin="ours", needs=SEEDS)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the eight panels, with settings and verdicts."""
    reach = geometric_mean(data.reach.isel(time=-1))

    def at(values: xarray.DataArray, *places: float, **where: Any) -> str:
        chosen = values.sel(where, method="nearest")
        (dim,) = chosen.dims
        return ", ".join(f"{float(chosen.sel({dim: place}, method='nearest')):.2g}" for place in places)

    typical = data.typical.median("other_seed")
    second = data.second_gate.sel(regime="fast gates").mean("curve_seed")
    normalised, pace, times = (data[name].mean(seeds) for name, seeds in MEANS.items())
    slowest = {
        name: {each: float(of.sel(regime_of_sums=each)[-1]) for each in REGIMES}
        for name, of in (("pace", pace), ("time", times))
    }
    return written(
        "Open question 1. Where overlap of the tasks ends flexibility",
        f"Over the cosine ρ of any two rows of the teachers, in Figure 5's averaged convention, after {DURATION} "
        "τ_w. **A**–**C** Relative specialization: matched minus unmatched alignment over what ρ allows, 1 where "
        "each path is its teacher. Solid: where it is ½; dashed: where raw specialization is ½. **D** The largest "
        "τ_c/τ_w that specializes, for all lengths of blocks; dotted: in proportion to 1 - ρ. **E** Both measures "
        "of specialization with the longest blocks and the fastest gates, and the total alignment of networks that "
        "do not specialize (shortest blocks, slowest gates). **F** Time to the criterion of specialized networks "
        "(longest blocks, τ_c/τ_w about .2), measured and predicted. **G** Forgetting: the loss that a block of the "
        "other task adds to a task with the gates that it was left with, of typical runs, for gates that are fast, "
        f"moderate and slow (τ_c/τ_w of {', '.join(f'{each:g}' for each in FORGETTING_RATIOS.values())}), and "
        "without constraints; thin: with the gates of the moment of return. **H** Time until the loss of the first "
        "sum of two tasks is a tenth of that at the switch, at Figure 3's settings. Means over seeds but in G; bars "
        "are standard errors.\n\nOverlap ends flexibility late: with blocks of 4 τ_w the largest τ_c/τ_w is "
        f"{at(reach, 0, 0.5, 0.7, 0.9, length=4)} for ρ of 0, .5, .7, .9, with those of 16 τ_w "
        f"{at(reach, 0, 0.5, 0.7, 0.9, length=16)}. Exponents in 1 - ρ and in time are both about ½ and not 1, as if "
        "growth per time went as (1 - ρ)/τ_c²; why is unexplained. Without ρ verdicts are wrong: the paths of a "
        "specialized network are no more than about 1 - ρ apart, and the total alignment of a forgetful one reaches "
        "Figure 5's .8 from ρ = .3 on. 1 - ρ is no strict bound: with the longest blocks relative specialization is "
        f"{at(normalised, 0.4, 0.6, 0.8, 0.9)} at ρ of .4, .6, .8, .9, since similar tasks are put together of "
        "parts: one by one path alone, the other by both, of which the second one is turned away from the first "
        "task. With fast gates, in the runs of panel G, the second gate of such a task is open by "
        f"{at(second, 0.4, 0.6, 0.84)} at ρ of .4, .6, .84. There the time to the criterion, as predicted up to "
        "about ρ = .55, falls short of the prediction, which takes paths to be the teachers.\n\nForgetting falls as "
        "1 - ρ where nothing specializes, and peaks at intermediate similarity where networks do: with moderate "
        f"gates, from other seeds, it is {at(typical, 0, 0.6, 0.84, 0.96)} at ρ of 0, .6, .84, .96. Slow gates were "
        "expected to specialize and lie beyond the boundary, and single runs with moderate gates that do not "
        "specialize carry the means, so that these verdicts fail or stay undecided. At the switch itself, with the "
        "gates of the other task, the loss jumps the less, the more similar tasks are. Sums are met by gates alone "
        "up to about ρ = .5. Beyond, flexible networks are slower than forgetful ones, at the largest ρ "
        f"{slowest['time']['flexible']:.2g} against {slowest['time']['forgetful']:.2g} τ_w: the pace of the weights "
        f"is in proportion to Σ c², which the bounded norm holds at {slowest['pace']['flexible']:.2g}, against "
        f"{slowest['pace']['forgetful']:.2g}.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
