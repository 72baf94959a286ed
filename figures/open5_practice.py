"""Open question 5: what a switch costs against a repeat, for all lengths of blocks and amounts of practice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, Line, at_least, band, legend_above, letters, new_figure
from gatednet.figures.toolkit.practice import advantage, fitted
from gatednet.figures.toolkit.statistics import mean_and_error, over_seeds
from gatednet.figures.toolkit.switches import MEANT, against_repeats, by_cycle, floor, halves, remaining, strength
from gatednet.sweeps.catalog.open5 import BLOCKS, FINER_LENGTHS, HALVES, HEADLINE, LENGTHS, PRACTICE, SHARES, TEST
from gatednet.sweeps.store.store import Store

SWEEPS = ("open5",)
PANELS = "ABCDEFGHIJKL"
# A cycle is a block of either task. What is early and what is practised, as places among the cycles.
CYCLES, ALL = BLOCKS // 2, BLOCKS * HALVES
EARLY, PRACTISED = slice(1, 4), slice(CYCLES // 2, CYCLES)
# Halves of a cycle of unequal practice, and of equal.
LONGER, EVEN = sum(SHARES), 2 * HALVES
# Late cycles of unequal practice, the first ones of the test after it, and those as far into a run of equal practice.
UNEQUAL, IN_TEST = slice(PRACTICE // 2, PRACTICE), slice(0, TEST // 2)
AS_FAR = slice(LONGER * PRACTICE // EVEN, LONGER * PRACTICE // EVEN + TEST // 2)
PHASES: Mapping[str, Line] = {
    "3 : 1": {"marker": "o"},
    "1 : 1 after it": {"marker": "s", "markerfacecolor": "white"},
    "1 : 1 always": {"marker": "^", "alpha": 0.5, "linewidth": 0.7},
}
# In units of τ_w: from here on blocks let forgetful networks meet the criterion (control 5).
COMPARED = 1.0
TINY = 1e-9
# What maps show, and their lowest and highest values; logarithmic where the lowest is above 0.
MAPS = {
    "time": ("time to criterion / τ$_w$", 0.01, 2.0),
    "speed": ("gate speed  τ$_c$ |dc/dt|", 0.0, 1.2),
    "cost": ("cost, steps 1 to 5", 0.0, 0.5),
    "area": ("area of the cost / τ$_w$", 0.0005, 0.5),
}
LAW_LINES: Mapping[str, Line] = {
    "power": {"color": "#b04020", "linestyle": (0, (5, 1)), "linewidth": 1.0},
    "exponential": {"color": "black", "linestyle": (0, (1, 1)), "linewidth": 1.0},
}
# Fewer runs decide no median, share or law.
FEW = 20
ASYMMETRIES = (("3 : 1", "forgetful"), ("1 : 1 after it", "flexible"))
THEORY: Line = {"color": "0.4", "linestyle": (0, (1, 1)), "linewidth": 0.9}
SINGLE: Line = {"color": "0.75", "linestyle": "-", "linewidth": 0.5}
# Verdicts that claims had when they were first measured, where they did not hold.
KNOWN: dict[str, Verdict] = {"forgetful": "fails", "floor": "fails", "mean law": "fails"}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Measures of switches over the plane, and of each run what claims are about.

    `time`, `speed`, `cost` and `area`, see `against_repeats`, are means over runs, (regime, length, cycle), `cost` also
    of five steps. `early_cost` and `practised_cost` (regime, length, seed, after_switch), `practised_time` and
    `practised_area` (regime, length, seed) are means over cycles; `practice` (seed, cycle) is the time of the flexible
    network at the headline, `other_time` (other_length, seed) the practised time at Figure 5's settings. `asymmetry`
    (phase, regime, unequal_length, seed) is the cost of switches into A minus that into B, mean of five steps.
    `batch_cost` and `batch_time` (regime, batch_seed) are those of finite batches, practised. `finer_change`
    (finer_length, finer_seed) is what practice changes in the cost of forgetful networks with a fifth of the step,
    `lowest_alignment` (seed) that of any path and task in the longest blocks. Attributes have the theory of specialized
    paths, see `gatednet.figures.toolkit.switches`.
    """
    by_half = xarray.concat([halves(stores[f"open5-{name}"], ALL) for name in LENGTHS], "length")
    cycles = by_cycle(by_half)
    other = by_cycle(halves(stores["open5-fig5"], ALL)).sel(regime="flexible").rename(length="other_length")
    finer = by_cycle(halves(stores["open5-finer"], ALL)).cost.sel(regime="forgetful").mean("after_switch")
    finer = finer.rename(length="finer_length", seed="finer_seed")
    long = stores["open5-long"].dataset().rename(relative_length="length").sel(regime="flexible")
    batches = by_cycle(halves(stores["open5-batches"], ALL)).isel(length=0).rename(seed="batch_seed")
    found = {
        **{name: cycles[name].mean("seed") for name in ("time", "speed", "area")},
        "cost": cycles.cost.mean(["seed", "after_switch"]),
        "early_cost": cycles.cost.isel(cycle=EARLY).mean("cycle"),
        **{f"practised_{name}": cycles[name].isel(cycle=PRACTISED).mean("cycle") for name in ("cost", "time", "area")},
        "practice_time": cycles.time.sel(regime="flexible", length=HEADLINE).transpose("seed", "cycle"),
        "other_time": other.time.isel(cycle=PRACTISED).mean("cycle"),
        "asymmetry": asymmetries(by_half, halves(stores["open5-unequal"], LONGER * PRACTICE + EVEN * TEST)),
        "finer_change": finer.isel(cycle=PRACTISED).mean("cycle") - finer.isel(cycle=EARLY).mean("cycle"),
        "lowest_alignment": long.alignment.isel(step=-1, length=-1).min(["task", "path"]).load(),
        "batch_cost": batches.cost.isel(cycle=PRACTISED).mean(["cycle", "after_switch"]),
        "batch_time": batches.time.isel(cycle=PRACTISED).mean("cycle"),
    }
    into = described("cost of a switch into task A minus that into task B, mean of steps 1 to 5")
    meant = {
        **MEANT,
        "asymmetry": into,
        "change": described("what practice changes in the cost of forgetful networks, mean of steps 1 to 5"),
        "alignment": described("lowest alignment of a path with a task at the end, longest blocks"),
    }
    variables = {
        name: values.reset_coords(drop=True).astype(np.float32).assign_attrs(meant[name.rpartition("_")[2]])
        for name, values in found.items()
    }
    here, there = (stores[name].sweep.experiment for name in ("open5-middle", "open5-fig5"))
    attributes = {
        "strength": strength(here),
        "remaining": remaining(here),
        "step": here.dt / here.timescales.weights,
        "floor": floor(here),
        "other_floor": floor(there),
        "settings": [f"{name}: {settings_line(store.sweep.experiment)}" for name, store in stores.items()],
    }
    return xarray.Dataset(variables).assign_attrs(attributes)


def asymmetries(equal: xarray.Dataset, unequal: xarray.Dataset) -> xarray.DataArray:
    """The cost of switches into A minus that into B, mean of steps, in each of `PHASES`."""
    phases = (
        (unequal, LONGER * np.arange(PRACTICE)[UNEQUAL], SHARES[0]),
        (unequal, LONGER * PRACTICE + EVEN * np.arange(TEST)[IN_TEST], HALVES),
        (equal.sel(length=unequal.length), EVEN * np.arange(CYCLES)[AS_FAR], HALVES),
    )
    costs = [
        [against_repeats(data, places + shift).cost.mean(["block", "after_switch"]) for shift in (0, later)]
        for data, places, later in phases
    ]
    found = [into_a - into_b for into_a, into_b in costs]
    return xarray.concat(found, "phase").assign_coords(phase=list(PHASES)).rename(length="unequal_length")


def draw(data: xarray.Dataset) -> Figure:
    """Maps for both regimes above each other, and below them cuts through the plane."""
    figure = new_figure(PAGE, 6.0)
    grid = figure.subplots(3, 4)
    for column, name in zip(grid.T, MAPS, strict=True):
        for axes, regime in zip(column, REGIMES, strict=False):
            image = plane(axes, data, name, regime)
        figure.colorbar(image, ax=list(column[:2]), label=MAPS[name][0], location="bottom", fraction=0.05, pad=0.02)
    for row, regime in zip(grid, REGIMES, strict=False):
        row[0].set_ylabel(f"{regime}\nτ$_B$ / τ$_w$")
    laws(grid[2, 0], data)
    steps(grid[2, 1], data)
    areas(grid[2, 2], data)
    asymmetry(grid[2, 3], data)
    theory, *regimes = zip(*grid[2, 2].get_legend_handles_labels(), strict=True)
    figure.legend(*zip(*regimes, theory, strict=True), loc="outside lower center", ncols=3)
    letters(grid.flat, PANELS)
    return figure


def plane(axes: Axes, data: xarray.Dataset, name: str, regime: str) -> QuadMesh:
    """The mean of one measure over the plane of blocks practised and their length."""
    values = data[name].sel(regime=regime).transpose("length", "cycle").values
    lengths, cycles = data.length.values, data.cycle.values
    ratio = (lengths[1:] / lengths[:-1]) ** 0.5
    up = np.array([lengths[0] / ratio[0], *lengths[:-1] * ratio, lengths[-1] * ratio[-1]])
    across = np.array([1, *(2 * cycles + 1)])
    _, low, high = MAPS[name]
    norm = LogNorm(low, high) if low > 0 else Normalize(low, high)
    image = axes.pcolormesh(across, up, np.maximum(values, low), norm=norm, cmap="viridis", rasterized=True)
    axes.set(xscale="log", yscale="log", xlabel="blocks practised" if regime == "forgetful" else "")
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    return image


def laws(axes: Axes, data: xarray.Dataset) -> None:
    """Times of the flexible network at the headline against practice: single runs, their mean, and both laws."""
    blocks, runs = 2 * data.cycle.values, data.practice_time.transpose("seed", "cycle").values
    for place, run in enumerate(runs[:6]):
        axes.plot(blocks, run, label="single runs" if not place else None, **SINGLE)
    mean = runs.mean(axis=0, dtype=np.float64)
    band(axes, blocks, data.practice_time, label="mean", **REGIMES["flexible"])
    for law, line in LAW_LINES.items():
        axes.plot(blocks, fitted(data.cycle.values, mean, law), label=law, **line)
    axes.set(xscale="log", yscale="log", xlabel="blocks practised", ylabel=MAPS["time"][0])
    axes.set_xticks([10, 100], ["10", "100"])
    axes.set_yticks([0.05, 0.1, 0.2, 0.5], ["0.05", "0.1", "0.2", "0.5"])
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="upper right", fontsize=6)


def steps(axes: Axes, data: xarray.Dataset) -> None:
    """The cost of each step at the headline, early and practised; dotted: by the theory of specialized paths."""
    after = data.after_switch.values
    for when, mark in (("early", {"marker": "o", "markerfacecolor": "white"}), ("practised", {"marker": "o"})):
        for regime, line in REGIMES.items():
            runs = data[f"{when}_cost"].sel(regime=regime, length=HEADLINE).transpose("seed", "after_switch").values
            mean, error = mean_and_error(runs)
            axes.errorbar(after, mean, np.nan_to_num(error), label=when, markersize=3, **{**line, **mark})
    axes.plot(after, data.strength * data.remaining ** (2 * (after - 1)), **THEORY)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::2], labels[::2], loc="upper right", fontsize=6)
    axes.set(xlabel="steps after the switch", ylabel="cost", xticks=after, xlim=(0.7, after[-1] + 0.3))
    at_least(axes, 0.0, 0.55)


def areas(axes: Axes, data: xarray.Dataset) -> None:
    """The area of the practised cost against the length of blocks; dotted: by the theory of specialized paths."""
    for regime, line in REGIMES.items():
        mean, error = mean_and_error(data.practised_area.sel(regime=regime).transpose("seed", "length").values)
        axes.errorbar(data.length, mean, np.nan_to_num(error), label=regime, marker="o", markersize=3, **line)
    axes.axhline(area_of_theory(data), label="theory of specialized paths", **THEORY)
    axes.set(xscale="log", yscale="log", xlabel="τ$_B$ / τ$_w$", ylabel=MAPS["area"][0], xlim=(0.08, 12.5))
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])


def area_of_theory(data: xarray.Dataset) -> float:
    """The summed loss of a switch of specialized paths, in τ_w: a geometric series."""
    return data.step * data.strength / (1 - data.remaining**2)


def asymmetry(axes: Axes, data: xarray.Dataset) -> None:
    """Cost of switches into A minus that into B, during unequal practice, after it, and without."""
    lengths = data.unequal_length.values
    for phase, mark in PHASES.items():
        for regime, line in REGIMES.items():
            runs = data.asymmetry.sel(phase=phase, regime=regime).transpose("seed", "unequal_length").values
            mean, error = mean_and_error(runs)
            axes.errorbar(lengths, mean, np.nan_to_num(error), label=phase, markersize=3, **{**line, **mark})
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    handles, labels = axes.get_legend_handles_labels()
    legend_above(axes, handles[::2], labels[::2], ncols=1, fontsize=6)
    axes.set(xscale="log", xlabel="τ$_B$ / τ$_w$", ylabel="cost, into A − into B", xlim=(0.25, 4.0))
    axes.set_xticks(lengths, [f"{length:.2g}" for length in lengths])
    axes.xaxis.set_minor_formatter(NullFormatter())


def claims(data: xarray.Dataset) -> list[Claim]:
    """That practice and longer blocks make switches cheap where paths specialize, down to what gates take."""
    early, late = (at_headline(data[f"{when}_cost"], "flexible") for when in ("early", "practised"))
    practice, cycles = data.practice_time.transpose("seed", "cycle").values.astype(np.float64), data.cycle.values
    left = data.remaining ** (2 * (data.sizes["after_switch"] - 1))
    unequal, test = (at_headline(data.asymmetry.sel(phase=phase), regime) for phase, regime in ASYMMETRIES)
    residual = "Figure 2F and Figure A2; a residual cost in people (Rogers & Monsell 1995; Monsell 2003)"
    people = "Figure 8; practice and people (Newell & Rosenbloom 1981; Heathcote, Brown & Mewhort 2000)"
    blocks = "Figures 4 and 5; blocked practice and people (Flesch et al. 2018)"
    weaker = "Figure 8; asymmetric costs in people (Allport, Styles & Hsieh 1994)"
    found = [
        (
            "surprise",
            "flexible, blocks of one τ_w: practice raises the cost of the first step after a switch, by",
            "Figure 8",
            Range(0.1, None, "a fifth of the ½ that is the most; hypothesis: paths of one task meet the other in full"),
            over_seeds(late[:, 0] - early[:, 0]),
            1,
        ),
        (
            "left",
            f"flexible, blocks of one τ_w, practised: {left:.3f} of the cost of the first step is left in the fifth",
            "Figure 8 and Figure A2, speed of gates",
            Range(round(left - 0.05, 3), round(left + 0.05, 3), "(1 - Σ s² dt / τ_c)⁸, as if weights stood still"),
            over_seeds(late, lambda each: ratio(each[:, -1], each[:, 0])),
            1,
        ),
        (
            "forgetful",
            f"forgetful, blocks of {COMPARED:g} τ_w and more: practice does not change the cost of steps "
            "1 to 5: largest change",
            "Figure 8, control",
            Range(None, 0.03, "a tenth of what a switch costs"),
            over_seeds(changes(data), lambda each: float(np.abs(each.mean(axis=0)).max())),
            1,
        ),
        (
            "finer",
            f"forgetful, blocks of {FINER_LENGTHS[0]:g} to {FINER_LENGTHS[-1]:.2g} τ_w, with a fifth of the step "
            "(added after this had failed): practice does not change the cost of steps 1 to 5: largest change",
            "Figure 8, control",
            Range(None, 0.03, "the same tenth of what a switch costs"),
            over_seeds(
                data.finer_change.transpose("finer_seed", "finer_length").values,
                lambda each: float(np.abs(each.mean(axis=0)).max()),
            ),
            1,
        ),
        (
            "floor",
            f"flexible, blocks of {COMPARED:g} τ_w and more, practised: typical times to the criterion are the "
            f"{data.floor:.3f} τ_w that gates take alone, largest difference / τ_w",
            residual,
            Range(None, round(data.step, 4), "one step of the simulation, to which times are known"),
            over_seeds(from_floor(data.practised_time.sel(regime="flexible"), data.floor), worst_median),
            FEW,
        ),
        (
            "other floor",
            f"flexible at Figure 5's settings, blocks of {LENGTHS['long'][0]:g} τ_w and more, practised: typical times "
            f"are the {data.other_floor:.2f} τ_w that gates take alone, largest difference / τ_w",
            residual,
            Range(None, round(0.1 * data.other_floor, 3), "a tenth: weights move as well meanwhile"),
            over_seeds(from_floor(data.other_time.rename(other_length="length"), data.other_floor), worst_median),
            FEW,
        ),
        (
            "mean law",
            "flexible, blocks of one τ_w: the mean time falls as a power of practice rather than as an exponential: "
            "log10 of the ratio of their squared errors at cycles that neither was fitted to",
            people,
            Range(0.0, None, "above 0 the power is nearer; both have three parameters"),
            over_seeds(practice, lambda each: float(advantage(cycles, each.mean(axis=0)))),
            FEW,
        ),
        (
            "single law",
            "flexible, blocks of one τ_w: single runs are nearer to an exponential: share of them",
            people,
            Range(0.5, None, "more than half of the runs"),
            over_seeds(advantage(cycles, practice) < 0),
            FEW,
        ),
        (
            "longer forgetful",
            "forgetful, practised: the area of the cost grows with the length of blocks, from 1 to 10 τ_w by a factor",
            blocks,
            Range(2.0, None, "a clear growth; ten would be in proportion"),
            over_seeds(practised_areas(data, "forgetful"), lambda each: ratio(each[:, 1], each[:, 0])),
            1,
        ),
        (
            "longer flexible",
            "flexible, practised: the area of the cost does not grow with the length of blocks: that at 10 τ_w over "
            "that at 1 τ_w",
            blocks,
            Range(None, 1.25, "hypothesis: 1, since gates alone decide; a quarter more is still no growth"),
            over_seeds(practised_areas(data, "flexible"), lambda each: ratio(each[:, 1], each[:, 0])),
            1,
        ),
        (
            "unequal",
            "forgetful, blocks of one τ_w, A three times as long as B: a switch into A costs less than one into B, the "
            "reverse of what people show: difference of the cost of steps 1 to 5",
            weaker,
            Range(None, -0.02, "a tenth of what a switch costs"),
            over_seeds(unequal),
            1,
        ),
        (
            "test",
            "flexible, blocks of one τ_w: no asymmetry is left once both tasks are shown equally: difference of the "
            "cost of steps 1 to 5",
            weaker,
            Range(-0.02, 0.02, "a tenth of what a switch costs, in either direction"),
            over_seeds(test),
            1,
        ),
        (
            "batches",
            "blocks of one τ_w, practised: with batches of 200 the cost of steps 1 to 5 is that of the population in "
            "both regimes: largest difference of means",
            "Figure 8",
            Range(None, 0.02, "a tenth of what a switch costs"),
            over_seeds(batch_differences(data), lambda each: float(np.abs(each.mean(axis=0)).max())),
            1,
        ),
    ]
    return [
        Claim(sentence, source, expected, measured, KNOWN.get(name, "holds"), origin="ours", needs=needs)
        for name, sentence, source, expected, measured, needs in found
    ]


def at_headline(values: xarray.DataArray, regime: str) -> np.ndarray:
    """Values of the runs of a regime at the headline's length of blocks, (seeds, ...)."""
    (length,) = (dim for dim in values.dims if str(dim).endswith("length"))
    return values.sel({"regime": regime, length: HEADLINE}).transpose("seed", ...).values.astype(np.float64)


def ratio(above: np.ndarray, below: np.ndarray) -> float:
    """The mean over runs of one over that of the other; 0 where that is nothing."""
    mean = float(np.mean(below))
    return float(np.mean(above)) / mean if mean else 0.0


def compared(values: xarray.DataArray) -> xarray.DataArray:
    """Values for lengths that do not cut times to the criterion short."""
    return values.isel(length=values.length.values >= COMPARED - TINY)


def changes(data: xarray.Dataset) -> np.ndarray:
    """What practice changes in the cost of forgetful networks, mean of the first steps, (seeds, lengths)."""
    grown = (data.practised_cost - data.early_cost).sel(regime="forgetful").mean("after_switch")
    return compared(grown).transpose("seed", "length").values


def from_floor(times: xarray.DataArray, floor: float) -> np.ndarray:
    """How far times are from a floor, (seeds, lengths)."""
    return compared(times).transpose("seed", "length").values.astype(np.float64) - floor


def worst_median(each: np.ndarray) -> float:
    """The largest magnitude among the medians over runs of (runs, lengths)."""
    return float(np.abs(np.median(each, axis=0)).max())


def practised_areas(data: xarray.Dataset, regime: str) -> np.ndarray:
    """Practised areas at the headline's and at the greatest length, (seeds, 2)."""
    chosen = data.practised_area.sel(regime=regime, length=[HEADLINE, data.length.values[-1]])
    return chosen.transpose("seed", "length").values.astype(np.float64)


def batch_differences(data: xarray.Dataset) -> np.ndarray:
    """Cost with batches minus that of the population, of the same starts and teachers, (batch seeds, regimes)."""
    whole = data.practised_cost.sel(length=HEADLINE).mean("after_switch").isel(seed=slice(data.sizes["batch_seed"]))
    pairs = data.batch_cost.transpose("batch_seed", "regime").values - whole.transpose("seed", "regime").values
    return pairs.astype(np.float64)


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the twelve panels, with settings and verdicts."""
    cycles, lengths = data.cycle.values, data.length.values
    flexible, forgetful = (data.sel(regime=regime) for regime in REGIMES)

    def at(values: xarray.DataArray, length: float) -> float:
        return float(values.sel(length=length).mean())

    longest, speed = lengths[-1], flexible.speed.isel(length=-1, cycle=PRACTISED).mean().item() / data.strength
    fitted_runs = data.practice_time.transpose("seed", "cycle").values.astype(np.float64)
    spread = np.argmax(fitted_runs < fitted_runs.mean(axis=0)[[0, -1]].mean(), axis=1).std()
    means = flexible.time.transpose("length", "cycle").values.astype(np.float64)
    powers = ", ".join(f"{length:.2g}" for length in lengths[advantage(cycles, means) > 0])
    change = data.practised_cost - data.early_cost
    changed = change.sel(regime="forgetful").mean(["seed", "after_switch"]).sel(length=list(FINER_LENGTHS)).values
    finer = data.finer_change.mean("finer_seed").values
    kept = data.asymmetry.sel(phase="1 : 1 after it", regime="flexible").mean("seed").values
    batches = ", ".join(f"{float(data.batch_time.sel(regime=each).mean()):.3f}" for each in REGIMES)
    return written(
        "Open question 5. What a switch costs, against the length of blocks and against practice",
        "Tasks come in the order A A B B of alternating runs: the first half of a block, of length τ_B, follows a "
        "switch, its second half is a repeat. **A**-**D** flexible, **E**-**H** forgetful networks at Figure 2's "
        f"settings, population as inputs, means over {data.sizes['seed']} seeds, over two decades of lengths and of "
        "blocks practised: time from a switch to the criterion (at most the block), the largest speed of a gate, the "
        "cost of a switch, which is the loss of its first five steps minus that of the same steps of a repeat, and its "
        "area, the difference of all losses of both halves, times their duration. The first block of all follows no "
        "switch. **I** Times of flexible networks against practice, blocks of one τ_w: single runs, their mean, and a "
        "power and an exponential, of three parameters each, fitted to it. **J** The cost of each step after a switch, "
        "blocks of one τ_w, early (cycles 2 to 4) and practised (51 to 100); dotted: Σ s² (1 - Σ s² dt / τ_c)^(2(k - "
        "1)), where gates change and specialized weights stand still. **K** The area when practised, against the "
        "length of blocks; dotted: the sum of that. **L** Cost of switches into task A minus that into B: while A "
        "lasts three times as long as B, in the first five cycles of equal blocks after it, and as far into equal "
        "practice. Bars and bands are standard errors.\n\n"
        "As in people, practice makes switches cheaper where paths specialize, and a residual cost remains: the area "
        f"at one τ_w ends at {at(flexible.practised_area, HEADLINE):.3g} τ_w, that of the theory is "
        f"{area_of_theory(data):.3g}. What practice does not do is to make the first step cheap: who knows one task "
        "well meets the other in full. Where blocks are too short to specialize for, a switch costs little, since the "
        "network is never good at either task. Three expectations were wrong. Times in long blocks are below those of "
        f"gates alone, {at(flexible.practised_time, longest):.3f} τ_w on average at {longest:g} τ_w, since paths do "
        "not stay orthogonal: one is turned away from the other's task, to a cosine of "
        f"{float(data.lowest_alignment.mean()):.2f} (± {float(data.lowest_alignment.std()):.2f} from run to run), and "
        f"gates are {speed:.1f} times as fast as Σ s². The cost of forgetful networks changes with practice, at "
        f"{', '.join(f'{each:.2g}' for each in FINER_LENGTHS)} τ_w by {', '.join(f'{each:.3f}' for each in changed)}; "
        f"with a fifth of the step it is {', '.join(f'{each:.3f}' for each in finer)}: it is a drift of Euler's steps, "
        "in proportion to them, of what the flow conserves, ‖W‖² - c². And the mean over runs is nearer to an "
        f"exponential at one τ_w: when single runs specialize differs by {spread:.1f} cycles, too little to smear it. "
        f"Looked at afterwards, it is nearer to a power with blocks of {powers or 'no length'} τ_w; why there is "
        "unexplained. Asymmetry is the reverse of what people show: a switch into the weaker task costs more. Flexible "
        f"networks keep {', '.join(f'{each:.3f}' for each in kept)} of it after unequal practice, with blocks of "
        f"{', '.join(f'{length:.2g}' for length in data.unequal_length.values)} τ_w. With batches of 200 "
        f"practised times at one τ_w are {batches} τ_w, with the "
        f"population {at(flexible.practised_time, HEADLINE):.3f}, {at(forgetful.practised_time, HEADLINE):.3f}.",
        list(np.atleast_1d(data.settings)),
        claims,
    )
