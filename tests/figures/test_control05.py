import numpy as np
import pytest
import xarray

from gatednet.figures import control05_switching as control05
from gatednet.figures.toolkit.boundary import exponent, pair_specialization
from gatednet.sweeps.catalog.control05 import relative_lengths


def test_lengths_span_two_decades_in_equal_ratios():
    lengths = np.array(relative_lengths())
    assert (lengths[0], lengths[4], lengths[-1]) == (0.1, 1.0, 10.0)
    np.testing.assert_allclose(np.diff(np.log(lengths)), np.log(100) / 8, rtol=0.02)


@pytest.mark.parametrize(("length", "first", "end"), [(10.0, 3, 4), (1.0, 30, 40), (0.1, 300, 400), (5.623, 5, 7)])
def test_late_blocks_end_in_the_last_part_of_the_equal_time(length, first, end):
    """Block k ends at (k + 1) lengths, counted from 0."""
    assert control05.blocks_in_time(length) == (first, end)
    assert first * length <= 30 + 1e-9 < (first + 1) * length
    assert end * length <= 40 + 1e-9 < (end + 1) * length


def test_specialization_does_not_ask_which_path_is_whose():
    own = np.array([[1.0, -0.2], [0.0, 0.8]])
    assert pair_specialization(own) == pytest.approx(1.0)
    assert pair_specialization(own[::-1]) == pytest.approx(1.0)


def test_values_are_those_of_the_store(data, stores):
    """Of the length 1 they are of the blocks 31 to 40, and after 20 blocks of the last four."""
    stored = stores("control5")["control5-fig2"].dataset().sel(relative_length=1.0, regime="flexible").isel(seed=1)
    given = data("control5").sel(setting="Figure 2", length=1.0, regime="flexible").isel(seed=1)
    for name in ("time_to_criterion", "gate_speed"):
        late, last = stored[name].values[30:40].mean(), stored[name].values[16:20].mean()
        np.testing.assert_allclose(given[name].sel(equal=["time", "blocks"]), [late, last], rtol=1e-6)
    apart = pair_specialization(stored.alignment.transpose("step", "task", "path").values)
    np.testing.assert_allclose(given.specialization.sel(equal=["time", "blocks"]), apart[[40, 20]], rtol=1e-6)
    assert float(given.onset) == np.argmax(apart >= 0.5)


def test_long_and_short_blocks_are_told_apart():
    values = xarray.DataArray(np.arange(9.0)[None], {"length": list(relative_lengths())}, ("seed", "length"))
    np.testing.assert_allclose(control05.long_and_short(values), [[7.0, 1.0]])


def test_exponent_of_a_power():
    lengths = np.array(relative_lengths())
    assert exponent(lengths, 3 * lengths**-1.5) == pytest.approx(-1.5)
