"""The picture of a single experiment: loss, gates, and alignment or accuracy over time."""

from __future__ import annotations

import hashlib

import xarray
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet import REGISTRY, Experiment, Save, to_toml
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.describe import settings_line, targets_by_block
from gatednet.figures.toolkit.panels import letter, new_figure, shade_blocks
from gatednet.sweeps.imports import sources_of

# Path and pair curves are told apart by their lines as well as by their colours.
_STYLES = ("-", (0, (5, 1)), ":", (0, (3, 1, 1, 1)))
# More curves than this have no place in a legend.
_MOST_NAMED = 9


def observables(experiment: Experiment) -> tuple[str, str, str]:
    """What is saved for the picture of an experiment: where tasks are about labels there is accuracy to see."""
    return ("loss", "gates", "accuracy" if experiment.labelled else "alignment")


def draw(data: xarray.Dataset, experiment: Experiment) -> Figure:
    """Loss, gates, and alignment or accuracy of one run.

    `data` has at least the `observables` of the experiment, and no dimension "seed".
    """
    figure = new_figure(5.0, 5.2)
    loss, gates, last = figure.subplots(3, 1, sharex=True)
    paths = data.sizes["path"]
    for axes in (loss, gates, last):
        shade_blocks(axes, experiment.block_duration, experiment.duration, targets_by_block(experiment))
    time = data.time.values
    loss.plot(time, data.loss.values, color="black")
    loss.set(ylabel="loss", ylim=(0, None))
    for path in range(paths):
        gates.plot(time, data.gates.values[:, path], label=f"path {path + 1}", **_line(path, paths))
    gates.set(ylabel="gate")
    if experiment.labelled:
        last.plot(time, data.accuracy.values, color="black")
        last.set(ylabel="test accuracy", xlabel="time t", ylim=(0, 1.03))
        curves_of_last = 0
    else:
        curves_of_last = _alignment(last, data)
    for axes, name, curves in ((loss, "A", 0), (gates, "B", paths), (last, "C", curves_of_last)):
        letter(axes, name)
        if 0 < curves <= _MOST_NAMED:
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _alignment(axes: Axes, data: xarray.Dataset) -> int:
    """The alignment of every path with every teacher; returns the number of curves."""
    tasks, paths = data.sizes["task"], data.sizes["path"]
    for task in range(tasks):
        for path in range(paths):
            line = {**_line(path, paths), "linestyle": _STYLES[task % len(_STYLES)]}
            label = f"task {task + 1}, path {path + 1}"
            axes.plot(data.time.values, data.alignment.values[:, task, path], label=label, **line)
    axes.set(ylabel="alignment", xlabel="time t", ylim=(-0.12, 1.12))
    return tasks * paths


def file_name(name: str, run: tuple[Experiment, Save], defaults: tuple[Experiment, Save], seed: int) -> str:
    """What the files of a run of the experiment `name` are called.

    `run` is its experiment and what is saved of it, `defaults` those of both. With the defaults it is the name
    of the experiment; otherwise eight digits of a digest follow. Seeds other than 0 are named.
    """
    parts = [name]
    if run != defaults:
        experiment, save = run
        text = f"{to_toml(experiment)}\n{save.every}\n{' '.join(save.observables)}"
        # Parts of a user's own change with their source.
        for module, digest in sources_of(experiment, save.observables, ()).items():
            text += f"\n{module} {digest}"
        parts.append(hashlib.sha256(text.encode()).hexdigest()[:8])
    return "-".join([*parts, *([f"seed{seed}"] if seed else [])])


def caption(name: str, data: xarray.Dataset, experiment: Experiment) -> str:
    """What is seen in the three panels, with the settings, and with the source of parts of a user's own."""
    sources = sources_of(experiment, [each for each in map(str, data) if each in REGISTRY], ())
    last = (
        "The accuracy on all test examples under the current task."
        if experiment.labelled
        else "The alignment of every path with every teacher, the mean cosine of their rows."
    )
    return written(
        f"{name}, seed {int(data.seed)}",
        "One run over time; blocks are shaded by their tasks. **A** The expected loss of the current task. **B** The "
        f"gates of the paths. **C** {last}",
        [settings_line(experiment), *(f"{module} of source {digest}" for module, digest in sources.items())],
        [],
    )


def _line(place: int, number: int) -> dict[str, object]:
    """The line of a path: dark for the first, light for the last."""
    return {
        "color": colormaps["viridis"](0.85 * place / max(number - 1, 1)),
        "linestyle": _STYLES[place % len(_STYLES)],
    }
