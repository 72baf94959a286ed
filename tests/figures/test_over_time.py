import numpy as np
import xarray

from gatednet.figures.toolkit import over_time


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
