import numpy as np
import pytest

from gatednet import SettingError
from gatednet.sweeps.axes import Axis


def test_the_coordinates_of_an_axis_are_its_values_or_its_labels():
    assert Axis("gates", "timescales.gates", (0.1, 0.2)).coordinates == (0.1, 0.2)
    zipped = Axis("regime", ("timescales.gates", "objective.norm"), ((0.1, 1.0), (0.2, 0.0)), ("fast", "slow"))
    assert zipped.coordinates == ("fast", "slow")
    assert zipped.at(1) == {"timescales.gates": 0.2, "objective.norm": 0.0}
    assert zipped.column("objective.norm") == (1.0, 0.0)


def test_numbers_of_numpy_become_those_of_python():
    axis = Axis("gates", "timescales.gates", np.linspace(0.1, 0.3, 3))
    assert all(type(value) is float for value in axis.values)
    assert hash(axis) == hash(Axis("gates", "timescales.gates", tuple(np.linspace(0.1, 0.3, 3))))


def test_seeds_are_counted_from_zero_or_given():
    assert Axis.seeds(3).values == (0, 1, 2)
    assert Axis.seeds([7, 5]).values == (7, 5)


def test_ranges_end_where_they_are_told_to():
    assert Axis.linspace("gates", "timescales.gates", 0.1, 0.7, 4).values[-1] == 0.7
    geometric = Axis.geomspace("gates", "timescales.gates", 0.01, 1.0, 9).values
    assert (geometric[0], geometric[-1], len(geometric)) == (0.01, 1.0, 9)
    np.testing.assert_allclose(np.diff(np.log(geometric)), np.log(100) / 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gates", "p", ()), "axis 'gates' is empty, allowed is one value or more"),
        (("", "p", (1,)), "axis name is '', allowed are up to 100 letters"),
        (("a/b", "p", (1,)), "axis name is 'a/b', allowed are up to 100 letters"),
        (("gates", (), ((),)), r"axis 'gates' has the path \(\), allowed is a dotted path or several"),
        (("gates", "p", 3), "axis 'gates' has the values 3, allowed is a list"),
        (("gates", "p", "abc"), "axis 'gates' has the values 'abc', allowed is a list"),
        (("gates", "p", (float("nan"),)), "axis 'gates' has the value nan, allowed are finite numbers"),
        (("gates", "p", (float("inf"),)), "axis 'gates' has the value inf, allowed are finite numbers"),
        (("gates", "p", ((1,),)), "allowed are numbers, strings and truth values"),
        (("gates", "p", (0.1, 0.1)), "axis 'gates' has 0.1 twice"),
        (("gates", "p", (0.1, "a")), "axis 'gates' mixes kinds of values"),
        (("gates", ("p", "q"), ((1, 2),)), "axis 'gates' has several paths and no labels"),
        (("gates", ("p", "q"), ((1,),), ("a",)), "allowed are lists with an entry for each path, 2"),
        (("gates", ("p", "q"), ((1, 2),), ("a", "b")), "axis 'gates' has 1 values and 2 labels"),
        (("gates", "p", (1, 2), ("a", "a")), "axis 'gates' has 'a' twice"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(SettingError, match=message):
        Axis(*arguments)


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        (0, "axis 'seed' has 0 seeds, allowed is one or more"),
        (-3, "axis 'seed' has -3 seeds"),
        ([], "axis 'seed' is empty"),
        ([-1], "axis 'seed': seed is -1, allowed are whole numbers from 0 to 4294967295"),
        ([0.5], "axis 'seed': seed is 0.5"),
        ([2**32], "axis 'seed': seed is 4294967296"),
        (["a"], "axis 'seed': seed is 'a'"),
        ([1, 1], "axis 'seed' has 1 twice"),
        (True, "axis 'seed' has the values True, allowed is a list"),
        (2.5, "axis 'seed' has the values 2.5, allowed is a list"),
    ],
)
def test_refusals_of_seeds(seeds, message):
    with pytest.raises(SettingError, match=message):
        Axis.seeds(seeds)


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (Axis.geomspace, (0.0, 1.0, 3), "geomspace from 0.0 to 1.0, allowed are ends above 0"),
        (Axis.geomspace, (-1.0, 1.0, 3), "allowed are ends above 0"),
        (Axis.linspace, (0.0, float("nan"), 3), "linspace ends at nan, allowed are finite numbers"),
        (Axis.linspace, ("a", 1.0, 3), "linspace ends at 'a'"),
        (Axis.linspace, (0.0, 1.0, 0), "linspace has 0 values, allowed is a whole number, at least 1"),
        (Axis.linspace, (0.0, 1.0, 2.0), r"linspace has 2\.0 values"),
    ],
)
def test_refusals_of_ranges(kind, arguments, message):
    with pytest.raises(SettingError, match=message):
        kind("gates", "timescales.gates", *arguments)
