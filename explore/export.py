"""A view as something to keep: a script, a sweep file, a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import tomli_w
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gatednet import Experiment
from gatednet.explore.curves import Curves, save_of
from gatednet.explore.diagram import Diagram
from gatednet.explore.scale import Scale, scale_of
from gatednet.explore.view import Cell, View
from gatednet.figures.toolkit import over_time, specialization
from gatednet.figures.toolkit.describe import settings_line
from gatednet.figures.toolkit.panels import PAGE, letter, letters, look, new_figure
from gatednet.sweeps.imports import modules_of

# Of a line as wide as the page, in the size of what is said of a column.
_CHARACTERS = 150


def as_python(view: View, experiment: Experiment) -> str:
    """A script that simulates what the page shows, with the same seeds."""
    from gatednet import to_toml

    save = save_of(experiment)
    imports = "".join(f"import {name}\n" for name in modules_of(experiment, save.observables))
    return (
        '"""What `gatednet explore` showed: one experiment over time, for several seeds."""\n\n'
        f"{imports}from gatednet import Save, from_toml, simulate\n\n"
        f'EXPERIMENT = from_toml("""\n{to_toml(experiment)}""")\n\n'
        f"save = Save({save.observables!r}, every={save.every})\n"
        f"runs = simulate(EXPERIMENT, save, seeds=range({view.seeds}))\n"
        'print(runs[["relative_specialization"]].mean("seed"))\n'
    )


def as_toml(table: Mapping[str, Any]) -> str:
    """The table of a sweep, see `Source.sweep_table`, as a file that `gatednet sweep` runs as it is."""
    return f"# What `gatednet explore` showed: gatednet sweep FILE.toml\n{tomli_w.dumps(table)}"


def picture(
    view: View,
    diagram: Diagram | None,
    chosen: tuple[Cell | None, Curves],
    pinned: Curves | None,
    scale: Scale | None = None,
) -> Figure:
    """The page in the look of the figures: the diagram, on its own scale or that given, and each cell over time."""
    columns = [chosen[1], *([pinned] if pinned is not None else [])]
    with look():
        drawn = new_figure(PAGE, 6.2)
        rows: Any = drawn.subfigures(2, 1, height_ratios=(2.4, 3.8))
        _diagram(rows[0].subplots(), view, diagram, scale, {"o": chosen[0], "s": view.pinned})
        grid = rows[1].subplots(4, len(columns), squeeze=False)
        for axes, curves in zip(grid.T, columns, strict=True):
            _column(axes, curves, _CHARACTERS // len(columns))
        letters(grid.T.flat, "BCDEFGHI"[: grid.size])
    return drawn


def _diagram(
    axes: Axes, view: View, diagram: Diagram | None, scale: Scale | None, cells: Mapping[str, Cell | None]
) -> None:
    letter(axes, "A")
    axes.set(xlabel=view.x.path, ylabel=view.y.path, xscale=view.x.scale, yscale=view.y.scale)
    if diagram is None:
        return
    edges = [
        np.array([span.value(each) for each in np.linspace(0.0, 1.0, len(along) + 1)])
        for span, along in ((view.x, diagram.x), (view.y, diagram.y))
    ]
    scale = scale or scale_of(view.observable, diagram.values)
    assert scale is not None
    colours: dict[str, Any] = {"cmap": "cividis", "vmin": scale.low, "vmax": scale.high}
    image = axes.pcolormesh(*edges, diagram.values, rasterized=True, **colours)
    finite = diagram.values[np.isfinite(diagram.values)]
    if finite.size and finite.min() < view.level < finite.max():
        axes.contour(diagram.x, diagram.y, diagram.values, levels=[view.level], colors="white", linewidths=1.0)
    for marker, cell in cells.items():
        if cell is not None:
            axes.plot(*cell, marker, color="white", markeredgecolor="black", clip_on=False)
    if axes.figure is not None:
        bar = axes.figure.colorbar(image, ax=axes, label=view.observable.replace("_", " "))
        labels = scale.labels(diagram.values)
        bar.set_ticks([*labels], labels=[*labels.values()])


def _column(axes: np.ndarray, curves: Curves, width: int) -> None:
    data = curves.data
    settings = curves.unknown if curves.experiment is None else settings_line(curves.experiment)
    axes[0].set_title(textwrap.fill(settings, width), fontsize=5, loc="right")
    if "loss" in data:
        over_time.quantity(axes[0], data, "loss", color="black")
        axes[0].set(ylabel="loss", xlabel="", ylim=(0, None))
    if "gates" in data:
        over_time.gates(axes[1], data, data.sizes.get("task", 0))
        axes[1].set(xlabel="", ylim=(None, None))
    if "alignment" in data:
        over_time.alignment(axes[2], data)
    if curves.in_plane:
        gates, weights = curves.plane()
        axes[3].plot(gates, weights, color=specialization.COLOURS(0.5))
        axes[3].plot(*curves.theory(), color="black", linewidth=0.7, linestyle="--")
        axes[3].set(xlabel="gates  c̄", ylabel="weights  w̄", xlim=(-1.1, 1.1), ylim=(-0.2, 1.1))
    else:
        axes[3].set_axis_off()
