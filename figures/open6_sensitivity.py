"""Open question 6: which setting moves the final alignment where, along the boundary of flexible and forgetful."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.panels import (
    EVEN_CONTRAST,
    PAGE,
    TASKS,
    Line,
    at_least,
    legend_above,
    letter,
    luminance,
    new_figure,
)
from gatednet.figures.toolkit.power import TINY
from gatednet.figures.toolkit.sensitivity import BESIDE, CHECKED_SEEDS, MIDDLE, SYMBOLS, TRACED, measured
from gatednet.figures.toolkit.statistics import Measurement, over_seeds
from gatednet.sweeps.catalog.open6 import (
    BATCH_LENGTH,
)
from gatednet.sweeps.store.store import Store

SWEEPS = ("open6", "open6-controls")
PANELS = "ABCDEFGHIJ"
# What is far from the boundary, as a factor in τ_c/τ_w.
FAR = 2.0
EXPECTED_SIGNS = {"gates": -1, "weights": -1, "lengths": 1, "blocks": 1, "overlap": 1, "scale": 1}
# What the boundaries of open question 1 move by, and how far from it is allowed.
TIME, LENGTH, OVERLAP, ALLOWED = 0.44, 0.73, 0.30, 0.15
# The least sensitivity that maps show.
FAINT = 1e-3
SERIES: tuple[Line, ...] = tuple(
    {"marker": marker, "color": line["color"], "linestyle": "none"} for marker, line in zip("osD^", TASKS, strict=True)
)


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """What the panels show and the claims measure, see `measured`."""
    return measured(stores)


def draw(data: xarray.Dataset) -> Figure:
    """Alignment and maps of sensitivities, a column for each length of blocks; gradients, and how boundaries move."""
    figure = new_figure(PAGE, 6.0)
    grid = figure.add_gridspec(3, 4, height_ratios=(0.8, 1.1, 1.2))
    names = iter(PANELS)
    above = [figure.add_subplot(grid[0, place]) for place in range(4)]
    maps = [figure.add_subplot(grid[1, place]) for place in range(4)]
    for axes, length in zip(above, data.length.values, strict=True):
        alignment(axes, data.sel(length=length))
        letter(axes, next(names))
    above[0].set_ylabel("total alignment")
    top = float(np.abs(data.sensitivity).max())
    for place, (axes, length) in enumerate(zip(maps, data.length.values, strict=True)):
        image = sensitivity_map(axes, data.sel(length=length), top, named=not place)
        letter(axes, next(names))
    figure.colorbar(image, ax=maps, label="|d A / d ln θ|", extend="min", fraction=0.03, pad=0.01)
    agreement, moves = figure.add_subplot(grid[2, :2]), figure.add_subplot(grid[2, 2:])
    compared(agreement, data)
    movements(moves, data)
    for axes in (agreement, moves):
        letter(axes, next(names))
    return figure


def alignment(axes: Axes, data: xarray.Dataset) -> None:
    """Total alignment at the end over τ_c/τ_w, and the boundary."""
    axes.plot(data.ratio, data.alignment, color="black")
    axes.plot(data.ratio, data.explicit, color=TASKS[1]["color"], linestyle=":", linewidth=1.6)
    axes.axvline(boundary(data), color="0.5", linewidth=0.8)
    axes.set(xscale="log")
    at_least(axes, 0.8, 1.01)
    axes.set_title(f"τ$_B$ = {float(data.length):g} τ$_w$")


def boundary(data: xarray.Dataset) -> float:
    """Up to which τ_c/τ_w networks specialize, geometric mean over seeds."""
    return float(np.exp(np.log(np.maximum(data.reach.values, TINY)).mean()))


def sensitivity_map(axes: Axes, data: xarray.Dataset, top: float, *, named: bool) -> Any:
    """Absolute sensitivities over τ_c/τ_w, a row for each setting, with the sign at the largest of a row."""
    values = data.sensitivity.transpose("setting", "ratio").values
    rows, norm = np.arange(len(values)), LogNorm(FAINT, max(top, 2 * FAINT))
    shown = np.maximum(np.abs(values), FAINT)
    image = axes.pcolormesh(data.ratio, rows, shown, norm=norm, cmap="cividis", shading="nearest", rasterized=True)
    for row, of_setting in enumerate(values):
        place = int(np.abs(of_setting[1:-1]).argmax()) + 1
        if abs(of_setting[place]) > FAINT:
            behind = luminance(colormaps["cividis"](norm(abs(of_setting[place])))[:3])
            colour = "black" if behind > EVEN_CONTRAST else "white"
            sign = "+" if of_setting[place] > 0 else "−"
            axes.text(data.ratio.values[place], row, sign, ha="center", va="center", color=colour, fontsize=7)
    axes.axvline(boundary(data), color="white", linewidth=0.8, linestyle="--")
    axes.set(xscale="log", xlabel="τ$_c$ / τ$_w$")
    axes.set_yticks(rows, list(SYMBOLS.values()) if named else [""] * len(rows))
    axes.invert_yaxis()
    return image


def compared(axes: Axes, data: xarray.Dataset) -> None:
    """Sensitivities by gradients over those by differences, for each run."""
    for name, line in zip(TRACED, SERIES, strict=True):
        one = data.sel(traced=name)
        axes.plot(
            one.difference.values.ravel(), one.gradient.values.ravel(), label=SYMBOLS[name], **{**line, "markersize": 2}
        )
    low, high = (float(extreme(data.difference)) for extreme in (np.min, np.max))
    axes.plot([low, high], [low, high], color="0.6", linewidth=0.8, zorder=0)
    axes.set(xlabel="d A / d ln θ by differences", ylabel="by gradients")
    axes.margins(0.06)
    legend_above(axes, ncols=4)


def movements(axes: Axes, data: xarray.Dataset) -> None:
    """By which share the boundary moves with each setting, over that of the setting, for all lengths of blocks."""
    shown = [name for name in SYMBOLS if name != "gates"]
    for place, (length, line) in enumerate(zip(data.length.values, SERIES, strict=True)):
        means = data.moved_near.sel(length=length).mean("seed")
        gates = float(means.sel(setting="gates"))
        values = [-float(means.sel(setting=name)) / gates if gates else 0.0 for name in shown]
        axes.plot(
            np.arange(len(shown)) + 0.15 * (place - 1.5), values, label=f"{length:g} τ$_w$", **{**line, "markersize": 4}
        )
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set_xticks(range(len(shown)), [SYMBOLS[name] for name in shown])
    axes.set_xlim(-0.6, len(shown) - 0.4)
    axes.margins(y=0.08)
    axes.set_ylabel("d ln (τ$_c$/τ$_w$)* / d ln θ")
    legend_above(axes, ncols=4)


def claims(data: xarray.Dataset) -> list[Claim]:
    """The hypotheses of the catalog, as numbers."""
    return [*of_place(data), *of_moves(data), *of_ways(data)]


def of_place(data: xarray.Dataset) -> list[Claim]:
    """Hypothesis 1: where sensitivities are largest."""
    ratios = data.ratio.values.astype(np.float64)
    runs = np.concatenate(
        [
            data.strength.transpose("seed", "length", "ratio").values,
            data.reach.transpose("seed", "length").values[..., None],
        ],
        axis=-1,
    ).astype(np.float64)

    def parts(each: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return each[..., :-1].mean(axis=0), np.exp(np.log(np.maximum(each[..., -1], TINY)).mean(axis=0))

    def off(each: np.ndarray) -> float:
        strength, boundaries = parts(each)
        return float(np.exp(np.abs(np.log(ratios[strength.argmax(axis=-1)] / boundaries)).mean()))

    def beyond(side: int) -> Any:
        def found(each: np.ndarray) -> float:
            strength, boundaries = parts(each)
            far = side * np.log(ratios / boundaries[:, None]) >= np.log(FAR)
            return float((np.where(far, strength, 0.0).max(axis=-1) / np.maximum(strength.max(axis=-1), TINY)).max())

        return found

    where = "Figure 5's boundary, hypothesis 1"
    return [
        of_hypothesis(
            "sensitivities are largest at the boundary: factor in τ_c/τ_w that they are beside it, mean over lengths",
            where,
            Range(None, BESIDE, "a cell of Figure 5's own map is a factor of 1.25 to 2 wide"),
            over_seeds(runs, off),
        ),
        of_hypothesis(
            "at half of the boundary and less: largest sum of sensitivities over that at the peak",
            where,
            Range(None, 0.1, "a specialized network is its teachers, whatever the settings"),
            over_seeds(runs, beyond(-1)),
            "fails",
        ),
        of_hypothesis(
            "at twice the boundary and more: largest sum of sensitivities over that at the peak",
            where,
            Range(None, 0.33, "networks still grow apart there, slowly"),
            over_seeds(runs, beyond(1)),
            "undecided",
        ),
    ]


def of_moves(data: xarray.Dataset) -> list[Claim]:
    """Hypotheses 2 and 3: what moves the boundary, and which way."""
    order = list(SYMBOLS)
    measures = {
        name: data.moved.sel(measure=name).transpose("seed", "setting", "length").values.astype(np.float64)
        for name in ("total_alignment", "relative_specialization")
    }
    middle = int(np.abs(data.length.values - MIDDLE).argmin())
    at = {name: order.index(name) for name in order}

    def per_gates(each: np.ndarray, name: str) -> np.ndarray:
        """-S/S_τ_c of the means over runs, for each length: by how much the boundary moves."""
        mean = each.mean(axis=0)
        return -mean[at[name]] / np.where(np.abs(mean[at["gates"]]) > TINY, mean[at["gates"]], -TINY)

    relative, total = measures["relative_specialization"], measures["total_alignment"]

    def largest(each: np.ndarray, *names: str) -> float:
        return float(max(np.abs(per_gates(each, name)).max() for name in names))

    def rightly(each: np.ndarray) -> float:
        mean = each.mean(axis=(0, 2))
        scale = max(abs(mean[at["gates"]]), TINY)
        return float(min(sign * mean[at[name]] for name, sign in EXPECTED_SIGNS.items()) / scale)

    same = "as far as the boundaries of open question 1 are known, and for the other rule"
    source = "open question 1's boundaries at the settings of Figure 5"
    return [
        of_hypothesis(
            f"the boundary moves with time, with blocks of {MIDDLE:g} τ_w: d ln (τ_c/τ_w)* / d ln θ",
            source,
            around(TIME, same),
            over_seeds(relative, lambda each: float(per_gates(each, "blocks")[middle])),
            "fails",
        ),
        of_hypothesis(
            "the boundary moves with the length of blocks at equal time, mean over lengths: d ln (τ_c/τ_w)* / d ln θ",
            source,
            around(LENGTH, same),
            over_seeds(relative, lambda each: float((per_gates(each, "lengths") - per_gates(each, "blocks")).mean())),
            "undecided",
        ),
        of_hypothesis(
            f"the boundary moves with 1 - ρ, with blocks of {MIDDLE:g} τ_w: d ln (τ_c/τ_w)* / d ln θ",
            source,
            around(OVERLAP, same),
            over_seeds(relative, lambda each: float(per_gates(each, "overlap")[middle])),
            "fails",
        ),
        of_hypothesis(
            "slower gates and weights lower alignment, longer and more blocks, less overlap, a larger start raise it: "
            "the least of their sensitivities in that direction, over that to τ_c",
            "text on Figure 5, and hypothesis 3",
            Range(0.0, None, "above 0 all have the sign that is expected"),
            over_seeds(total, rightly),
            "fails",
        ),
        of_hypothesis(
            "the scale of the start matters less than half as much as τ_c: largest ratio over lengths",
            "Figure 5, hypothesis 3",
            Range(
                None, 0.5, "growth by exp(G) from σ asks for G = ln(1/σ) = 4.6, and a ratio of 1/G; half is twice that"
            ),
            over_seeds(total, lambda each: largest(each, "scale")),
            "undecided",
        ),
        of_hypothesis(
            "neither constraint matters more than half as much as τ_c: largest ratio over both and lengths",
            "Figure 5, right, hypothesis 3",
            Range(None, 0.5, "half is our threshold for a setting that does not decide"),
            over_seeds(total, lambda each: largest(each, "norm", "nonnegativity")),
        ),
    ]


def around(value: float, why: str) -> Range:
    """What is allowed around a known value."""
    return Range(round(value - ALLOWED, 2), round(value + ALLOWED, 2), why)


def of_ways(data: xarray.Dataset) -> list[Claim]:
    """Hypothesis 4, and that gradients, rules and inputs agree."""
    both = np.stack(
        [data[name].transpose("checked", "traced", "ratio").values for name in ("gradient", "difference")], axis=1
    )
    balance = np.stack([data[name].transpose("seed", "length").values for name in ("unbalanced", "of_gates")], axis=1)
    inputs = data.batches.transpose("seed", "inputs").values

    def over_second(each: np.ndarray) -> float:
        first, second = each.astype(np.float64).reshape(*each.shape[:2], -1).mean(axis=(0, 2))
        return float(first / (second if abs(second) > TINY else TINY))

    def over_absolute(each: np.ndarray) -> float:
        first, second = each.astype(np.float64).mean(axis=0)
        return float(first / max(abs(second), TINY))

    def disagreement(each: np.ndarray) -> float:
        apart = np.abs(each[:, 0] - each[:, 1]).mean(axis=(0, 2))
        return float((apart / np.maximum(np.abs(each[:, 1]).mean(axis=(0, 2)).max(), TINY)).max())

    return [
        of_hypothesis(
            "τ_c, τ_w and τ_B together change nothing but dt: their summed sensitivity over that to τ_c",
            "hypothesis 4, scaling of all times in Figure 5",
            Range(None, 0.1, "dt is a tenth of the fastest τ_c"),
            over_seeds(balance, over_second),
            "undecided",
        ),
        of_hypothesis(
            "reverse mode and differences give the same sensitivities to τ_c, τ_w and both constraints: mean "
            "difference over the largest mean",
            "gatednet.final at the settings of Figure 5",
            Range(None, 0.05, "a twentieth, since a difference over a kink is between the slopes on its sides"),
            over_seeds(both.astype(np.float64), disagreement),
        ),
        of_hypothesis(
            "explicit constraints lead to the same total alignment: difference, mean over cells",
            "control, the rule of Figure 5",
            Range(None, 0.01, "a hundredth, for runs at the boundary"),
            over_seeds(data.explicit_gap.values),
        ),
        of_hypothesis(
            f"with batches of 200 slower gates lower alignment at τ_B = {BATCH_LENGTH:g} τ_w, τ_c = .4 τ_w: the "
            "sensitivity over the absolute one with the population",
            "control, Figure 5's batches",
            Range(-1.5, -0.5, "half either way, for what batches do to runs at the boundary"),
            over_seeds(inputs, over_absolute),
        ),
    ]


def of_hypothesis(
    sentence: str, source: str, expected: Range, measured: Measurement, first: Verdict = "holds"
) -> Claim:
    """A claim of ours, with its first verdict."""
    return Claim(sentence, source, expected, measured, first, origin="ours", needs=CHECKED_SEEDS)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the ten panels, with settings and verdicts."""
    whole = data.moved.sel(measure="relative_specialization").mean("seed")
    near, weights = (
        data.moved_near.mean("seed"),
        data.moved.sel(measure="total_alignment", setting="weights").mean("seed"),
    )

    def by_length(values: xarray.DataArray, digits: int = 2) -> str:
        return ", ".join(f"{value:.{digits}g}" for value in values.values)

    def moves(of: xarray.DataArray, setting: str, length: float) -> str:
        chosen = of.sel(length=length, method="nearest")
        return f"{-float(chosen.sel(setting=setting)) / float(chosen.sel(setting='gates')):.2f}"

    return written(
        "Open question 6. Which setting matters where",
        "Sensitivities d A / d ln θ of the final total alignment A at Figure 5's settings with half overlapping "
        "tasks (ρ = .5), after 192 τ_w. **A**–**D** Total alignment over τ_c/τ_w, for four lengths of blocks; "
        "vertical: the boundary, where runs are half specialized; dotted: with explicit constraints. **E**–**H** "
        "Absolute sensitivities to the time constants of gates and weights, the length of blocks at an equal "
        "number of them, their number, 1 - ρ, the strengths of both constraints, the scale σ of the initial "
        "weights, and the initial gates, by central differences; the sign is that of the largest of a row. **I** "
        f"Those of single runs by reverse mode, for blocks of {MIDDLE:g} τ_w. **J** By which share the boundary "
        "moves with a setting: ratios of sensitivities of relative specialization to that to τ_c, within a factor "
        f"of {BESIDE:g} of the boundary. Means over {data.sizes['seed']} seeds.\n\nSensitivities are largest at the "
        "boundary, and there τ_c and τ_B matter most, constraints and the initial gates hardly: λ_nonneg has no "
        "part at all, since what it holds at 0 is 0. With short blocks networks are not quite specialized at half "
        "of the boundary, so that a sixth of the peak is left there. Slower weights lower alignment with short "
        f"blocks and raise it with long ones (integrals over ln τ_c/τ_w of {by_length(weights)} for the four "
        "lengths): a smaller τ_c/τ_w then gains more than time in units of τ_w is lost. Less overlap was expected "
        "to raise A, and lowers it beyond the boundary, where A is √((1 + ρ)/2) whatever networks do. Relative "
        "specialization has no such part, but exceeds 1 on its plateau the more, the larger ρ: with blocks of 4 "
        f"τ_w the boundary moves by {moves(whole, 'overlap', MIDDLE)} with 1 - ρ where that is counted in and by "
        f"{moves(near, 'overlap', MIDDLE)} near it, expected .30. With time it moves by "
        f"{moves(whole, 'blocks', MIDDLE)}, less than the .44 that it moved by from 96 to 192 τ_w: it slows down. "
        "Some runs are at the verge of another course: the largest sensitivities of relative specialization to τ_c "
        f"are {by_length(data.largest, 3)} for the four lengths, and with blocks of 16 τ_w that of a single run "
        "carries the error of the means, and leaves verdicts undecided.\n\nGradients and differences agree where "
        "constraints are implicit. With explicit ones runs come to the same alignment, but differences of a tenth "
        f"of a percent are off by {by_length(data.chatter)} times the sensitivity to τ_c: a gate held at 0 chatters "
        "about it.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
