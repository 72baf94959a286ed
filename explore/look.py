"""The look of plots on a page, in either theme."""

from __future__ import annotations

from typing import Any

from bokeh.models import Range1d, Title
from bokeh.plotting import figure
from matplotlib.colors import to_hex, to_rgb

from gatednet.figures.toolkit.panels import TASKS, UNUSED, luminance

# Ink, paper, and what shades blocks, by theme; contrasts are those of WCAG 2.2 for text.
COLOURS = {
    "light": {"ink": "#1b1b1b", "paper": "#ffffff", "edge": "#b8b8b8", "shade": "#808080", "marker": "#d1006c"},
    "dark": {"ink": "#ececec", "paper": "#16191d", "edge": "#555b63", "shade": "#b0b0b0", "marker": "#ff6fb5"},
}
# A title that says nothing has its place all the same: with one that comes later, all of a plot would move.
NO_TITLE = " "
# Luminance below which a line is lost on dark paper.
_DARK = 0.15

# What a column's element has, as `html_attributes`: where it shows what is of the settings that are named, what is of
# others, or what is still to come. By `css_classes` all of the page would be laid out and painted anew, at once, with
# some of its data not yet taken in.
CURRENT: dict[str, str] = {}
STALE, WAITING = {"class": "stale"}, {"class": "waiting"}
SHEET = """
:host(.stale) > * { opacity: 0.25; }
:host(.stale)::after, :host(.waiting)::after {
  content: "computing …"; position: absolute; top: 45%; left: 40%; padding: 1px 6px;
  color: var(--ink); background: var(--paper); border: 1px solid var(--edge); font-size: 13px;
}
"""

# Types of Bokeh say less than it allows, so that plots have none.
Plot = Any


def blank(
    name: str,
    width: int,
    height: int,
    x: tuple[float, float] = (0.0, 1.0),
    y: tuple[float, float] = (0.0, 1.0),
    title: Title | None = None,
) -> Plot:
    """An empty plot, `width` × `height` pixels in size, with the ranges of its axes."""
    made = figure(
        name=name,
        width=width,
        height=height,
        x_range=Range1d(start=x[0], end=x[1]),
        y_range=Range1d(start=y[0], end=y[1]),
        title=title,
        tools="",
        toolbar_location=None,
    )
    # Of grids, which no plot shows, a browser looks up two dozen colours and widths whenever it draws.
    made.center = []
    return made


def dashes(line: dict[str, Any]) -> list[int]:
    """The dashes of a line of the figures as Bokeh has them, in pixels."""
    style = line["linestyle"]
    return [] if isinstance(style, str) else [max(1, round(3 * each)) for each in style[1]]


def dress(plot: Plot, theme: str) -> None:
    """Give a plot the colours of a theme."""
    colours = COLOURS[theme]
    plot.styles = {"background-color": colours["paper"]}
    plot.background_fill_color = colours["paper"]
    # Behind all of it is the style above: half of the outermost pixels would keep the colours of another theme.
    plot.border_fill_color = None
    plot.outline_line_color = colours["edge"]
    if plot.title is not None:
        plot.title.text_color = colours["ink"]
        plot.title.text_font_size = "12px"
    for axis in plot.axis:
        axis.axis_label_text_color = axis.major_label_text_color = colours["ink"]
        axis.axis_line_color = axis.major_tick_line_color = colours["edge"]
        axis.minor_tick_line_color = None
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = "12px"
        axis.major_label_text_font_size = "11px"
    for legend in plot.legend:
        legend.background_fill_color = colours["paper"]
        legend.background_fill_alpha = 0.75
        legend.label_text_color = colours["ink"]
        legend.label_text_font_size = "11px"
        legend.border_line_color = None
        legend.padding = legend.spacing = 2
        legend.glyph_height = 12
        legend.label_height = 12


def look_of(path: int, tasks: int, theme: str) -> dict[str, Any]:
    """The line of a path, by the task that it is matched to; dark colours are lighter on dark paper."""
    look = TASKS[path % len(TASKS)] if path < tasks else UNUSED
    if theme == "light" or luminance(look["color"]) > _DARK:
        return look
    return {**look, "color": to_hex(_lighter(to_rgb(look["color"])))}


def _lighter(colour: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (0.45 * each + 0.55 for each in colour)
    return red, green, blue
