import numpy as np
import xarray
from matplotlib.colors import to_rgba

from gatednet.figures.toolkit import over_time
from gatednet.figures.toolkit.panels import CUT_OFF, TASKS, look, new_figure


def dataset():
    """Two runs of 3 blocks of 4 saves, and the save at the end."""
    step = np.arange(13)
    loss = xarray.DataArray(
        np.stack([step, 100.0 - step]),
        {"seed": [3, 5], "step": step, "time": ("step", step / 10)},
        ("seed", "step"),
        attrs={"units": "1"},
    )
    return xarray.Dataset({"loss": loss, "norm": 2 * loss}, attrs={"targets": [0, 1, 0]})


def test_saves_are_counted_from_the_switch():
    blocks = over_time.in_blocks(dataset().loss, 3)
    assert blocks.dims == ("seed", "block", "save")
    # Steps of blocks would be in the way of those of courses.
    assert set(blocks.coords) == {"seed"}
    np.testing.assert_array_equal(blocks.sel(seed=3), np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(blocks.sel(seed=5).isel(save=-1), [97, 93, 89])


def test_courses_are_what_is_drawn_without_the_runs():
    found = over_time.courses(dataset(), ["loss"])
    assert (set(found.data_vars), set(found.coords)) == ({"loss"}, {"statistic", "step", "time"})
    assert found.attrs == {"targets": [0, 1, 0]}
    assert found.loss.attrs == {"units": "1"}
    np.testing.assert_array_equal(found.loss.sel(statistic="mean"), np.full(13, 50))
    # Half of the distance of two values is the standard error of their mean.
    expected = np.abs(100 - 2 * np.arange(13)) / 2
    np.testing.assert_allclose(found.loss.sel(statistic="standard error"), expected, rtol=2**-23)


def test_alignment_is_drawn_path_by_path():
    """Each path in the colour of its gate, with its own task in the line of that, with the other one dotted."""
    values = np.array([[[0.9, 0.2]], [[0.1, 0.8]]]).repeat(2, axis=1)
    alignment = xarray.DataArray(values[None], dims=("seed", "task", "step", "path"))
    timing = {"block_length": 1.0, "duration": 2.0, "targets": [0, 1]}
    data = xarray.Dataset({"alignment": alignment}, {"time": ("step", [0.0, 1.0])}, timing)
    with look():
        axes = new_figure(3, 2).add_subplot()
        over_time.alignment(axes, data)
    drawn = {line.get_ydata()[0]: line for line in axes.lines if len(line.get_ydata())}
    colours = {float(np.round(value, 2)): to_rgba(line.get_color()) for value, line in drawn.items()}
    first, second = (to_rgba(line["color"]) for line in TASKS[:2])
    assert colours == {0.9: first, 0.1: first, 0.2: second, 0.8: second}
    dotted = sorted(round(float(value), 2) for value, line in drawn.items() if line.get_linestyle() == ":")
    assert dotted == [0.1, 0.2]


def test_panels_say_what_they_cut_off():
    with look():
        axes = new_figure(3, 2).add_subplot()
        axes.plot([0, 1, 2, 3], [7, 2, 0.5, 0.9])
        over_time.cut_off_early(axes, 1.0)
        whole = new_figure(3, 2).add_subplot()
        whole.plot([0, 1], [0.5, 0.9])
        over_time.cut_off_early(whole, 1.0)
    assert (axes.get_gid(), [text.get_text() for text in axes.texts]) == (CUT_OFF, ["cut off: up to 7, until t = 1"])
    assert (whole.get_gid(), whole.texts[:]) == (None, [])
    assert axes.get_ylim() == whole.get_ylim() == (0, 1)
