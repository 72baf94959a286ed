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
