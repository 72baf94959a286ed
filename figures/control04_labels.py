"""Control 4: the gated head keeps what it gains where labels are wrong and classes unequally frequent."""

from __future__ import annotations

from collections.abc import Mapping

import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.claim import Claim, Range
from gatednet.figures.toolkit.describe import described, settings_line
from gatednet.figures.toolkit.panels import PAGE, REGIMES, UNUSED, band, letter, new_figure
from gatednet.figures.toolkit.statistics import Measurement, measure
from gatednet.sweeps.store.store import Store

SWEEPS = ("control4",)
PANELS = "AB"
NETWORKS = {
    "gated": ("gated", REGIMES["flexible"]),
    "single": ("one head for both tasks", REGIMES["forgetful"]),
    "told": ("told the task", {**UNUSED, "color": "0.35"}),
}
AXES = {"noise": "label_noise", "ratio": "ratio"}
SOURCE = "question that the paper leaves open, on Figure 7"
LATE = 2


def compute(stores: Mapping[str, Store]) -> xarray.Dataset:
    """Accuracy on all test images, mean over the saves of the last two blocks.

    The variables "noise" and "ratio" have the dimensions "network", "label_noise" or "ratio_of_classes", and "seed".
    """
    found = {}
    for name, dimension in AXES.items():
        parts = []
        for network in NETWORKS:
            store = stores[f"control4-{name}-{network}"]
            saves = LATE * store.sweep.experiment.block_steps
            every = store.sweep.save.every
            late = store.dataset().accuracy.isel(step=slice(-saves // every, None)).mean("step")
            parts.append(late.drop_vars([each for each in late.coords if each not in late.dims]))
        values = xarray.concat(parts, "network").transpose("network", dimension, "seed").load()
        found[name] = values.rename({dimension: {"ratio": "ratio_of_classes"}.get(dimension, dimension)})
    attrs = {
        "noise": described("accuracy over late blocks, by the share of wrong labels"),
        "ratio": described("accuracy over late blocks, by the ratio of frequencies"),
    }
    variables = {name: values.drop_attrs().assign_attrs(attrs[name]) for name, values in found.items()}
    experiments = {network: stores[f"control4-noise-{network}"].sweep.experiment for network in NETWORKS}
    return (
        xarray.Dataset(variables)
        .assign_coords(network=list(NETWORKS))
        .assign_attrs({f"settings_{network}": settings_line(each) for network, each in experiments.items()})
    )


def draw(data: xarray.Dataset) -> Figure:
    """Accuracy by the share of wrong labels, and by the ratio of frequencies."""
    figure = new_figure(PAGE, 2.8)
    noise, ratio = figure.subplots(1, 2, sharey=True)
    lines(noise, data.noise, "share of labels at random")
    lines(ratio, data.ratio, "frequency of the first class over the last")
    ratio.set_xscale("log")
    noise.set(ylabel="test accuracy over late blocks", ylim=(0.4, 1.02))
    noise.legend(loc="lower left")
    letter(noise, "A")
    letter(ratio, "B")
    return figure


def lines(axes: Axes, values: xarray.DataArray, label: str) -> None:
    """A line for each network."""
    dimension = str(values.dims[1])
    for network, (words, line) in NETWORKS.items():
        of_network = values.sel(network=network)
        band(axes, values[dimension].values, of_network, label=words, marker="o", markersize=2.5, **line)
    axes.set_xlabel(label)


def claims(data: xarray.Dataset) -> list[Claim]:
    """What would have to be so for the gated head to be of use with imperfect data."""
    near = "a twentieth: what a head that is told the task would be thought to be worth giving up"
    far = "a tenth of all images, several times what seeds differ by"
    found = []
    for name, words in (("noise", "with labels of 40 % at random"), ("ratio", "with a class a hundred times as often")):
        worst = data[name].isel({str(data[name].dims[1]): -1})
        found += [
            Claim(
                f"{words} the gated head is no less accurate than one that is told the task",
                SOURCE,
                Range(-0.05, None, near),
                difference(worst, "told"),
                origin="ours",
            ),
            Claim(
                f"{words} it is more accurate than a single head for both tasks",
                SOURCE,
                Range(0.1, None, far),
                difference(worst, "single"),
                origin="ours",
            ),
        ]
    return found


def difference(values: xarray.DataArray, other: str) -> Measurement:
    """How much more accurate the gated head is than another network."""
    return measure(values.sel(network="gated") - values.sel(network=other))


def caption(data: xarray.Dataset, claims: list[Claim]) -> str:
    """What is seen in the two panels, with settings and verdicts."""
    return written(
        "Control 4. Wrong labels and unequal classes",
        "Small digits and their labels sorted by parity in turn, learned by the gated head, by a single linear head "
        "for both tasks, and by one that is told the task: a head for each. **A** Accuracy on all test images, mean "
        "over the last block of each task, by the share of labels that are replaced by a class at random. **B** The "
        "same, by how many times more often the first class is shown than the last; frequencies fall geometrically "
        f"between. Tests have true labels and equal classes. Lines are means over {data.sizes['seed']} seeds, bands "
        "their standard errors.",
        [f"{words}: {data.attrs[f'settings_{network}']}" for network, (words, _) in NETWORKS.items()],
        claims,
    )
