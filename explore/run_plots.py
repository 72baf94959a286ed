"""Plots of one cell: quantities over time, and the plane of specialization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.events import DoubleTap
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, CustomJS, Legend, LegendItem, Range1d, Title, WheelZoomTool

from gatednet.explore.curves import Curves
from gatednet.explore.look import COLOURS, CURRENT, NO_TITLE, SHEET, STALE, WAITING, Plot, blank, dashes, dress, look_of
from gatednet.explore.news import Change
from gatednet.figures.toolkit.over_time import NAMES
from gatednet.figures.toolkit.panels import TASKS

# A line of a plot over time: its points, the edge of its band, and its look.
_COLUMNS = ("xs", "ys", "around", "band", "colour", "dash")
# An entry of a legend: a line without points, its look and its name.
_ENTRY = ("xs", "ys", "colour", "dash", "name")
# As far as plots reach at least: a little beyond what networks that are specialized reach, and below 0.
_SPECIALIZED, _BELOW = 1.15, -0.15
# Left of a frame are its axis and name, right of it a legend or nothing, in pixels.
_LEFT, _BESIDE = 62, {True: 62 + 96, False: 62 + 20}
# Cuts lines off at the frame where only a part of the time is seen; and shows the whole of it.
_CUT = """
const level = time.start > time.reset_start || time.end < time.reset_end ? 'glyph' : 'overlay'
for (const each of drawn) each.setv({level}, {sync: false})
"""
_RESET = "time.setv({start: time.reset_start, end: time.reset_end})"


class TimePlot:
    """A quantity over time above shaded blocks: lines with the bands of their standard errors.

    Plots above each other share `time`, the range of their axis, which only the lowest shows.

    Lines are drawn above all else, so that axes and legends need not be drawn with them again; and since nothing cuts
    them off there, ranges have room for all of them, and bands end with their frame. Where only a part of the time is
    seen they are drawn and cut as usual, see `Column`.
    """

    def __init__(self, name: str, size: tuple[int, int], label: str, time: Range1d, legend: bool, axis: bool) -> None:
        self.plot = blank(name, *size)
        self.plot.x_range = time
        self.plot.xaxis.visible = axis
        self.plot.xaxis.axis_label = "time t"
        self.plot.yaxis.axis_label = label
        zoom = WheelZoomTool(dimensions="width")
        self.plot.add_tools(zoom, "xpan")
        self.plot.toolbar.active_scroll = zoom
        self.blocks = ColumnDataSource({"x0": [], "x1": [], "alpha": []})
        self.strips = self.plot.vstrip(
            x0="x0", x1="x1", source=self.blocks, fill_alpha="alpha", line_color=None, fill_color="gray"
        )
        self.lines = ColumnDataSource({name: [] for name in _COLUMNS})
        above: dict[str, Any] = {"source": self.lines, "level": "overlay"}
        self.drawn = [
            self.plot.patches("around", "band", fill_color="colour", fill_alpha=0.25, line_color=None, **above),
            self.plot.multi_line(
                "xs", "ys", line_color="colour", line_dash="dash", line_width=2, name="lines", **above
            ),
        ]
        # A legend is laid out anew with all data of the lines that it names, so that it names some that never change.
        self.entries = ColumnDataSource({name: [] for name in _ENTRY}) if legend else None
        if self.entries is not None:
            named = self.plot.multi_line(
                "xs", "ys", source=self.entries, line_color="colour", line_dash="dash", line_width=2
            )
            item = LegendItem(label={"field": "name"}, renderers=[named])
            self.plot.add_layout(Legend(items=[item], location="center"), "right")

    def dress(self, theme: str) -> None:
        dress(self.plot, theme)
        self.strips.glyph.fill_color = COLOURS[theme]["shade"]

    def fill(
        self,
        curves: Curves,
        lines: Sequence[tuple[str, dict[str, Any], np.ndarray, np.ndarray]],
        least: tuple[float, float] | None = None,
    ) -> list[Change]:
        """What shows lines, each a name, its look, mean and standard error over time; `least` is in their range."""
        time, there_and_back = curves.time, np.concatenate([curves.time, curves.time[::-1]])
        low, high = extent([mean for _, _, mean, _ in lines], least)
        bands = [band_of(mean, error).clip(low, high) for _, _, mean, error in lines]
        looks = {
            "colour": [look["color"] for _, look, _, _ in lines],
            "dash": [dashes(look) for _, look, _, _ in lines],
        }
        data = {
            "xs": [time for _ in lines],
            "ys": [mean for _, _, mean, _ in lines],
            "around": [there_and_back if band.size else band for band in bands],
            "band": bands,
            **looks,
        }
        changes: list[Change] = []
        if self.entries is not None:
            nowhere: list[Any] = [[] for _ in lines]
            entries = {"xs": nowhere, "ys": nowhere, **looks, "name": [name for name, _, _, _ in lines]}
            changes.append((self.entries, {"data": entries}))
        return [
            *changes,
            (self.blocks, {"data": blocks_of(curves)}),
            (self.lines, {"data": data}),
            (self.plot.x_range, _whole(0.0, curves.data.attrs["duration"])),
            (self.plot.y_range, {"start": low, "end": high}),
            *self._seen(True),
        ]

    def clear(self) -> list[Change]:
        """What shows nothing."""
        return self._seen(False)

    def _seen(self, whether: bool) -> list[Change]:
        return [(each, {"visible": whether}) for each in (self.strips, *self.drawn)]


def _whole(start: float, end: float) -> dict[str, float]:
    """What makes a range a whole one, from which a visitor may choose a part."""
    return {"start": start, "end": end, "reset_start": start, "reset_end": end}


def extent(values: Sequence[np.ndarray], least: tuple[float, float] | None = None) -> tuple[float, float]:
    """A range that shows all finite values, from 0 or below, or more than that."""
    if least is not None:
        low, high = extent(values)
        return min(low, least[0]), max(high, least[1])
    known = np.concatenate([each[np.isfinite(each)] for each in values]) if values else np.zeros(0)
    high, low = (float(known.max()), min(float(known.min()), 0.0)) if known.size else (1.0, 0.0)
    room = 0.05 * (high - low)
    return -_rounded_up(room - low) if low < 0 else 0.0, _rounded_up(high + room) or 1.0


def _rounded_up(value: float) -> float:
    # To two digits: an axis that changes with every step of a slider would be drawn again, and read again.
    if not 0.0 < value < np.inf:
        return max(value, 0.0)
    step = 10.0 ** (np.floor(np.log10(value)) - 1)
    return float(np.ceil(value / step) * step)


def band_of(mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """The edge of a band, there above and back below, (2 steps,); nothing where no error is known."""
    if not np.isfinite(error).any():
        return np.zeros(0)
    error = np.nan_to_num(error)
    return np.concatenate([mean + error, (mean - error)[::-1]])


def blocks_of(curves: Curves) -> dict[str, list[float]]:
    """The blocks that are shaded: those of all tasks but the first, the later the deeper."""
    length, duration = (curves.data.attrs[name] for name in ("block_length", "duration"))
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

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        self.plot = blank(name, *size, title=Title(text=NO_TITLE))
        self.plot.xaxis.axis_label, self.plot.yaxis.axis_label = "specialization of the gates c̄", "of the weights w̄"
        self.run = ColumnDataSource({"x": [], "y": []})
        self.end = ColumnDataSource({"x": [], "y": []})
        self.theory = ColumnDataSource({"x": [], "y": []})
        colour = TASKS[1]["color"]
        runs: dict[str, Any] = {"line_width": 2, "line_color": colour}
        theory: dict[str, Any] = {"line_width": 1.5, "line_dash": [6, 4]}
        # As in the plots over time, lines are above all else, and a legend names some that never change. That of theory
        # comes first, below the runs; it is from 0 to 1, and within any range.
        nowhere = [np.nan], [np.nan]
        self.drawn = [
            self.plot.line("x", "y", source=self.theory, level="overlay", **theory),
            self.plot.line("x", "y", source=self.run, level="overlay", **runs),
            self.plot.scatter("x", "y", source=self.end, size=8, fill_color=colour, line_color=None, level="overlay"),
        ]
        self.curves = [self.drawn[0], self.plot.line(*nowhere, **theory)]
        named = {"runs": self.plot.line(*nowhere, **runs), "theory": self.curves[1]}
        items = [LegendItem(label=name, renderers=[line]) for name, line in named.items()]
        self.plot.add_layout(Legend(items=items, location="center"), "right")

    def dress(self, theme: str) -> None:
        dress(self.plot, theme)
        for each in self.curves:
            each.glyph.line_color = COLOURS[theme]["ink"]

    def fill(self, curves: Curves) -> list[Change]:
        """What shows the runs of a cell, where there is such a plane."""
        title, nothing = "two tasks and two paths only", np.zeros(0)
        gates = weights = known = theory = nothing
        if curves.in_plane:
            title = NO_TITLE
            gates, weights = curves.plane()
            known, theory = curves.theory()
        _, side = extent([np.abs(gates)], (0.0, _SPECIALIZED))
        bottom, top = extent([weights], (_BELOW, _SPECIALIZED))
        return [
            (self.plot.x_range, {"start": -side, "end": side}),
            (self.plot.y_range, {"start": bottom, "end": top}),
            (self.plot.title, {"text": title}),
            (self.run, {"data": {"x": gates, "y": weights}}),
            (self.end, {"data": {"x": gates[-1:], "y": weights[-1:]}}),
            (self.theory, {"data": {"x": known, "y": theory}}),
            *self._seen(True),
        ]

    def clear(self) -> list[Change]:
        """What shows nothing."""
        return [(self.plot.title, {"text": NO_TITLE}), *self._seen(False)]

    def _seen(self, whether: bool) -> list[Change]:
        return [(each, {"visible": whether}) for each in self.drawn]


class Column:
    """All plots of one cell, one above the other."""

    def __init__(self, width: int, theme: str, name: str) -> None:
        time = Range1d(start=0.0, end=1.0)
        self.loss = TimePlot(f"{name}-loss", (width, 115), "loss", time, legend=False, axis=False)
        self.gates = TimePlot(f"{name}-gates", (width, 115), "gate", time, legend=True, axis=False)
        self.alignment = TimePlot(f"{name}-alignment", (width, 155), "alignment", time, legend=True, axis=True)
        self.plane = PlanePlot(f"{name}-plane", (width, 197))
        self.root = column(name=name, stylesheets=[SHEET])
        self.parts = (self.loss, self.gates, self.alignment, self.plane)
        self.root.children = self.plots
        over_time = (self.loss, self.gates, self.alignment)
        cut = CustomJS(args={"time": time, "drawn": [each for part in over_time for each in part.drawn]}, code=_CUT)
        time.js_on_change("start", cut)
        time.js_on_change("end", cut)
        for part in over_time:
            part.plot.js_on_event(DoubleTap, CustomJS(args={"time": time}, code=_RESET))
        self.dress(theme)

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
            for legend in each.legend:
                legend.visible = legends

    def fade(self) -> list[Change]:
        """What greys runs of other settings than those that are named now."""
        return [self._looks(STALE)]

    def clear(self, waiting: bool) -> list[Change]:
        """What shows nothing, and whether something is on its way."""
        emptied = [change for part in self.parts for change in part.clear()]
        return [*emptied, self._looks(WAITING if waiting else CURRENT)]

    def _looks(self, attributes: dict[str, str]) -> Change:
        return self.root, {"html_attributes": attributes}

    def fill(self, curves: Curves, theme: str) -> list[Change]:
        """What shows the runs of a cell."""
        data = curves.data
        tasks, paths = data.sizes.get("task", 0), data.sizes.get("path", 0)
        ink = {"color": COLOURS[theme]["ink"], "linestyle": "-"}
        changes = self.plane.fill(curves)
        if "loss" in data:
            changes += self.loss.fill(curves, [("loss", ink, *curves.band("loss"))])
        if "gates" in data:
            lines = [
                (_named(path, tasks), look_of(path, tasks, theme), *curves.band("gates", path=path))
                for path in range(paths)
            ]
            changes += self.gates.fill(curves, lines, (_BELOW, _SPECIALIZED))
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
            changes += self.alignment.fill(curves, lines, (_BELOW, _SPECIALIZED))
        return [*changes, self._looks(CURRENT)]


def _named(path: int, tasks: int) -> str:
    return f"path {NAMES[path % len(NAMES)]}" if path < tasks else "free path"
