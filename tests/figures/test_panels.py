import itertools

import matplotlib
import matplotlib.pyplot
import numpy as np
import pytest
import scipy.stats
import xarray
from matplotlib.colors import to_rgb

from gatednet.figures.toolkit.panels import (
    EVEN_CONTRAST,
    REGIMES,
    TASKS,
    Scale,
    band,
    heat_map,
    look,
    luminance,
    new_figure,
    shade_blocks,
)
from gatednet.figures.toolkit.statistics import averaged

# How far a number may be from the same in single precision.
ONE_BIT = 2.0**-23
# Matrices of Viénot, Brettel and Mollon 1999 for colours as seen without long- and without medium-wavelength cones, in
# linear RGB.
COLOUR_BLIND = {
    "protan": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deutan": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}


@pytest.fixture
def axes():
    with look():
        yield new_figure(3, 2).add_subplot()


def linear(colour):
    part = np.array(to_rgb(colour))
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("lines", [list(REGIMES.values()), list(TASKS)])
def test_lines_are_told_apart_in_grey(lines):
    for one, other in itertools.combinations(lines, 2):
        light, dark = sorted((luminance(one["color"]), luminance(other["color"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 1.5
        assert one["linestyle"] != other["linestyle"]


@pytest.mark.parametrize("kind", COLOUR_BLIND)
@pytest.mark.parametrize("lines", [list(REGIMES.values()), list(TASKS)])
def test_lines_are_told_apart_by_the_colour_blind(lines, kind):
    for one, other in itertools.combinations(lines, 2):
        seen = [COLOUR_BLIND[kind] @ linear(line["color"]) for line in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) > 0.15


@pytest.mark.parametrize(("colour", "expected"), [("black", 0), ("white", 1), ("#808080", 0.2159)])
def test_luminance(colour, expected):
    assert luminance(colour) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("kept", [False, True])
def test_band_is_the_mean_and_its_standard_error(kept, axes):
    values = np.random.default_rng(0).normal(size=(7, 5))
    # Whatever order the dimensions have.
    given = xarray.DataArray(values.T, dims=("step", "seed"))
    band(axes, np.arange(5.0), averaged(given) if kept else given, color="black")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), values.mean(axis=0), rtol=ONE_BIT)
    edges = axes.collections[0].get_paths()[0].vertices
    mean, error = values.mean(axis=0), scipy.stats.sem(values, axis=0, ddof=1)
    for x in range(5):
        heights = edges[edges[:, 0] == x, 1]
        rounding = ONE_BIT * (abs(mean[x]) + error[x])
        assert heights.max() == pytest.approx(mean[x] + error[x], abs=rounding, rel=0)
        assert heights.min() == pytest.approx(mean[x] - error[x], abs=rounding, rel=0)


def test_one_run_has_no_band(axes):
    band(axes, np.arange(5.0), xarray.DataArray(np.ones((1, 5)), dims=("seed", "step")), color="black")
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), np.ones(5))
    assert not axes.collections


def test_blocks_are_shaded_by_task(axes):
    shade_blocks(axes, 0.1, 0.75, (0, 1, 2))
    spans = [(patch.get_x(), patch.get_x() + patch.get_width(), patch.get_alpha()) for patch in axes.patches]
    expected = [(0.1, 0.2, 0.5), (0.2, 0.3, 1), (0.4, 0.5, 0.5), (0.5, 0.6, 1), (0.7, 0.75, 0.5)]
    np.testing.assert_allclose(spans, expected)
    assert axes.get_xlim() == (0, 0.75)


def test_heat_map_says_its_numbers(axes):
    heat_map(axes, np.array([[0.712, np.nan]]), ["a", "b"], ["c"], Scale(0.7, 1.0))
    assert [text.get_text() for text in axes.texts] == ["0.71", "–"]


def test_numbers_on_a_heat_map_contrast_with_their_cells(axes):
    values = np.linspace(0.7, 1.0, 25)[None]
    image = heat_map(axes, values, [""] * 25, [""], Scale(0.7, 1.0))
    for text, value in zip(axes.texts, values[0], strict=True):
        behind = luminance(image.cmap(image.norm(value))[:3])
        assert text.get_color() == ("black" if behind > EVEN_CONTRAST else "white")


def test_look_ends_with_its_context_and_pyplot_is_not_used():
    before = dict(matplotlib.rcParams)
    with look():
        assert matplotlib.rcParams["pdf.fonttype"] == 42
        assert matplotlib.rcParams["svg.fonttype"] == "none"
        new_figure(1, 1)
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.pyplot.get_fignums() == []
