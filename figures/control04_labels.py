"""Control 4: what the gated head gains where labels are wrong and classes unequally frequent."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, UNUSED, band, letters, new_figure
from gatednet.figures.toolkit.statistics import Measurement, measure
from gatednet.sweeps.store.store import Store

SWEEPS = ("control4",)
PANELS = "ABCD"
NETWORKS = {
    "gated": ("gated", REGIMES["flexible"]),
    "single": ("one head for both tasks", REGIMES["forgetful"]),
    "told": ("told the task", {**UNUSED, "color": "0.35"}),
}
# What varies, by the name of a question: the axis of its sweeps, the dimension of its results, and it in words.
QUESTIONS = {
    "noise": ("label_noise", "label_noise", "share of labels at random"),
    "ratio": ("ratio", "ratio_of_classes", "frequency of the first class over the last"),
}
WORST = {"noise": "labels of 40 % at random", "ratio": "a class a hundred times as often"}
SOURCE = "ours, a question that the paper leaves open, on Figure 7"
LATE = 2


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Accuracy on all test images, mean over the saves of the last two blocks.

    The variables "noise" and "ratio" have the dimensions "network", "label_noise" or "ratio_of_classes", and "seed":
    they are at the time constant of the weights that is best at the seeds for tuning. "noise_tuning" and "ratio_tuning"
    are the means over these seeds at every candidate "factor", and "noise_factor" and "ratio_factor" what was chosen.
    """
    found = {}
    for name, (_, dimension, words) in QUESTIONS.items():
        tuning = of_networks(stores, name, "-tuning").mean("seed")
        factor = best(tuning)
        parts = {
            name: (
                of_networks(stores, name).sel(factor=factor, drop=True),
                f"accuracy over late blocks, by the {words}",
            ),
            f"{name}_tuning": (tuning, "accuracy over late blocks at the seeds for tuning"),
            f"{name}_factor": (factor, "time constant of the weights over that of Figure 7, as chosen"),
        }
        for variable, (values, long_name) in parts.items():
            ordered = values.transpose("network", dimension, ...)
            found[variable] = ordered.reset_coords(drop=True).drop_attrs().assign_attrs(described(long_name))
    experiments = {network: stores[f"control4-noise-{network}"].sweep.experiment for network in NETWORKS}
    tuned = stores["control4-noise-gated-tuning"].sweep
    (seeds,) = (axis.values for axis in tuned.axes if axis.is_seed)
    return xarray.Dataset(found).assign_attrs(
        {f"settings_{network}": settings_line(each) for network, each in experiments.items()},
        tuning_seeds=f"{seeds[0]} to {seeds[-1]}",
    )


def of_networks(stores: Mapping[str, Store], name: str, suffix: str = "") -> xarray.DataArray:
    """The accuracy over late blocks of every run, of the stores of one question, with a dimension "network"."""
    axis, dimension, _ = QUESTIONS[name]
    parts = []
    for network in NETWORKS:
        store = stores[f"control4-{name}-{network}{suffix}"]
        saves = round(LATE * store.sweep.experiment.curriculum.block_length / store.sweep.experiment.dt)
        every = store.sweep.save.every
        late = store.dataset().accuracy.isel(step=slice(-saves // every, None)).mean("step")
        parts.append(late.drop_vars([each for each in late.coords if each not in late.dims]))
    values = xarray.concat(parts, "network").assign_coords(network=list(NETWORKS)).load()
    return values if axis == dimension else values.rename({axis: dimension})


def best(tuning: xarray.DataArray) -> xarray.DataArray:
    """The candidate with the largest accuracy; what diverged is never chosen."""
    return tuning.fillna(-np.inf).idxmax("factor")


def draw(data: xarray.Dataset) -> Figure:
    """Accuracy by the share of wrong labels and by the ratio of frequencies; below, what was chosen from."""
    figure = new_figure(PAGE, 4.8)
    panels = figure.subplots(2, 2, sharey="row")
    for column, (name, (_, _, words)) in enumerate(QUESTIONS.items()):
        lines(panels[0, column], data[name], words)
        candidates(panels[1, column], data, name)
    panels[0, 1].set_xscale("log")
    panels[0, 0].set(ylabel="test accuracy over late blocks", ylim=(0.4, 1.02))
    panels[1, 0].set_ylabel("the same, at seeds for tuning")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(NETWORKS))
    letters(panels.flat, PANELS)
    return figure


def lines(axes: Axes, values: xarray.DataArray, label: str) -> None:
    """A line for each network."""
    dimension = str(values.dims[1])
    for network, (words, line) in NETWORKS.items():
        of_network = values.sel(network=network)
        band(axes, values[dimension].values, of_network, label=words, marker="o", markersize=2.5, **line)
    axes.set_xlabel(label)
    axes.margins(x=0.04)


def candidates(axes: Axes, data: xarray.Dataset, name: str) -> None:
    """The accuracy at every candidate with the worst labels or classes; a dot is on the one that was chosen."""
    worst = worst_of(data, name)
    for network, (_, line) in NETWORKS.items():
        tuning, chosen = (worst[f"{name}_{each}"].sel(network=network) for each in ("tuning", "factor"))
        axes.plot(tuning.factor, tuning, **line)
        axes.plot(chosen, tuning.max(), marker="o", markersize=4, color=line["color"])
    axes.set_xscale("log", base=2)
    axes.set_xlabel("τ$_w$ over that of Figure 7")
    axes.set_title(WORST[name], loc="right", fontsize=7)


def worst_of(data: xarray.Dataset, name: str) -> xarray.Dataset:
    """The results of a question with the worst labels or classes."""
    return data.isel({QUESTIONS[name][1]: -1})


def claims(data: xarray.Dataset) -> list[Claim]:
    """What would have to be so for the gated head to be of use with imperfect data."""
    near = "a twentieth: what a head that is told the task would be thought to be worth giving up"
    far = "a tenth of all images, several times what seeds differ by"
    found = []
    for name, words in WORST.items():
        worst = worst_of(data, name)[name]
        found += [
            Claim(
                f"with {words} the gated head is no less accurate than one that is told the task, both tuned",
                SOURCE,
                Range(-0.05, None, near),
                difference(worst, "told"),
                origin="ours",
            ),
            Claim(
                f"with {words} it is more accurate than a single head for both tasks, both tuned",
                SOURCE,
                Range(0.1, None, far),
                difference(worst, "single"),
                "fails",
                origin="ours",
            ),
        ]
    return found


def difference(values: xarray.DataArray, other: str) -> Measurement:
    """How much more accurate the gated head is than another network."""
    return measure(values.sel(network="gated") - values.sel(network=other))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the panels, with settings, what was chosen, and verdicts."""
    return written(
        "Control 4. Wrong labels and unequal classes",
        "Small digits and their labels sorted by parity in turn, learned by the gated head, by a single linear head "
        "for both tasks, and by one that is told the task: a head for each. **A** Accuracy on all test images, mean "
        "over the last block of each task, by the share of labels that are replaced by a class at random. **B** The "
        "same, by how many times more often the first class is shown than the last; frequencies fall geometrically "
        "between. Tests have true labels and equal classes. Each network has, in each condition, the time constant of "
        f"its weights that is best of the same {data.sizes['factor']} candidates at the seeds {data.tuning_seeds}; "
        f"shown are {data.sizes['seed']} other seeds: lines are means, bands standard errors. **C**, **D** What was "
        "chosen from in the last condition of **A** and of **B**, at the seeds for tuning; dots are on the choice. A "
        f"single head learns every block anew, which fast weights do early in the block: {gain(data)}.",
        [
            *(f"{words}: {data.attrs[f'settings_{network}']}" for network, (words, _) in NETWORKS.items()),
            *(
                f"τ_w over that of Figure 7, by the {words}: {chosen(data, name)}"
                for name, (_, _, words) in QUESTIONS.items()
            ),
        ],
        claims,
    )


def gain(data: xarray.Dataset) -> str:
    """How much the choice of its rate gains a single head with the worst labels and classes, in words."""
    found = []
    for name, words in WORST.items():
        tuning = worst_of(data, name)[f"{name}_tuning"].sel(network="single")
        found.append(
            f"with {words} its accuracy is {float(tuning.max()):.2f}, at the slowest candidate {float(tuning[-1]):.2f}"
        )
    return "; ".join(found)


def chosen(data: xarray.Dataset, name: str) -> str:
    """The candidates that were chosen, in words."""
    factors = data[f"{name}_factor"]
    return "; ".join(
        f"{words} {', '.join(f'{each:g}' for each in factors.sel(network=network).values)}"
        for network, (words, _) in NETWORKS.items()
    )
