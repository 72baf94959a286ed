import numpy as np
import pytest
import xarray

from gatednet.figures import figa02_gate_speed as figa02


def test_points_are_those_of_the_store(data, stores):
    """Rank and convention are read off the singular values that were swept."""
    given, stored = data("figa2"), stores("figa2")["figa2"].dataset()
    for strength, (convention, rank) in {8.0: ("unit", 8), round(8 / 30, 12): ("as released", 8)}.items():
        speed = stored.gate_speed.sel(strength=strength).isel(block=slice(-10, None)).mean("block")
        np.testing.assert_allclose(given.speed.sel(convention=convention, rank=rank), speed, rtol=1e-6)


def test_specialized_paths_have_the_squares_of_one_teacher(data):
    given = data("figa2").sel(convention="unit", rank=2)
    np.testing.assert_allclose(given.strength, 2, atol=0.05)
    np.testing.assert_allclose(given.speed, 2, atol=0.05)


def test_deviation_is_that_of_the_rank_that_is_farthest_off():
    speed = np.array([[1.0, 3.0], [1.2, 3.0]])
    runs = xarray.Dataset(
        {"speed": (("seed", "rank"), speed), "strength": (("seed", "rank"), np.array([[1.0, 4.0]] * 2))}
    )
    assert figa02.deviation(runs).value == pytest.approx(0.25)


def test_largest_slope_is_over_two_steps_and_all_gates():
    gates = np.array([[[0.0, 1.0, 4.0, 4.0], [0.0, 0.0, -1.0, -5.0]]])
    # Over two steps 2 and 1.5 of the first gate, .5 and 2.5 of the second one, and at its end 4 over one.
    assert figa02.largest_slope(gates, 0.5) == pytest.approx(8.0)
    assert figa02.largest_slope(gates[..., :3], 0.5) == pytest.approx(6.0)


def test_speeds_of_batches_are_those_of_the_whole_run(data, stores):
    stored = stores("figa2")["figa2-batches"].dataset().sel(rank=8).isel(seed=1)
    given = data("figa2").sel(rank=8).isel(batch_seed=1)
    slopes = [np.abs(np.gradient(stored.gates.isel(path=path).values, 1e-3)).max() for path in range(2)]
    assert float(given.batch_speed) == pytest.approx(0.1 * max(slopes), rel=1e-3)
    end = stored.isel(step=-1)
    assert float(given.batch_strength) == pytest.approx(float(end.path_norm[int(end.gates.values.argmax())]) ** 2)


def test_published_points_are_no_run_of_ours_where_ours_are_elsewhere():
    ranks = list(figa02.PUBLISHED)
    published = np.array(list(figa02.PUBLISHED.values()))
    spread = np.array([-0.01, 0.0, 0.01])[:, None]
    for place in range(2):
        assert figa02.points_outside(published[:, place] + spread, ranks, place).value == 0
        assert figa02.points_outside(published[:, place] + 1 + spread, ranks, place).value == len(ranks)


def test_ratios_are_outside_where_both_coordinates_are_not():
    ranks = list(figa02.PUBLISHED)
    published = np.array([speed / strength for strength, speed in figa02.PUBLISHED.values()])
    spread = np.array([-0.001, 0.0, 0.001])[:, None]
    assert figa02.ratios_outside(published + spread, ranks).value == 0
    assert figa02.ratios_outside(published + 0.2 + spread, ranks).value == len(ranks)
