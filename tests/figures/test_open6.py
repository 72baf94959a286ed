import numpy as np
import pytest

from gatednet import Blocked, with_values
from gatednet.experiment import paths
from gatednet.figures.toolkit import sensitivity
from gatednet.simulation import simulate
from gatednet.sweeps.catalog import open6 as catalog


@pytest.fixture(scope="module")
def sweeps():
    return catalog.differences()


def test_both_ends_differ_by_their_share(sweeps):
    for name, path in (("gates", "timescales.gates"), ("lengths", "curriculum.block_length")):
        less, more = (
            np.array(next(axis.column(path) for axis in sweeps[f"open6-{name}-{sign}"].axes if path in axis.paths))
            for sign in ("less", "more")
        )
        share = {"gates": catalog.SHARE, "lengths": catalog.SHARE_OF_LENGTHS}[name]
        np.testing.assert_allclose(more / less, (1 + share) / (1 - share))


def test_every_run_ends_with_a_block_of_the_second_task(sweeps):
    """And with as many blocks at both ends, but where their number is what differs."""
    numbers = {}
    for name, sweep in sweeps.items():
        blocks, rest = np.divmod(sweep.experiment.steps, sweep.block_steps)
        assert not rest.any(), name
        assert not (blocks % 2).any(), name
        numbers[name] = blocks
    np.testing.assert_array_equal(numbers["open6-lengths-less"], numbers["open6-settings-more"])
    np.testing.assert_allclose(numbers["open6-blocks-more"] / numbers["open6-blocks-less"], 7 / 5)


def test_one_setting_after_the_other_is_changed_and_overlap_by_what_is_not_shared():
    axis = catalog.settings(-1)
    unchanged, *rows = (np.array(each) for each in axis.values)
    assert axis.labels == ("unchanged", *catalog.SETTINGS)
    assert len(axis) <= 7
    for place, (name, row) in enumerate(zip(catalog.SETTINGS, rows, strict=True)):
        assert np.flatnonzero(row != unchanged).tolist() == [place], name
        expected = 0.5005 if name == "teachers.correlation" else 0.999 * unchanged[place]
        assert row[place] == pytest.approx(expected)


def test_the_slope_of_a_logarithm_is_one():
    ends = [np.log(3 * (1 + sign * 0.2)) for sign in (-1, 1)]
    assert sensitivity.slope(ends, 0.2) == pytest.approx(1.0)


def test_gradients_are_those_of_differences():
    """Of a run of two blocks, in double precision."""
    cell = with_values(catalog.base(), {"steps": 400, "curriculum": Blocked(block_length=0.2)})
    found, share = sensitivity.gradients(cell, np.array([0.8]), np.array([3, 5])), 1e-4
    assert found.shape == (len(sensitivity.TRACED), 1, 2)
    one = with_values(cell, {"timescales.gates": 0.08})
    for (of_setting,), path in zip(found, sensitivity.TRACED.values(), strict=True):
        ends = [
            simulate(
                with_values(one, {path: paths(one)[path] * (1 + sign * share)}),
                ("total_alignment",),
                [3, 5],
                every=400,
                precision="float64",
            ).total_alignment.isel(step=-1)
            for sign in (-1, 1)
        ]
        np.testing.assert_allclose(of_setting, sensitivity.slope(ends, share), rtol=1e-3, atol=1e-9)


def test_maps_and_claims_are_of_the_stored_differences(data, stores):
    found, made = data("open6"), stores("open6")
    less, more = (made[f"open6-gates-{sign}"].dataset().total_alignment.isel(step=-1) for sign in ("less", "more"))
    expected = ((more - less) / np.log(1.001 / 0.999)).mean("seed").transpose("relative_length", "ratio")
    np.testing.assert_allclose(found.sensitivity.sel(setting="gates"), expected, rtol=1e-5, atol=1e-7)
