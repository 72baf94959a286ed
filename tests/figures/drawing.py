"""What a reviewer would find wrong with a drawn figure: each function lists faults of one kind, none where all is well.

Figures are drawn first: `figure.draw_without_rendering()`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from gatednet.figures.toolkit.panels import CUT_OFF, SHADE

# Texts of different panels are at least so far apart, in pixels at 200 dpi: the width of a letter.
BESIDE, BELOW = 8.0, 2.0
# What rounding to pixels, and the width of a thin line, may hide, in pixels.
PIXELS = 2.0


def all_axes(figure: Figure) -> list[Axes]:
    """The panels of a figure, with those inside of others and those of colour bars."""
    return [found for axes in figure.axes for found in (axes, *axes.child_axes)]


def texts(figure: Figure) -> list[tuple[Axes | None, Text]]:
    """All texts to be read, with the panel that they belong to; None for those of the figure."""
    found: list[tuple[Axes | None, Text]] = [(None, each) for each in figure.texts]
    found += [(None, each) for legend in figure.legends for each in (legend.get_title(), *legend.get_texts())]
    for axes in all_axes(figure):
        legend = axes.get_legend()
        own = [axes.title, axes._left_title, axes._right_title, *axes.texts]
        own += [legend.get_title(), *legend.get_texts()] if legend else []
        if axes.axison:
            own += [label for axis in (axes.xaxis, axes.yaxis) for label in _labels(axis)]
        found += [(axes, each) for each in own]
    return [(axes, each) for axes, each in found if each.get_visible() and each.get_text().strip()]


def _labels(axis: Any) -> Iterator[Text]:
    yield axis.label
    yield axis.offsetText
    low, high = sorted(axis.get_view_interval())
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if low <= tick.get_loc() <= high:
            yield from (label for label in (tick.label1, tick.label2) if label.get_visible())


def texts_off_the_page(figure: Figure) -> list[str]:
    """Texts that are cut at the edge of the page."""
    page = figure.bbox.padded(1)
    boxes = [(each.get_text(), each.get_window_extent()) for _, each in texts(figure)]
    return [text for text, box in boxes if not (page.contains(*box.min) and page.contains(*box.max))]


def texts_over_each_other(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that overlap, or, of different panels, touch; and texts on the frames of legends."""
    shown = texts(figure)
    names = [each.get_text() for _, each in shown]
    boxes = np.array([each.get_window_extent().extents for _, each in shown])
    panels = np.array([id(axes) for axes, _ in shown])
    same = panels[:, None] == panels
    apart = np.where(same[..., None], -2.0, [BESIDE, BELOW])
    near = _overlap(boxes, boxes, apart)
    found = [(names[one], names[other]) for one, other in np.argwhere(near) if one < other]
    # The handles of a legend are no texts: its frame must be clear of all texts but its own.
    for legend in legends(figure):
        own = {id(each) for each in (legend.get_title(), *legend.get_texts())}
        clear = _overlap(np.array([legend.get_window_extent().extents]), boxes, -2.0)[0]
        found += [("legend", names[at]) for at in np.flatnonzero(clear) if id(shown[at][1]) not in own]
    return found


def _overlap(boxes: np.ndarray, others: np.ndarray, apart: Any) -> np.ndarray:
    """Whether boxes (x0, y0, x1, y1) are nearer to others than `apart`, in both directions."""
    gap = np.maximum(boxes[:, None, :2] - others[None, :, 2:], others[None, :, :2] - boxes[:, None, 2:])
    return (gap < apart).all(axis=-1)


def legends(figure: Figure) -> list[Legend]:
    """All legends, of the figure and of its panels."""
    return [*figure.legends, *(legend for axes in all_axes(figure) if (legend := axes.get_legend()))]


def texts_in_other_panels(figure: Figure) -> list[tuple[str, str]]:
    """Texts around a panel, or of the figure, that reach into another one."""
    shown = texts(figure)
    boxes = np.array([each.get_window_extent().extents for _, each in shown])
    frames = np.array([axes.bbox.extents for axes in figure.axes])
    found = []
    for place, panel in np.argwhere(_overlap(boxes, frames, -2.0)):
        axes, other = shown[place][0], figure.axes[panel]
        # Panels on each other, such as those with an axis on either side, share their texts.
        shared = axes is not None and Bbox.intersection(axes.bbox, other.bbox) is not None
        if other is not axes and not shared:
            found.append((shown[place][1].get_text(), other.get_title(loc="left")))
    return found


def curves(axes: Axes) -> list[Line2D]:
    """The lines of data: not those that cross the whole panel for reference."""
    return [line for line in axes.lines if line.get_visible() and line.get_transform() == axes.transData]


def bars(axes: Axes) -> list[Rectangle]:
    """The bars of data: not shaded blocks."""
    shade = to_rgb(SHADE)
    found = [each for each in axes.patches if isinstance(each, Rectangle) and each.get_transform() is not None]
    return [each for each in found if each.get_facecolor()[:3] != shade and each.get_fill()]


def extents(axes: Axes) -> Iterator[np.ndarray]:
    """The points, (points, 2), of all that is drawn of the data but maps, in the units of the axes."""
    for line in curves(axes):
        yield np.asarray(line.get_xydata(), float)
    for bar in bars(axes):
        yield bar.get_bbox().get_points()
    for each in axes.collections:
        if isinstance(each, PathCollection):
            yield np.asarray(each.get_offsets(), float)
        elif isinstance(each, PolyCollection | LineCollection):
            yield from (np.asarray(path.vertices, float) for path in each.get_paths())


def cut_off(figure: Figure) -> list[tuple[str, str]]:
    """Panels whose data reach beyond their limits, unless they say so; and those that say so without need."""
    found = []
    for axes in all_axes(figure):
        beyond = []
        for name, column, axis in (("x", 0, axes.xaxis), ("y", 1, axes.yaxis)):
            low, high = sorted(axis.get_view_interval())
            log = axis.get_scale() == "log"
            for points in extents(axes):
                values = points[np.isfinite(points).all(axis=1), column]
                values = values[values > 0] if log else values
                scaled = np.log([low, high, *values]) if log else np.array([low, high, *values])
                bottom, top = scaled[:2]
                slack = 1e-3 * (top - bottom)
                if values.size and not (bottom - slack <= scaled[2:].min() and scaled[2:].max() <= top + slack):
                    beyond.append(f"{name}: {values.min():.3g} to {values.max():.3g} in {low:.3g} to {high:.3g}")
        if bool(beyond) != (axes.get_gid() == CUT_OFF):
            found.append((axes.get_title(loc="left"), "; ".join(beyond) or "says that data are cut off"))
    return found


def cut_markers(figure: Figure) -> list[tuple[str, str]]:
    """Markers that the edge of their panel cuts."""
    found = []
    for axes in all_axes(figure):
        for line in curves(axes):
            if line.get_marker() in ("None", "", None) or not line.get_clip_on():
                continue
            places = line.get_transform().transform(np.asarray(line.get_xydata(), float))
            places = places[np.isfinite(places).all(axis=1)]
            # Those that are wholly outside are data that are cut off.
            inside = [place for place in places if axes.bbox.padded(1).contains(*place)]
            half = line.get_markersize() / 2 * axes.figure.dpi / 72 - PIXELS
            within = axes.bbox.padded(-half)
            if half > 0 and any(not within.contains(*place) for place in inside):
                found.append((axes.get_title(loc="left"), f"{line.get_label()} {line.get_marker()}"))
    return found


def covers(box: Bbox, axes: Axes) -> list[str]:
    """What of the data of a panel is under a box, in pixels; a map is all of its panel."""
    common = Bbox.intersection(box, axes.bbox)
    if common is None:
        return []
    found = []
    for line in curves(axes):
        path = line.get_transform().transform_path(line.get_path()).cleaned(remove_nans=True, clip=axes.bbox.extents)
        if len(path.vertices) and line.get_linestyle() != "None" and path.intersects_bbox(common, filled=False):
            found.append(str(line.get_label()))
        marked = line.get_marker() not in ("None", "", None)
        if marked and common.count_contains(line.get_transform().transform(line.get_xydata())):
            found.append(f"markers of {line.get_label()}")
    found += [str(bar.get_label()) for bar in bars(axes) if bar.get_window_extent().overlaps(common)]
    for each in axes.collections:
        if isinstance(each, QuadMesh):
            found.append("map")
        elif isinstance(each, PathCollection):
            points = each.get_offset_transform().transform(each.get_offsets())
            found += ["points"] if common.count_contains(points) else []
        elif isinstance(each, Collection) and any(_crosses(path, each, common) for path in each.get_paths()):
            found.append("band")
    return found + ["map" for image in axes.images if image.get_window_extent().overlaps(common)]


def _crosses(path: Path, collection: Collection, box: Bbox) -> bool:
    moved = collection.get_transform().transform_path(path)
    return bool(moved.intersects_bbox(box, filled=isinstance(collection, PolyCollection)))


def covered_data(figure: Figure) -> list[tuple[str, str, list[str]]]:
    """Legends, and panels inside of others, that are on data."""
    boxes = [("legend", legend.get_window_extent(), None) for legend in figure.legends]
    for axes in all_axes(figure):
        legend = axes.get_legend()
        if legend is not None:
            boxes.append((f"legend of {axes.get_title(loc='left')}", legend.get_window_extent(), None))
        boxes += [("panel inside", inset.get_tightbbox(), inset) for inset in axes.child_axes]
    found = []
    for what, box, inset in boxes:
        for axes in all_axes(figure):
            under = covers(box.padded(-PIXELS), axes) if axes is not inset else []
            if under:
                found.append((what, axes.get_title(loc="left"), under))
    return found


def markers_without_legend(figure: Figure) -> list[tuple[str, str]]:
    """Markers that no legend names.

    A legend names markers of a shape that it shows, and those along a line that it shows. Markers on a curve of their
    own colour are a part of it, such as its end.
    """
    shown = legends(figure)
    entries = [line for legend in shown for line in legend.findobj(Line2D)]
    shapes = {line.get_marker() for line in entries}
    lines = {_style(line) for line in entries if line.get_linestyle() != "None"}
    points = "o" in shapes or any(legend.findobj(PathCollection) for legend in shown)
    found = []
    for axes in all_axes(figure):
        for line in curves(axes):
            # Ends of error bars are not markers of data.
            if line.get_marker() in ("None", "", None, "_", "|") or line.get_marker() in shapes:
                continue
            joined = line.get_linestyle() != "None" and len(line.get_xdata()) > 1
            if not (joined and _style(line) in lines) and not _on_a_curve(line, axes):
                found.append((axes.get_title(loc="left"), str(line.get_marker())))
        if any(isinstance(each, PathCollection) for each in axes.collections) and not points:
            found.append((axes.get_title(loc="left"), "points"))
    return found


def _style(line: Line2D) -> tuple[Any, ...]:
    return (*np.round(to_rgba(line.get_color()), 3), str(line._unscaled_dash_pattern))


def _on_a_curve(line: Line2D, axes: Axes) -> bool:
    places = axes.transData.transform(np.asarray(line.get_xydata(), float))
    for other in curves(axes):
        if other is not line and to_rgba(other.get_color()) == to_rgba(line.get_color()) and len(other.get_xdata()) > 2:
            along = axes.transData.transform(np.asarray(other.get_xydata(), float))
            distances = np.linalg.norm(places[:, None] - along[None], axis=2).min(axis=1)
            if (distances < 2 * PIXELS).all():
                return True
    return False


def crowded_markers(figure: Figure) -> list[tuple[str, str]]:
    """Markers along a line that are nearer to each other than a third of their width, so that they hide it."""
    found = []
    for axes in all_axes(figure):
        for line in curves(axes):
            if line.get_marker() in ("None", "", None) or line.get_linestyle() == "None" or len(line.get_xdata()) < 3:
                continue
            places = line.get_transform().transform(np.asarray(line.get_xydata(), float))
            width = line.get_markersize() * axes.figure.dpi / 72
            if np.median(np.abs(np.diff(places[:, 0]))) < width / 3:
                found.append((axes.get_title(loc="left"), str(line.get_label())))
    return found


def stretched_axes(figure: Figure) -> list[str]:
    """Panels with a legend inside in a strip that no data of panels with these limits reach."""
    found = []
    for axes in figure.axes:
        legend = axes.get_legend()
        if legend is None or Bbox.intersection(legend.get_window_extent().padded(-PIXELS), axes.bbox) is None:
            continue
        alike = [each for each in figure.axes if each.get_ylim() == axes.get_ylim()]
        heights = [
            each.transData.transform(points[np.isfinite(points).all(axis=1)])[:, 1] - each.bbox.y0 + axes.bbox.y0
            for each in alike
            for points in extents(each)
            if len(points)
        ]
        frame = legend.get_window_extent()
        if heights and (frame.y0 > max(map(np.max, heights)) or frame.y1 < min(map(np.min, heights))):
            found.append(axes.get_title(loc="left"))
    return found


def lines_without_legend(figure: Figure) -> list[tuple[str, str]]:
    """Curves that have a name, whose line no legend shows."""
    lines = {_style(line) for legend in legends(figure) for line in legend.findobj(Line2D)}
    named = [(axes, line) for axes in all_axes(figure) for line in curves(axes)]
    named = [(axes, line) for axes, line in named if not str(line.get_label()).startswith("_")]
    return [
        (axes.get_title(loc="left"), str(line.get_label()))
        for axes, line in named
        if line.get_linestyle() != "None" and _style(line) not in lines
    ]


def maps_without_scale(figure: Figure) -> list[str]:
    """Maps in colours that no colour bar explains; panels without axes are schematics."""
    found, scales = [], set()
    for axes in all_axes(figure):
        maps = [each for each in (*axes.images, *axes.collections) if each.get_array() is not None]
        for each in maps if axes.axison else []:
            array = np.asarray(each.get_array())
            if isinstance(each, PathCollection | LineCollection | ContourSet) or array.ndim > 2 or array.size < 2:
                continue
            scale = (each.get_cmap().name, *each.get_clim())
            if each.colorbar is not None:
                scales.add(scale)
            if not hasattr(axes, "_colorbar"):
                found.append((axes.get_title(loc="left"), scale))
    return [name for name, scale in found if scale not in scales]


def out_of_line(figure: Figure) -> list[tuple[str, list[str]]]:
    """Columns whose panels do not begin at one place, and rows that do not; panels of a fixed shape begin anywhere."""
    columns, rows = defaultdict(list), defaultdict(list)
    for axes in figure.axes:
        spec = axes.get_subplotspec()
        if spec is None or axes.get_box_aspect() is not None or axes.get_aspect() != "auto":
            continue
        outer = spec.get_topmost_subplotspec()
        nested = spec.get_gridspec() is not outer.get_gridspec()
        if not nested or spec.colspan.start == 0:
            columns[outer.get_gridspec(), outer.colspan.start].append(axes)
        if not nested or spec.rowspan.start == 0:
            rows[outer.get_gridspec(), outer.rowspan.start].append(axes)
    found = []
    for what, groups, side in (("column", columns, "x0"), ("row", rows, "y1")):
        for group in groups.values():
            places = [getattr(axes.bbox, side) for axes in group]
            if max(places) - min(places) > PIXELS:
                found.append(
                    (what, [f"{axes.get_title(loc='left')} {at:.0f}" for axes, at in zip(group, places, strict=True)])
                )
    return found


FAULTS = (
    texts_off_the_page,
    texts_over_each_other,
    texts_in_other_panels,
    cut_off,
    cut_markers,
    crowded_markers,
    covered_data,
    markers_without_legend,
    lines_without_legend,
    maps_without_scale,
    stretched_axes,
    out_of_line,
)


def faults(figure: Figure) -> dict[str, list[Any]]:
    """All faults of a figure by their kinds."""
    figure.draw_without_rendering()
    found = {check.__name__: check(figure) for check in FAULTS}
    return {name: each for name, each in found.items() if each}
