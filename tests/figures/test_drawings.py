"""Every figure drawn from the stored results of a full reproduction, as a reviewer would look at it.

And that each kind of fault would be found.
"""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.gridspec import GridSpec

from gatednet.figures.registry import FIGURES
from gatednet.figures.toolkit import panels
from gatednet.figures.toolkit.archive import open_data
from tests.figures import drawing

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_has_a_fault(name):
    data = open_data(RESULTS / f"{name}.zarr.zip")
    with panels.look():
        figure = FIGURES[name].load().draw(data)
        # The longest that it says.
        panels.mark_quick(figure, "quick: 3 of 10, 3 of 100 seeds")
        assert drawing.faults(figure) == {}


@pytest.fixture
def figure():
    """Two panels, side by side, with a curve each, that have no fault."""
    with panels.look():
        made = panels.new_figure(5, 2)
        for axes, letter in zip(made.subplots(1, 2), "AB", strict=True):
            axes.plot([0, 1, 2, 3], [0, 1, 0.5, 1], color="black")
            axes.set(xlabel="time", ylabel="loss")
            panels.letter(axes, letter)
        yield made


def test_a_good_figure_has_no_fault(figure):
    left, right = figure.axes
    left.lines[0].set_label("a curve")
    panels.legend_above(left)
    panels.mark_quick(figure, "quick: 3 of 10 seeds")
    right.plot([1, 2], [0.5, 0.7], "x", color="red", clip_on=False)
    right.plot([], [], "x", color="red", label="published")
    panels.legend_above(right)
    assert drawing.faults(figure) == {}


def long_title(figure):
    figure.axes[0].set_title("a title so long that it comes to the letter of the panel", loc="right")


def text_on_a_title(figure):
    figure.axes[1].set_title("a title", loc="right")
    figure.text(0.995, 0.995, "quick: 3 of 10 seeds", ha="right", va="top")


def legend_on_a_letter(figure):
    figure.axes[0].lines[0].set_label("a name so long that its line comes to the letter")
    panels.legend_above(figure.axes[0], handlelength=8)


def text_off_the_page(figure):
    figure.text(0.98, 0.5, "beyond the edge")


def label_in_another_panel(figure):
    figure.text(0.75, 0.5, "a note")


def axis_too_short(figure):
    figure.axes[0].set_ylim(0, 0.9)


def bars_too_long(figure):
    figure.axes[0].errorbar([1, 2], [0.1, 0.1], [0.5, 0.5], color="black")
    figure.axes[0].set_ylim(-0.1, 1)


def bars_of_a_chart_too_long(figure):
    figure.axes[0].bar([1, 2], [1.5, 2.0])
    figure.axes[0].set_ylim(0, 1.2)


def cut_off_without_need(figure):
    panels.cut_off(figure.axes[0], "")


def marker_at_the_edge(figure):
    figure.axes[0].lines[0].set(marker="o")
    figure.axes[0].set_xlim(0, 3)


def marker_at_every_sample(figure):
    figure.axes[0].plot(np.linspace(0, 3, 1000), np.linspace(0, 1, 1000), ".-", color="black", clip_on=False)


def legend_on_a_curve(figure):
    figure.axes[0].lines[0].set_label("a curve")
    figure.axes[0].legend(loc="center")


def legend_on_a_map(figure):
    figure.colorbar(figure.axes[0].pcolormesh(np.eye(3)), ax=figure.axes[0])
    figure.axes[0].plot([], [], color="red", label="level")
    figure.axes[0].legend(loc="upper right")


def panel_on_a_curve(figure):
    figure.axes[0].inset_axes((0.3, 0.3, 0.4, 0.4)).plot([0, 1, 2], [0, 1, 0])


def crosses_without_a_name(figure):
    figure.axes[0].plot([1.5, 2.5], [0.2, 0.2], "x", color="red")


def curve_without_a_name(figure):
    figure.axes[0].lines[0].set_label("a curve")


def map_without_a_scale(figure):
    figure.axes[0].pcolormesh(np.eye(3))


def axis_stretched_for_a_legend(figure):
    figure.axes[0].lines[0].set_label("a curve")
    figure.axes[0].set_ylim(0, 1.8)
    figure.axes[0].legend(loc="upper left")


def columns_of_their_own(figure):
    """Panels of half the height in a grid of their own, whose labels are wider."""
    for axes in figure.axes:
        axes.remove()
    grid = GridSpec(2, 1, figure)
    figure.add_subplot(grid[0])
    inner = grid[1].subgridspec(2, 1).subplots()
    inner[0].set_ylabel("a label\nof two lines")


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (long_title, "texts_over_each_other"),
        (text_on_a_title, "texts_over_each_other"),
        (legend_on_a_letter, "texts_over_each_other"),
        (text_off_the_page, "texts_off_the_page"),
        (label_in_another_panel, "texts_in_other_panels"),
        (axis_too_short, "cut_off"),
        (bars_too_long, "cut_off"),
        (bars_of_a_chart_too_long, "cut_off"),
        (cut_off_without_need, "cut_off"),
        (marker_at_the_edge, "cut_markers"),
        (marker_at_every_sample, "crowded_markers"),
        (legend_on_a_curve, "covered_data"),
        (legend_on_a_map, "covered_data"),
        (panel_on_a_curve, "covered_data"),
        (crosses_without_a_name, "markers_without_legend"),
        (curve_without_a_name, "lines_without_legend"),
        (map_without_a_scale, "maps_without_scale"),
        (axis_stretched_for_a_legend, "stretched_axes"),
        (columns_of_their_own, "out_of_line"),
    ],
)
def test_faults_are_found(spoil, kind, figure):
    spoil(figure)
    assert kind in drawing.faults(figure)


@pytest.mark.parametrize(("drawn", "expected"), [((0.0, 1.0), (-0.12, 1.12)), ((-0.3, 2.0), (-0.337, 2.037))])
def test_limits_are_at_least_those_wanted(drawn, expected, figure):
    (axes, _) = figure.axes
    axes.plot([0, 1], drawn)
    panels.at_least(axes, -0.12, 1.12)
    np.testing.assert_allclose(axes.get_ylim(), expected, atol=1e-3)


def test_panels_that_are_compared_have_the_widest_limits_of_all(figure):
    left, right = figure.axes
    left.set_ylim(0, 2)
    right.set_ylim(-1, 1)
    panels.alike(figure.axes)
    assert left.get_ylim() == right.get_ylim() == (-1, 2)


def test_the_quick_mark_is_above_all_panels(figure):
    panels.mark_quick(figure, "quick: 3 of 10 seeds")
    figure.draw_without_rendering()
    (mark,) = [each for _, each in drawing.texts(figure) if each.get_text().startswith("quick")]
    tops = [each.get_window_extent().y1 for axes, each in drawing.texts(figure) if axes is not None]
    assert mark.get_window_extent().y0 >= max(tops)
    assert mark.get_window_extent().x1 <= figure.bbox.x1
