import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xarray import DataArray

from gatednet.figures.toolkit.statistics import (
    as_in_file,
    averaged,
    exact,
    mean_and_error,
    measure,
    over_batches,
    over_seeds,
)


@given(hnp.arrays(np.float64, st.tuples(st.integers(2, 12), st.integers(1, 4)), elements=st.floats(-1e3, 1e3)))
def test_error_of_the_mean_is_that_of_scipy(values):
    mean, error = mean_and_error(values)
    np.testing.assert_allclose(mean, values.mean(axis=0))
    np.testing.assert_allclose(error, scipy.stats.sem(values, axis=0, ddof=1), atol=1e-9)


def test_error_of_the_mean_falls_with_the_root_of_the_number():
    values = np.random.default_rng(0).normal(size=(40_000, 1))
    _, few = mean_and_error(values[:400])
    _, many = mean_and_error(values)
    assert few[0] / many[0] == pytest.approx(10, rel=0.1)


def test_error_of_one_run_is_not_known():
    _, error = mean_and_error(np.ones((1, 3)))
    assert np.isnan(error).all()
    assert over_seeds(np.ones((1, 3))).standard_error == np.inf


def test_bootstrap_agrees_with_the_formula_for_means():
    values = np.random.default_rng(1).normal(3, 2, size=200)
    measured = over_seeds(values)
    assert (measured.value, measured.runs) == (pytest.approx(values.mean()), 200)
    assert measured.standard_error == pytest.approx(scipy.stats.sem(values), rel=0.1)


def test_bootstrap_draws_runs_and_not_numbers():
    # All numbers of a run agree, so that there are ten independent ones and not a thousand.
    runs = np.random.default_rng(2).normal(size=(10, 1)).repeat(100, axis=1)
    assert over_seeds(runs).standard_error == pytest.approx(over_seeds(runs[:, 0]).standard_error)


def test_bootstrap_is_the_same_every_time():
    values = np.random.default_rng(3).normal(size=10)
    assert over_seeds(values, np.median) == over_seeds(values.copy(), np.median)


def test_runs_that_agree_have_no_error():
    assert over_seeds(np.full(10, 0.3)).standard_error == pytest.approx(0, abs=1e-15)
    assert over_seeds(np.full(10, 0.25)).standard_error == 0
    assert exact(0.3).standard_error == 0


def test_all_but_seeds_is_averaged_first():
    values = np.random.default_rng(4).normal(size=(3, 8, 2))
    measured = measure(DataArray(values, dims=("block", "seed", "path")), np.median)
    assert measured == over_seeds(values.mean(axis=(0, 2)), np.median)


def test_lost_run_shows():
    measured = over_seeds(np.array([1.0, np.nan, 1.0]))
    assert np.isnan(measured.value)
    assert measured.standard_error == np.inf


def test_averages_are_kept_along_statistic():
    values = np.random.default_rng(5).normal(size=(4, 9, 3)).astype(np.float32)
    given = DataArray(
        values, {"step": np.arange(4), "seed": np.arange(9)}, ("step", "seed", "path"), attrs={"units": "1"}
    )
    found = averaged(given)
    assert (found.dims, found.dtype, found.attrs) == (("statistic", "step", "path"), np.float32, {"units": "1"})
    assert set(found.coords) == {"statistic", "step"}
    mean, error = found.sel(statistic="mean"), found.sel(statistic="standard error")
    np.testing.assert_array_equal(mean, values.astype(np.float64).mean(axis=1).astype(np.float32))
    np.testing.assert_allclose(error, scipy.stats.sem(values.astype(np.float64), axis=1, ddof=1), rtol=2**-23)
    assert averaged(found) is found


def test_averages_do_not_depend_on_the_order_in_memory():
    values = DataArray(np.random.default_rng(6).normal(size=(50, 4, 3)), dims=("seed", "step", "path"))
    turned = values.transpose("path", "step", "seed").copy(data=np.ascontiguousarray(values.values.T))
    np.testing.assert_array_equal(averaged(turned.transpose("seed", "step", "path")), averaged(values))


def test_data_are_in_memory_as_in_a_file():
    turned = DataArray(np.asfortranarray(np.arange(12.0).reshape(3, 4)), dims=("seed", "step"), attrs={"units": "1"})
    # With a coordinate of which no variable has the dimension.
    given = turned.to_dataset(name="loss").assign_coords(share=("block", [0.5, 1.0])).assign_attrs(settings="a")
    found = as_in_file(given)
    assert not given.loss.values.flags.c_contiguous
    assert found.loss.values.flags.c_contiguous
    assert found.identical(given)


def test_error_of_batches_is_that_of_means_over_all_starts():
    rng = np.random.default_rng(3)
    starts, batches = 10.0 * np.arange(5), rng.standard_normal((40, 1))
    measured = over_batches((starts + batches).ravel(), 5)
    assert measured.runs == 40
    assert measured.value == pytest.approx(20 + batches.mean())
    assert measured.standard_error == pytest.approx(batches.std(ddof=1) / np.sqrt(40), rel=0.1)
    # What is not whole sets is left out, and a single set tells nothing of batches.
    assert over_batches(np.arange(9.0), 4).value == 3.5
    alone = over_batches(starts, 5)
    assert (alone.runs, alone.value) == (5, 20)
