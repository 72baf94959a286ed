"""What figures share: the look, colours, bands, shaded blocks, letters of panels, heat maps.

Figures are `matplotlib.figure.Figure` objects with a canvas of their own; pyplot and its global state are not used.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.ticker import MaxNLocator

from gatednet.figures.toolkit.statistics import averaged

STYLE = Path(__file__).parent / "paper.mplstyle"
# Widths of the journal's page, in inches.
PAGE = 7.2

Line = dict[str, Any]
# Colours of Okabe and Ito, told apart by the colour-blind; one is dark and one light, and the lines differ too.
REGIMES: dict[str, Line] = {
    "flexible": {"color": "#005a9c", "linestyle": "-"},
    "forgetful": {"color": "#e69f00", "linestyle": (0, (4, 1.2))},
}
# Tasks, and the paths matched to them.
TASKS: tuple[Line, ...] = (
    {"color": "#332288", "linestyle": "-"},
    {"color": "#44aa99", "linestyle": (0, (5, 1))},
    {"color": "#b04020", "linestyle": (0, (3, 1, 1, 1))},
    {"color": "#ddcc77", "linestyle": (0, (1, 0.6))},
)
# Paths that no task is matched to.
UNUSED: Line = {"color": "0.55", "linestyle": (0, (1, 1))}
SHADE = "0.91"
# The mark of panels that declare that their limits cut data off.
CUT_OFF = "cut off"
# Luminance on which black and white are equally legible (WCAG 2.2).
EVEN_CONTRAST = 0.179


@contextlib.contextmanager
def look() -> Iterator[None]:
    """The look of all figures, for as long as the context lasts, whatever matplotlib's settings were before.

    Settings are those of matplotlib for the whole process: other threads wait that draw here too.
    """
    with _DRAWING, matplotlib.rc_context(_LOOK):
        yield


def _settings() -> dict[Any, Any]:
    """All settings of matplotlib but its backend: its defaults, and over them those of the style."""
    # Not `matplotlib.style`, which reads the styles of the user when it is imported.
    style = matplotlib.rc_params_from_file(STYLE, fail_on_error=True, use_default_template=False)
    return {name: style.get(name, default) for name, default in matplotlib.rcParamsDefault.items() if name != "backend"}


_LOOK = _settings()
# A thread that draws can begin another part of the same picture.
_DRAWING = threading.RLock()


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of `width` × `height` inches, whose parts make room for each other."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.06))
    FigureCanvasAgg(figure)
    return figure


def luminance(colour: Any) -> float:
    """The relative luminance of a colour, 0 for black to 1 for white (WCAG 2.2): what is left of it in grey."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def letter(axes: Axes, name: str) -> None:
    """The letter of a panel, at its upper left corner."""
    axes.set_title(name, loc="left", fontweight="bold", fontsize=9)


def letters(panels: Iterable[Axes], names: Iterable[str]) -> None:
    """The letters of several panels, in order."""
    for axes, name in zip(panels, names, strict=True):
        letter(axes, name)


def legend_above(axes: Axes, *entries: Any, ncols: int = 2, **options: Any) -> Legend:
    """A legend outside of a panel, at the right of its letter: no data are under it, and no axis is made longer for it.

    `entries` are handles and labels where they are not those of the panel. Constrained layout makes room for it.
    """
    compact = {"columnspacing": 1.0, "handlelength": 1.8, "handletextpad": 0.5, "borderaxespad": 0.15, "borderpad": 0.0}
    return axes.legend(*entries, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=ncols, **{**compact, **options})


def at_least(axes: Axes, low: float, high: float) -> None:
    """Set the limits of the vertical axis, wider than these where what is drawn reaches beyond them."""
    drawn, margin = axes.dataLim, 0.03 * (high - low)
    axes.set_ylim(
        low if drawn.ymin >= low else drawn.ymin - margin,
        high if drawn.ymax <= high else drawn.ymax + margin,
    )


def alike(panels: Iterable[Axes]) -> None:
    """Give panels that are compared the same vertical limits: the widest of all."""
    panels = list(panels)
    limits = [axes.get_ylim() for axes in panels]
    for axes in panels:
        axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def cut_off(axes: Axes, note: str = "") -> None:
    """Declare that data of a panel reach beyond its limits, and say so at its upper right corner.

    Without a note the caption says it.
    """
    axes.set_gid(CUT_OFF)
    if note:
        axes.text(0.99, 0.99, note, transform=axes.transAxes, ha="right", va="top", color="0.35", fontsize=6)


def shade_blocks(axes: Axes, block_length: float, duration: float, order: Sequence[int] = (0, 1)) -> None:
    """Shade blocks in greys by their targets, which come in an order again and again: none for 0, then deeper.

    Nothing is shaded where there is no order.
    """
    for number in range(int(np.ceil(duration / block_length - 1e-9)) if len(order) else 0):
        task = order[number % len(order)]
        if task:
            start, stop = number * block_length, min((number + 1) * block_length, duration)
            axes.axvspan(start, stop, color=SHADE, alpha=task / max(order), linewidth=0, zorder=0)
    axes.set_xlim(0, duration)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def band(axes: Axes, x: np.ndarray, values: xarray.DataArray, *, label: str | None = None, **line: Any) -> None:
    """The mean over seeds and, as a band, its standard error on either side.

    `values` has the dimension of `x`, and "seed" or, from `averaged`, "statistic".
    """
    mean, error = averaged(values).transpose("statistic", ...).values.astype(np.float64)
    axes.plot(x, mean, label=label, **line)
    if np.isfinite(error).any():
        axes.fill_between(x, mean - error, mean + error, color=line.get("color"), alpha=0.25, linewidth=0)


@dataclasses.dataclass(frozen=True)
class Scale:
    """The colour scale of a heat map; its ends are where the paper's are."""

    low: float
    high: float
    colours: str = "cividis"


def heat_map(axes: Axes, values: np.ndarray, columns: list[str], rows: list[str], scale: Scale) -> AxesImage:
    """A table as colours with the numbers written on them; `values` is (rows, columns), the first row is on top.

    Cells without a number are grey and say "–".
    """
    axes.set_facecolor(SHADE)
    image = axes.imshow(values, cmap=scale.colours, vmin=scale.low, vmax=scale.high, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        shown = f"{value:.2f}" if np.isfinite(value) else "–"
        *behind, opacity = image.cmap(image.norm(value))
        axes.text(
            column,
            row,
            shown,
            ha="center",
            va="center",
            fontsize=6,
            color="black" if not opacity or luminance(behind) > EVEN_CONTRAST else "white",
        )
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def mark_quick(figure: Figure, text: str) -> None:
    """Say on a figure, in a line of its own above all panels, that it is from fewer seeds than it should be."""
    # Constrained layout makes room for a figure's title, and for no other text of it.
    figure.suptitle(text, x=0.995, ha="right", color="0.4", fontsize=7, fontstyle="italic")
