"""The picture of a single experiment: loss, gates, and alignment or accuracy over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gatednet import REGISTRY, Experiment
from gatednet.figures.toolkit.caption import caption as written
from gatednet.figures.toolkit.describe import settings_line, targets_by_block
from gatednet.figures.toolkit.panels import Line, at_least, letter, new_figure, shade_blocks
from gatednet.sweeps.imports import sources_of

if TYPE_CHECKING:
    import xarray

# Path and pair curves are told apart by their lines as well as by their colours.
_STYLES = ("-", (0, (5, 1)), ":", (0, (3, 1, 1, 1)))
# More curves than this have no place in a legend.
_MOST_NAMED = 9
_BESIDE: Line = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}


def draw(data: xarray.Dataset, experiment: Experiment) -> Figure:
    """Loss, gates, and alignment or accuracy of one run.

    `data` has at least the `single_run.observables` of the experiment, and no dimension "seed".
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
        label = f"path {path + 1}" if paths <= _MOST_NAMED else None
        gates.plot(time, data.gates.values[:, path], label=label, **_line(path, paths))
    gates.set(ylabel="gate")
    if experiment.labelled:
        last.plot(time, data.accuracy.values, color="black")
        last.set(ylabel="test accuracy", xlabel="time t", ylim=(0, 1.03))
    else:
        _alignment(last, data)
    for axes, name in zip((loss, gates, last), "ABC", strict=True):
        letter(axes, name)
    if paths <= _MOST_NAMED:
        gates.legend(**_BESIDE)
    return figure


def _alignment(axes: Axes, data: xarray.Dataset) -> None:
    """The alignment of every path with every teacher; where they are many, the legend names tasks alone, by lines."""
    tasks, paths = data.sizes["task"], data.sizes["path"]
    each_named = tasks * paths <= _MOST_NAMED
    for task in range(tasks):
        for path in range(paths):
            line = {**_line(path, paths), "linestyle": _STYLES[task % len(_STYLES)]}
            label = f"task {task + 1}, path {path + 1}" if each_named else None
            axes.plot(data.time.values, data.alignment.values[:, task, path], label=label, **line)
    if each_named:
        axes.legend(**_BESIDE)
    elif tasks <= len(_STYLES):
        lines = [Line2D([], [], color="0.3", linestyle=style) for style in _STYLES[:tasks]]
        axes.legend(lines, [f"task {task + 1}" for task in range(tasks)], **_BESIDE)
    axes.set(ylabel="alignment", xlabel="time t")
    at_least(axes, -0.12, 1.12)


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
