"""Plots of one cell: quantities over time, and the plane of specialization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Legend, LegendItem, WheelZoomTool

from explore.curves import Curves
from explore.look import COLOURS, Plot, blank, dashes, dress, look_of
from figures.over_time import NAMES
from figures.panels import TASKS

# Left of a frame are its axis and name, right of it a legend or nothing, in pixels.
_LEFT, _BESIDE = 62, {True: 62 + 96, False: 62 + 20}


class TimePlot:
    """A quantity over time above shaded blocks: lines with the bands of their standard errors."""

    def __init__(self, width: int, height: int, label: str, theme: str, name: str) -> None:
        self.plot = blank(name, width, height)
        self.plot.yaxis.axis_label = label
        zoom = WheelZoomTool(dimensions="width")
        self.plot.add_tools(zoom, "xpan", "reset")
        self.blocks = ColumnDataSource({"x0": [], "x1": [], "alpha": []})
        self.strips = self.plot.vstrip(
            x0="x0", x1="x1", source=self.blocks, fill_alpha="alpha", line_color=None, fill_color="gray"
        )
        self.bands = ColumnDataSource({"xs": [], "ys": [], "colour": []})
        self.plot.patches("xs", "ys", source=self.bands, fill_color="colour", fill_alpha=0.25, line_color=None)
        self.lines = ColumnDataSource({"xs": [], "ys": [], "colour": [], "dash": [], "name": []})
        drawn = self.plot.multi_line(
            "xs", "ys", source=self.lines, line_color="colour", line_dash="dash", line_width=2, name="lines"
        )
        item = LegendItem(label={"field": "name"}, renderers=[drawn])
        self.plot.add_layout(Legend(items=[item], location="center"), "right")
        self.dress(theme)

    def dress(self, theme: str) -> None:
        dress(self.plot, theme)
        self.strips.glyph.fill_color = COLOURS[theme]["shade"]

    def fill(
        self,
        curves: Curves,
        lines: Sequence[tuple[str, dict[str, Any], np.ndarray, np.ndarray]],
        range_of_values: tuple[float, float] | None = None,
    ) -> None:
        """Show lines, each a name, its look, mean and standard error over time."""
        time = curves.time
        self.blocks.update(data=blocks_of(curves))
        self.bands.data = {
            "xs": [np.concatenate([time, time[::-1]]) for _ in lines],
            "ys": [
                np.concatenate([mean - np.nan_to_num(error), (mean + np.nan_to_num(error))[::-1]])
                for _, _, mean, error in lines
            ],
            "colour": [look["color"] for _, look, _, _ in lines],
        }
        self.lines.data = {
            "xs": [time for _ in lines],
            "ys": [mean for _, _, mean, _ in lines],
            "colour": [look["color"] for _, look, _, _ in lines],
            "dash": [dashes(look) for _, look, _, _ in lines],
            "name": [name for name, _, _, _ in lines],
        }
        self.plot.x_range.update(start=0.0, end=float(curves.data.duration))
        low, high = range_of_values or extent([mean for _, _, mean, _ in lines])
        self.plot.y_range.update(start=low, end=high)


def extent(values: Sequence[np.ndarray]) -> tuple[float, float]:
    """A range that shows all finite values, from 0 or below."""
    known = np.concatenate([each[np.isfinite(each)] for each in values]) if values else np.zeros(0)
    high, low = (float(known.max()), min(float(known.min()), 0.0)) if known.size else (1.0, 0.0)
    return low - 0.05 * (high - low) if low < 0 else 0.0, high + 0.05 * (high - low) or 1.0


def blocks_of(curves: Curves) -> dict[str, list[float]]:
    """The blocks that are shaded: those of all tasks but the first, the later the deeper."""
    length, duration = float(curves.data.block_length), float(curves.data.duration)
    targets = list(np.atleast_1d(curves.data.attrs["targets"]))
    shaded = [(place, task) for place, task in enumerate(targets) if task]
    most = max(targets, default=1) or 1
    return {
        "x0": [place * length for place, _ in shaded],
        "x1": [min((place + 1) * length, duration) for place, _ in shaded],
        "alpha": [0.22 * float(task) / most for _, task in shaded],
    }


class PlanePlot:
    """Specialization of the weights against that of the gates, with the curve of theory."""

    def __init__(self, width: int, height: int, theme: str, name: str) -> None:
        self.plot = blank(name, width, height, (-1.15, 1.15), (-0.2, 1.15))
        self.plot.xaxis.axis_label, self.plot.yaxis.axis_label = "specialization of the gates c̄", "of the weights w̄"
        self.run = ColumnDataSource({"x": [], "y": []})
        self.end = ColumnDataSource({"x": [], "y": []})
        self.theory = ColumnDataSource({"x": [], "y": []})
        drawn = self.plot.line("x", "y", source=self.run, line_width=2, line_color=TASKS[1]["color"])
        self.plot.scatter("x", "y", source=self.end, size=8, fill_color=TASKS[1]["color"], line_color=None)
        self.curve = self.plot.line("x", "y", source=self.theory, line_width=1.5, line_dash=[6, 4])
        items = [LegendItem(label="runs", renderers=[drawn]), LegendItem(label="theory", renderers=[self.curve])]
        self.plot.add_layout(Legend(items=items, location="center"), "right")
        self.dress(theme)

    def dress(self, theme: str) -> None:
        dress(self.plot, theme)
        self.curve.glyph.line_color = COLOURS[theme]["ink"]

    def fill(self, curves: Curves) -> None:
        """Show the runs of a cell, where there is such a plane."""
        nothing: dict[str, Any] = {"x": [], "y": []}
        if not curves.in_plane:
            self.run.data, self.end.data, self.theory.data = dict(nothing), dict(nothing), dict(nothing)
            self.plot.title.text = "two tasks and two paths only"
            return
        gates, weights = curves.plane()
        known, theory = curves.theory()
        self.plot.title.text = ""
        self.run.data = {"x": gates, "y": weights}
        self.end.data = {"x": gates[-1:], "y": weights[-1:]}
        self.theory.data = {"x": known, "y": theory}


class Column:
    """All plots of one cell, one above the other."""

    def __init__(self, width: int, theme: str, name: str) -> None:
        self.loss = TimePlot(width, 125, "loss", theme, f"{name}-loss")
        self.gates = TimePlot(width, 125, "gate", theme, f"{name}-gates")
        self.alignment = TimePlot(width, 142, "alignment", theme, f"{name}-alignment")
        self.plane = PlanePlot(width, 190, theme, f"{name}-plane")
        self.alignment.plot.xaxis.axis_label = "time t"
        self.parts = (self.loss, self.gates, self.alignment, self.plane)

    @property
    def plots(self) -> list[Plot]:
        """The plots, from above."""
        return [each.plot for each in self.parts]

    def dress(self, theme: str) -> None:
        """Give all plots the colours of a theme."""
        for each in self.parts:
            each.dress(theme)

    def fit(self, width: int, legends: bool) -> None:
        """Make all plots so wide, their frames below each other, with legends or without."""
        for each in self.plots:
            each.update(width=width, frame_width=width - _BESIDE[legends], min_border_left=_LEFT)
            each.legend.visible = legends

    def fill(self, curves: Curves, theme: str) -> None:
        """Show the runs of a cell."""
        data = curves.data
        tasks, paths = data.sizes.get("task", 0), data.sizes.get("path", 0)
        ink = {"color": COLOURS[theme]["ink"], "linestyle": "-"}
        if "loss" in data:
            self.loss.fill(curves, [("loss", ink, *curves.band("loss"))])
        if "gates" in data:
            lines = [
                (_named(path, tasks), look_of(path, tasks, theme), *curves.band("gates", path=path))
                for path in range(paths)
            ]
            self.gates.fill(curves, lines, (-0.15, max(1.15, extent([mean for _, _, mean, _ in lines])[1])))
        if "alignment" in data:
            lines = [
                (
                    f"{NAMES[task % len(NAMES)]}, {_named(path, tasks)}",
                    {**look_of(task, tasks, theme), **({} if path == task else {"linestyle": (0, (1, 1))})},
                    *curves.band("alignment", task=task, path=path),
                )
                for task in range(tasks)
                for path in range(paths)
            ]
            self.alignment.fill(curves, lines, (-0.15, 1.15))
        self.plane.fill(curves)


def _named(path: int, tasks: int) -> str:
    return f"path {NAMES[path % len(NAMES)]}" if path < tasks else "free path"
