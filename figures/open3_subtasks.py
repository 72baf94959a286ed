"""Open question 3: a few combinations of rows make all others known, and teachers all of their sums."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from gatednet import Experiment
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range, Verdict
from gatednet.figures.toolkit.combinations import Before, mean_where, overall
from gatednet.figures.toolkit.criterion import saves_until
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, TASKS, at_least, letters, new_figure
from gatednet.figures.toolkit.simplex import corners, distance, lengths, simplex_map
from gatednet.figures.toolkit.statistics import Measurement, mean_and_error, over_seeds
from gatednet.sweeps.catalog.combinations import COMBINATIONS, DIVISIONS, NUMBERS, OUTPUTS, SETS, points, trainings
from gatednet.sweeps.catalog.open3 import EVERY, NAMES, TESTED, TRAINED_BLOCKS, WITHIN
from gatednet.sweeps.store.store import Store

SWEEPS = ("open3",)
PANELS = "ABCDEF"
NEURON, FORGETFUL, PATH = "neuron gates, flexible", "neuron gates, forgetful", "path gates, flexible"
NETWORKS = {
    NEURON: {**REGIMES["flexible"], "marker": "o"},
    FORGETFUL: {**REGIMES["forgetful"], "marker": "s"},
    PATH: {"color": TASKS[2]["color"], "linestyle": (0, (1, 1)), "marker": "^"},
}
# Sums are given to path gates without constraints too.
FOR_SUMS = {**NETWORKS, "path gates, forgetful": {"color": "0.45", "linestyle": "None", "marker": "v"}}
KINDS = {"new": "combinations not shown", "shown": "combinations shown"}
# Sets of as many combinations, at random, and those of three that have every row of every teacher.
GROUPS = (*map(str, NUMBERS), "covering")
# How many of the blocks before the test showed the row of a combination that was shown least: at least, and at most.
RARE = {"two": (2, 2), "four": (4, 4), "six or more": (6, TRAINED_BLOCKS)}
GATES = {"neuron": "open3-sums-neuron", "path": "open3-sums-path"}
# The criterion, as a part of the loss with all gates off.
CRITERION = 0.1
# The unit of time, τ_w, in both networks of Figure 3, and the ends of the colours of times, in this unit.
TIME_CONSTANT = 0.2
FASTEST, SLOWEST = 0.1, 2.0
NEAR_LAST = "forgetful networks solve those alone that are near the last teacher"
# Verdicts that claims had when they were first measured, where they did not hold.
KNOWN: dict[str, Verdict] = {f"sums, {gates} gates: {NEAR_LAST}": "fails" for gates in GATES}


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Which tests are solved, by network and by what was shown before, and times to the criterion over the simplex.

    `solved` (network, kind, training, seed) is the share of tests that are new, or were shown but not last; `covered`
    (training) the share of the new ones whose pairs of a row and a teacher were all shown. For sets at random
    `agreement` (network, seed) is the share of tests that are solved just where covered, `left` (network, unseen, seed)
    the loss by the number of rows whose pair was not shown, over that with all gates off, and `solved_rare` (network,
    rarest, seed) the share of covered tests that are solved, by the number of blocks of their rarest pair. `time`
    (gates, regime, point, seed) is that to the criterion; `batch_solved` and `batch_time` (inputs, seed) are of tests
    with batches.
    """
    neuron, path = left_over(stores["open3-neuron"]), left_over(stores["open3-path"])
    regimes = [neuron.sel(regime=regime, drop=True) for regime in REGIMES]
    data = of_rows(xarray.concat([*regimes, path], "network").assign_coords(network=list(NETWORKS)))
    times = xarray.concat([times_of(stores[name]) for name in GATES.values()], "gates").assign_coords(gates=list(GATES))
    data["time"] = times.transpose("gates", "regime", "point", "seed").astype(np.float32)
    data = data.assign(in_batches(stores, neuron.sel(regime="flexible"), times.sel(gates="neuron", regime="flexible")))
    lines = [f"{name}: {settings_line(stores[name].sweep.experiment)}" for name in stores if "batches" not in name]
    return data.assign_attrs(settings=lines)


def of_rows(left: xarray.DataArray) -> xarray.Dataset:
    """The variables of `compute` about combinations, from losses over that with all gates off."""
    left = left.transpose("network", "training", "first_rows", "last_rows", "seed")
    tests = [first + last for first in left.first_rows.values for last in left.last_rows.values]
    values = left.values.reshape(*left.shape[:2], len(tests), -1)
    places = left.training.values
    before = Before([trainings()[each] for each in places], [tuple(map(NAMES.index, test)) for test in tests])
    solved, known = values < CRITERION, before.unseen == 0
    compared = (before.new | before.shown) & (places < len(NUMBERS) * SETS)[:, None]
    blocks = np.round(TRAINED_BLOCKS * before.rarest)
    rare = [compared & known & (blocks >= low) & (blocks <= high) for low, high in RARE.values()]
    shares = np.stack([mean_where(solved, chosen) for chosen in (before.new, before.shown)], axis=1)
    covered = mean_where(known[..., None], before.new)[:, 0]
    agreeing = overall(solved == known[..., None], compared)
    by_unseen = [overall(values, compared & (before.unseen == rows)) for rows in range(OUTPUTS + 1)]
    by_rarest = [overall(solved, chosen) for chosen in rare]
    of_networks = ("network", "seed")
    found = {
        "solved": (("network", "kind", "training", "seed"), shares, "share of combinations solved in time"),
        "covered": ("training", covered, "share of new combinations of which every row was shown"),
        "agreement": (of_networks, agreeing, "share of combinations solved just where every row was shown"),
        "left": (("unseen", *of_networks), np.stack(by_unseen), "loss in time over the loss with all gates off"),
        "solved_rare": (("rarest", *of_networks), np.stack(by_rarest), "share of combinations solved in time"),
    }
    coordinates = {
        "network": left.network.values,
        "kind": list(KINDS),
        "training": places,
        "group": ("training", [GROUPS[place // SETS] for place in places]),
        "rarest": list(RARE),
        "seed": left.seed.values,
    }
    return xarray.Dataset(
        {name: (dims, each, described(what)) for name, (dims, each, what) in found.items()}, coordinates
    )


def in_batches(
    stores: Mapping[str, Store], population: xarray.DataArray, times: xarray.DataArray
) -> dict[str, xarray.DataArray]:
    """Means over the tests that were made with batches, with them and with the population as inputs."""
    batches = left_over(stores["open3-batches"])
    same = population.sel({name: batches[name] for name in ("training", "first_rows", "last_rows")})
    shares = [(each < CRITERION).mean(["training", "first_rows", "last_rows"]) for each in (batches, same)]
    of_sums = times_of(stores["open3-sums-batches"])
    lasting = [each.mean("point") for each in (of_sums, times.sel(point=of_sums.point))]
    inputs = xarray.DataArray(["batches", "population"], dims="inputs", name="inputs")
    named = {
        "batch_solved": (shares, described("share of combinations solved in time")),
        "batch_time": (
            lasting,
            described("mean time to the criterion over the simplex", "time constant of the weights"),
        ),
    }
    return {
        name: xarray.concat([each.reset_coords(drop=True) for each in both], inputs).assign_attrs(attributes)
        for name, (both, attributes) in named.items()
    }


def left_over(store: Store) -> xarray.DataArray:
    """The loss at the end of the runs, over that with all gates off."""
    loss = store.dataset().loss.isel(step=-1).reset_coords(drop=True).load()
    return loss / off(store.sweep.experiment)


def off(experiment: Experiment) -> float:
    """The loss with all gates off, of a target that is as long as a teacher."""
    return 0.5 * experiment.network.outputs / experiment.network.inputs


def times_of(store: Store) -> xarray.DataArray:
    """Times to the criterion in units of τ_w, (..., point, seed); the length of the test where it is not met."""
    experiment = store.sweep.experiment
    loss = store.dataset().loss.reset_coords(drop=True)
    first = round(TRAINED_BLOCKS * experiment.block_duration / EVERY)
    after = loss.isel(step=slice(first, None)).transpose(..., "point", "seed", "step").load()
    level = CRITERION * off(experiment) * lengths(np.array(points())[after.point.values])
    steps = saves_until(after.values.astype(np.float64), level[:, None, None])
    found = after.isel(step=0, drop=True).copy(data=steps * EVERY / experiment.timescales.weights)
    return found.assign_attrs(described("time to the criterion", "time constant of the weights"))


def draw(data: xarray.Dataset) -> Figure:
    """Above combinations of rows, below times over the simplex."""
    figure = new_figure(PAGE, 4.6)
    above, below = figure.subplots(2, 3)
    for axes, kind in zip(above, KINDS, strict=False):
        shares(axes, data, kind)
    by_unseen(above[2], data)
    for axes, regime in zip(below, REGIMES, strict=False):
        drawn = over_simplex(axes, data.time.sel(gates="path", regime=regime))
        axes.set_title(f"path gates, {regime}")
    by_distance(below[2], data)
    bar = figure.colorbar(drawn, ax=list(below[:2]), location="bottom", shrink=0.6, aspect=30)
    bar.set_ticks([0.1, 0.2, 0.5, 1, 2], labels=["≤ .1", ".2", ".5", "1", "2"])
    bar.ax.minorticks_off()
    bar.set_label("time to criterion / τ$_w$")
    entries = {
        str(label): handle
        for axes in (above[0], below[1], below[2])
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=4)
    letters((*above, *below), PANELS)
    return figure


def over_simplex(axes: Axes, time: xarray.DataArray) -> PolyCollection:
    """A map of mean times over the simplex, with crosses where they are not in time."""
    mean, weights = time.mean("seed").values, np.array(points())[time.point.values]
    colours = LogNorm(FASTEST, SLOWEST)
    shown = np.clip(mean, FASTEST, SLOWEST)
    drawn = simplex_map(axes, weights, shown, colours, divisions=DIVISIONS, names=NAMES)
    late = np.where(mean > WITHIN / TIME_CONSTANT, 1.0, np.nan)
    x, y = corners(weights)
    label = f"sums: not within {WITHIN / TIME_CONSTANT:g} τ$_w$"
    axes.plot(late * x, late * y, "x", color="black", markersize=2.5, markeredgewidth=0.6, label=label)
    return drawn


def by_distance(axes: Axes, data: xarray.Dataset) -> None:
    """Mean times over their mean, against the loss right after the switch, of sums that are to be learnt."""
    far = distance(np.array(points())[data.point.values])
    chosen = far > CRITERION
    order = np.argsort(far[chosen])
    expected = np.log(far[chosen] / CRITERION)[order]
    axes.plot(far[chosen][order], expected / expected.mean(), color="0.2", linewidth=0.8, label="as the logarithm")
    runs = {f"{gates} gates, {regime}": (gates, regime) for gates in GATES for regime in REGIMES}
    for name, (gates, regime) in runs.items():
        mean = data.time.sel(gates=gates, regime=regime).mean("seed").values[chosen]
        line = {**FOR_SUMS[name], "linestyle": "None", "markersize": 3, "alpha": 0.8}
        axes.plot(far[chosen], mean / mean.mean(), label=name if name not in NETWORKS else None, **line)
    axes.set(xscale="log", xlabel="loss at the switch / loss with gates off", ylabel="time / its mean over sums")
    axes.set_xlim(0.09, 4.0)
    axes.set_xticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
    axes.minorticks_off()
    at_least(axes, -0.05, 1.8)


def shares(axes: Axes, data: xarray.Dataset, kind: str) -> None:
    """The share of tests of a kind that are solved, against how many combinations were shown."""
    places = np.arange(len(GROUPS))
    chosen = [data.group.values == group for group in GROUPS]
    for network, line in NETWORKS.items():
        values = data.solved.sel(network=network, kind=kind).transpose("training", "seed").mean("seed").values
        mean, error = np.array([mean_and_error(values[each]) for each in chosen]).T
        for part, label in ((slice(-1), network), (slice(-1, None), None)):
            axes.errorbar(places[part], mean[part], np.nan_to_num(error[part]), label=label, markersize=4, **line)
    if kind == "new":
        covered = [data.covered.values[each].mean() for each in chosen]
        axes.plot(places, covered, "D", color="0.2", markersize=6, markerfacecolor="none", label="all rows were shown")
    axes.set_xticks(places, [*GROUPS[:-1], "3, all\nrows"])
    axes.set(xlabel="number of combinations shown", ylabel="share solved", xlim=(-0.4, len(GROUPS) - 0.5))
    axes.set_title(KINDS[kind])
    at_least(axes, -0.1, 1.1)


def by_unseen(axes: Axes, data: xarray.Dataset) -> None:
    """The loss in time against the number of rows whose teacher was not shown there."""
    for network, line in NETWORKS.items():
        mean, error = mean_and_error(data.left.sel(network=network).transpose("seed", "unseen").values)
        axes.errorbar(np.arange(len(mean)), mean, np.nan_to_num(error), markersize=4, **line)
    axes.axhline(CRITERION, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(xlabel="rows of a teacher not shown before", ylabel="loss / loss with gates off", xlim=(-0.3, 4.3))
    at_least(axes, -0.1, 1.6)


def claims(data: xarray.Dataset) -> list[Claim]:
    """What is solved in time, after what, and by whom; `KNOWN` has the first verdicts that were not "holds"."""
    nearly = "all but one in twenty, our threshold for all"
    hardly = "one in twenty, our threshold for none"
    rows, sums = "on Figure 3, rows of two teachers in turn", "on Figure 3, sums of two teachers"
    size = len(COMBINATIONS)
    made = [
        (
            f"rows, neuron gates: after three combinations with all rows the other {size - 3} are solved",
            rows,
            Range(0.95, None, nearly),
            share(data, NEURON, "new", "covering"),
        ),
        (
            "rows, neuron gates: after sets at random combinations are solved just where every row was shown",
            rows,
            Range(0.95, None, nearly),
            over_seeds(data.agreement.sel(network=NEURON).values),
        ),
        (
            "rows, forgetful: after three combinations with all rows others are not solved",
            rows,
            Range(None, 0.05, hardly),
            share(data, FORGETFUL, "new", "covering"),
        ),
        (
            "rows, path gates: after three combinations with all rows these are solved",
            "on Figure 3, sums and rows",
            Range(0.95, None, nearly),
            share(data, PATH, "shown", "covering"),
        ),
        (
            "rows, path gates: after three combinations with all rows no others are",
            "on Figure 3, sums and rows",
            Range(None, 0.05, hardly),
            share(data, PATH, "new", "covering"),
        ),
        (
            "rows, path gates: of twelve combinations that were shown at most three, one for each path, are solved",
            "on Figure 3, sums and rows",
            Range(None, 0.25, "three of twelve"),
            share(data, PATH, "shown", "12"),
        ),
        (
            "rows, neuron gates: all of the twelve are",
            rows,
            Range(0.95, None, nearly),
            share(data, NEURON, "shown", "12"),
        ),
        (
            "rows, neuron gates: the loss is in proportion to the rows that were not shown: three over one",
            rows,
            Range(2.4, 3.6, "3 where rows do not meet, give or take a fifth"),
            over_seeds(data.left.sel(network=NEURON).transpose("seed", "unseen").values[:, [3, 1]], quotient),
        ),
    ]
    for gates in GATES:
        flexible, forgetful = (
            data.time.sel(gates=gates, regime=regime).transpose("seed", "point").values.astype(np.float64)
            for regime in REGIMES
        )
        weights = np.array(points())[data.point.values]
        means = np.stack([flexible.mean(axis=1), forgetful.mean(axis=1)], axis=1)
        name = f"sums, {gates} gates"
        made += [
            (f"{name}: flexible networks solve all", sums, Range(0.95, None, nearly), in_time(flexible)),
            (
                f"{name}: {NEAR_LAST}",
                sums,
                Range(None, 0.15, "the four points that are within the criterion of C at once, and six around them"),
                in_time(forgetful),
            ),
            (
                f"{name}: mean time to the criterion over the simplex, flexible over forgetful",
                sums,
                Range(None, 0.5, "twice as fast, our threshold for faster in kind"),
                over_seeds(means, quotient),
            ),
            (
                f"{name}: variance of times over the simplex that log(|w - w_C|²/|w|²) explains",
                sums,
                Range(0.9, None, "what gates leave that relax all alike; rounding to steps is not in it"),
                over_seeds(flexible, lambda runs, weights=weights: explained(runs.mean(axis=0), weights)),
            ),
        ]
    made += [
        (
            "rows, neuron gates, after the teachers: share solved with batches of 200, less that without",
            rows,
            Range(-0.05, 0.05, "our threshold for a share"),
            over_seeds(data.batch_solved.transpose("seed", "inputs").values @ [1.0, -1.0]),
        ),
        (
            "sums, neuron gates: mean time with batches of 200, less that without, in τ_w",
            sums,
            Range(-0.05, 0.05, "a step, and a save"),
            over_seeds(data.batch_time.transpose("seed", "inputs").values @ [1.0, -1.0]),
        ),
    ]
    return [
        Claim(sentence, source, expected, measured, KNOWN.get(sentence, "holds"), origin="ours")
        for sentence, source, expected, measured in made
    ]


def share(data: xarray.Dataset, network: str, kind: str, group: str) -> Measurement:
    """The share of tests of a kind that a network solves, mean over the sets of a group."""
    chosen = data.solved.sel(network=network, kind=kind).isel(training=data.group.values == group)
    return over_seeds(chosen.transpose("seed", "training").values)


def in_time(times: np.ndarray) -> Measurement:
    """The share of points that are solved in time, of (seeds, points)."""
    return over_seeds(1.0 * (times <= WITHIN / TIME_CONSTANT))


def quotient(each: np.ndarray) -> float:
    """The mean over runs (runs, 2) of the first over that of the second; 0 where the second is none."""
    first, second = each.mean(axis=0)
    return float(first / second) if second else 0.0


def explained(times: np.ndarray, weights: np.ndarray) -> float:
    """The squared correlation of times with the logarithm of the distance from C, of points that are to be learnt."""
    far = distance(weights) > CRITERION
    expected, found = np.log(distance(weights)[far]), times[far]
    return float(np.corrcoef(expected, found)[0, 1] ** 2) if np.ptp(found) > 0 else 0.0


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the six panels, with settings and verdicts."""
    rare = data.solved_rare.sel(network=NEURON).mean("seed")
    often = ", ".join(f"{float(rare.sel(rarest=name)):.3g} with {name} blocks" for name in RARE)
    held = ", ".join(f"{share(data, PATH, 'shown', group).value:.2g} of {group}" for group in GROUPS[1:-1])
    far = distance(np.array(points())[data.point.values])
    times = data.time.mean("seed")

    def at(gates: str, regime: str) -> str:
        return f"{float(times.sel(gates=gates, regime=regime).mean('point')):.2g}"

    def reached(gates: str) -> str:
        met = times.sel(gates=gates, regime="forgetful").values <= WITHIN / TIME_CONSTANT
        return (
            f"{met.sum()} of {len(far)} points with {gates} gates, up to a loss at the switch of {far[met].max():.2g}"
        )

    return written(
        "Open question 3. Arbitrary subtasks from a few of them",
        "Networks of Figure 3, with the population as inputs. **A** to **C**: three teachers, four outputs; a task has "
        f"each row from any teacher, {len(COMBINATIONS)} combinations. Some are shown in turn for {TRAINED_BLOCKS} "
        "blocks; then each combination is a test, from the same trained state. It is solved where the loss is below "
        f"{CRITERION:g} of that with all gates off at {WITHIN:g} after the switch, ten steps or half a τ_w. **A** "
        f"Share of the combinations never shown that are solved, against how many were: means over {SETS} sets, bars "
        "are standard errors over sets. At the right: sets of three with every row of every teacher. Diamonds: share "
        "of the combinations of which every row was shown with its teacher; sets at random differ in it, which makes "
        "6 less than 4. **B** The same for combinations that were shown, but for the last one, which needs no switch "
        "and is the only one where one is shown. **C** The loss at that time by the number of rows that were not shown "
        "with their teacher, sets at random; dotted: the criterion. **D** to **F**: Figure 3's own networks, six "
        f"outputs; the teachers A, B, C in turn for {TRAINED_BLOCKS} blocks, then a sum of them with weights that add "
        "up to 1. **D**, **E** A point of the triangle for each sum; colour: time from the switch until the loss is "
        f"below {CRITERION:g} of that with all gates off; crosses: not within {WITHIN / TIME_CONSTANT:g} τ_w. **F** "
        "The same times, over the mean of each network, against the loss right after the switch from C, |w - "
        f"w_C|²/|w|²; line: as its logarithm over {CRITERION:g}. Of forgetful neuron gates the largest times are cut "
        f"off at {TESTED / TIME_CONSTANT:g} τ_w, where tests end. Means over {data.sizes['seed']} seeds.\n\n"
        "What counts is which rows of which teachers were shown, and how often: of the tests of which every row was "
        f"shown flexible neuron gates solve {often}, by the row that was shown least. Flexible path gates hold three "
        f"combinations, one for each path: of those shown they solve {held}. With two in turn three paths do not "
        "specialize, whether constraints are implicit or explicit with dt = 1e-3, which is unexplained. Over the "
        f"simplex the mean time is {at('neuron', 'flexible')} τ_w for neuron gates and {at('path', 'flexible')} for "
        f"path gates, and {at('neuron', 'forgetful')} and {at('path', 'forgetful')} without constraints. Forgetful "
        "networks were expected to solve the four points that meet the criterion at once, and at most six around "
        f"them: they solve {reached('neuron')}, and {reached('path')}. The range, at most .15, is less than the ten "
        "points that it was meant to allow, .152: with neuron gates that alone is why it fails. With path gates the "
        "loss falls to less than a fifth in that time, and more points are near enough.",
        [*np.atleast_1d(data.settings), "forgetful: the same time constants, λ_norm = λ_nonneg = 0"],
        claims,
    )
