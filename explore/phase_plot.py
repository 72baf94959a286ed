"""`DiagramPlot`: the phase diagram with its boundary and the chosen cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import contourpy
import numpy as np
from bokeh.layouts import column
from bokeh.models import ColorBar, ColumnDataSource, FixedTicker, LinearColorMapper, Title
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.ticker import LogLocator, MaxNLocator

from gatednet.explore.diagram import Diagram
from gatednet.explore.look import COLOURS, CURRENT, NO_TITLE, SHEET, STALE, WAITING, blank, dress
from gatednet.explore.scale import Scale
from gatednet.explore.view import Cell, Span

# As the heat maps of the figures; legible in grey and by the colour-blind.
_PALETTE = [to_hex(each) for each in colormaps["cividis"](np.linspace(0.0, 1.0, 256))]
# Of cells without a number.
_NOTHING = "#9c2a2a"
_TICKS = 5
# Right of its frame are the bar of colours, its numbers and its name, in pixels.
_BAR = 84


class DiagramPlot:
    """The phase diagram, in coordinates from 0 to 1 along either range, so that any scale fits."""

    def __init__(self, width: int, height: int, theme: str) -> None:
        self.plot = blank("diagram", width, height)
        self.frame = column(self.plot, name="diagram-frame", stylesheets=[SHEET])
        # Room for the numbers of any scale: its frame stays where it is.
        self.plot.min_border_right = _BAR
        self.mapper = LinearColorMapper(palette=_PALETTE, low=0.0, high=1.0, nan_color=_NOTHING)
        self.image = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self.plot.image("image", x="x", y="y", dw="dw", dh="dh", color_mapper=self.mapper, source=self.image)
        self.boundary = ColumnDataSource({"xs": [], "ys": []})
        self.plot.multi_line("xs", "ys", source=self.boundary, line_color="black", line_width=3.5)
        self.plot.multi_line("xs", "ys", source=self.boundary, line_color="white", line_width=1.5)
        self.markers = ColumnDataSource({"x": [], "y": [], "fill": [], "marker": []})
        # Above all else, which need not be drawn again when the marker moves.
        self.plot.scatter(
            "x",
            "y",
            source=self.markers,
            size=13,
            marker="marker",
            fill_color="fill",
            line_color="white",
            line_width=2,
            level="overlay",
        )
        self._ticker = FixedTicker(ticks=[])
        self.bar: Any = ColorBar(color_mapper=self.mapper, width=12, padding=4, label_standoff=6, ticker=self._ticker)
        self.plot.add_layout(self.bar, "right")
        # Of a bar its own title stands above it, where a long name has no room.
        self.name = Title(text=NO_TITLE, align="center", text_font_size="12px", text_font_style="normal")
        self.plot.add_layout(self.name, "right")
        for axis in (self.plot.xaxis[0], self.plot.yaxis[0]):
            axis.ticker = FixedTicker(ticks=[])
        self._bounded: tuple[np.ndarray, float] | None = None
        self.dress(theme)

    def dress(self, theme: str) -> None:
        dress(self.plot, theme)
        colours = COLOURS[theme]
        self.bar.background_fill_color = colours["paper"]
        self.bar.major_label_text_color = self.name.text_color = colours["ink"]

    def axes(self, x: Span, y: Span, names: Sequence[str]) -> None:
        """Name and tick the axes."""
        for axis, span, name in ((self.plot.xaxis[0], x, names[0]), (self.plot.yaxis[0], y, names[1])):
            ticks = ticks_of(span)
            places = [span.place(each) for each in ticks]
            labels = {place: f"{value:.6g}" for place, value in zip(places, ticks, strict=True)}
            # The tickers stay: with a new model in it the whole page is gone through.
            if axis.axis_label != name or axis.major_label_overrides != labels:
                axis.update(axis_label=name, major_label_overrides=labels)
                axis.ticker.ticks = places

    def fill(self, diagram: Diagram, scale: Scale, level: float) -> None:
        """Show a diagram with its boundary."""
        self._scaled(scale, scale.labels(diagram.values))
        self.image.data = {
            "image": [diagram.values.astype(np.float32)], "x": [0.0], "y": [0.0], "dw": [1.0], "dh": [1.0]
        }  # fmt: skip
        self.bound(diagram.values, level)
        self.restore()

    def clear(self, name: str, scale: Scale | None, waiting: bool) -> None:
        """Show no diagram, but what it will be of: the observable and its scale, where that is known before."""
        # First of all, so that nothing stands under other names for however short a time.
        self.image.data = {each: [] for each in ("image", "x", "y", "dw", "dh")}
        self.boundary.data = {"xs": [], "ys": []}
        self.markers.data = {each: [] for each in ("x", "y", "fill", "marker")}
        self._bounded = None
        self.frame.html_attributes = WAITING if waiting else CURRENT
        self._scaled(scale, {} if scale is None else scale.labels(np.zeros(0)))
        self.name.text = name

    def fade(self) -> None:
        """Grey a diagram that is of other settings than those that are named now."""
        self.frame.html_attributes = STALE

    def restore(self) -> None:
        """Show a diagram as one of the settings that are named."""
        self.frame.html_attributes = CURRENT

    def _scaled(self, scale: Scale | None, labels: Mapping[float, str]) -> None:
        ticks = [] if scale is None else list(scale.ticks)
        if scale is not None:
            self.mapper.update(low=scale.low, high=scale.high)
        if self.bar.major_label_overrides != labels or self._ticker.ticks != ticks:
            self.bar.major_label_overrides = dict(labels)
            self._ticker.ticks = ticks

    def bound(self, values: np.ndarray, level: float) -> None:
        """Draw the boundary at a level, if it is not there already."""
        if self._bounded is not None and self._bounded[0] is values and self._bounded[1] == level:
            return
        self._bounded = values, level
        rows, columns = values.shape
        lines: Any = contourpy.contour_generator(
            (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows, np.ma.masked_invalid(values)
        ).lines(level)
        self.boundary.data = {"xs": [each[:, 0] for each in lines], "ys": [each[:, 1] for each in lines]}

    def mark(self, x: Span, y: Span, cells: Sequence[tuple[Cell, str, str]]) -> None:
        """Mark cells, each with its colour and the shape of its marker."""
        inside = [
            (x.place(cell[0]), y.place(cell[1]), colour, marker)
            for cell, colour, marker in cells
            if 0 <= x.place(cell[0]) <= 1 and 0 <= y.place(cell[1]) <= 1
        ]
        columns = list(zip(*inside, strict=True)) if inside else [[], [], [], []]
        self.markers.data = dict(zip(("x", "y", "fill", "marker"), map(list, columns), strict=True))


def ticks_of(span: Span) -> list[float]:
    """A few round values within a range."""
    locator = LogLocator(subs=(1.0, 2.0, 5.0), numticks=8) if span.scale == "log" else MaxNLocator(_TICKS)
    ticks = [float(each) for each in locator.tick_values(span.low, span.high) if span.low <= each <= span.high]
    if span.scale == "log" and len(ticks) > _TICKS:
        tens = [each for each in ticks if abs(np.log10(each) - round(np.log10(each))) < 1e-9]
        ticks = tens if len(tens) > 1 else ticks[:: -(-len(ticks) // _TICKS)]
    return ticks
