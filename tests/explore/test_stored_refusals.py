"""Stores that a page refuses."""

import pytest

from gatednet import Save
from gatednet.explore.stored import Stored
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.sweep import Sweep
from tests.explore.stores import GATES, LENGTHS, refused, run
from tests.explore.tools import short
from tests.sweeps.tools import small


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    folder = tmp_path / "none"
    assert refused(lambda: Stored(folder)) == f"{folder} does not exist, allowed is the folder of a store"


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    assert refused(lambda: Stored(tmp_path)) == f"{tmp_path} is no store of gatednet, and is left as it is"


def test_an_unfinished_store_is_refused(tmp_path):
    folder = tmp_path / "store"
    Store.create(folder, Sweep(short(), (GATES, LENGTHS), Save(("loss",), 300)))
    assert refused(lambda: Stored(folder)) == f"{folder} is not finished; gatednet sweep continues it"


@pytest.mark.parametrize(
    ("axes", "number"),
    [
        ((GATES, Axis.seeds(2)), 1),
        # Words, and an axis of a single value, are no side of a diagram.
        ((Axis("reduction", "objective.reduction", ("sum", "mean")), Axis("length", LENGTHS.path, (0.02,))), 0),
    ],
)
@pytest.mark.usefixtures("numbered")
def test_a_store_with_too_few_axes_of_numbers_is_refused(tmp_path, axes, number):
    folder = run(tmp_path / "store", axes, Save(("loss",), 40), small()).folder
    assert refused(lambda: Stored(folder)) == f"{folder} has {number} axes of numbers, allowed are two or more"


@pytest.mark.usefixtures("numbered")
def test_a_store_without_a_number_for_each_run_is_refused(tmp_path):
    axes = (Axis("speed", "timescales.gates", (0.1, 0.2)), Axis("length", "curriculum.block_length", (0.01, 0.02)))
    folder = run(tmp_path / "store", axes, Save(("gates",), 40), small()).folder
    assert refused(lambda: Stored(folder)) == f"{folder} has no scalar observable, which a diagram needs"
