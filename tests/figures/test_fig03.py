import numpy as np
import pytest

from gatednet import Phase, Phases, Sum, Task, with_values
from gatednet.figures import fig03_composition as fig03
from gatednet.sweeps.catalog import experiment


def test_composed_tasks_are_of_the_teachers(data):
    given = data("fig3")
    first, second, third = given.teachers.values
    sums = given.composed.sel(composition="sums").values
    for found, expected in zip(sums, [first + third, first + second, second + third], strict=True):
        np.testing.assert_allclose(found, expected / 2)
    rows = given.composed.sel(composition="rows").values
    for found, even, odd in zip(rows, [third, first, second], [first, second, third], strict=True):
        np.testing.assert_array_equal(found[::2], even[::2])
        np.testing.assert_array_equal(found[1::2], odd[1::2])


def test_loss_jumps_at_time_zero(data):
    for name in fig03.COMPOSITIONS:
        loss = data("fig3")[f"loss_{name}"].sel(statistic="mean")
        jump = loss.diff(f"time_{name}").idxmax(f"time_{name}")
        np.testing.assert_allclose(jump, 0, atol=1e-9)


def test_teachers_are_named_in_the_order_of_their_rows():
    assert fig03.parts(np.array([[0.0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 1, 0]])) == ["C", "A"]
    assert fig03.parts(np.full((2, 4), 0.5)) == ["A", "B"]


def test_weights_are_colours_between_white_and_that_of_the_task():
    colours = fig03.coloured(np.array([[0.0, 1.0, 0.5]]))
    np.testing.assert_array_equal(colours[0, 0], 1)
    np.testing.assert_allclose(colours[2, 0], (colours[0, 0] + colours[1, 0]) / 2)


@pytest.mark.parametrize("blocks", [1, 4])
def test_switch_is_at_the_first_composed_task(blocks):
    phases = (Phase((Task(0), Task(1)), blocks), Phase((Sum((0, 1)),)))
    changed = with_values(experiment("fig3-sums"), {"curriculum": Phases(block_length=0.5, phases=phases)})
    assert fig03.switch_of(changed) == blocks * 500
    assert fig03.composed_targets(changed) == [Sum((0, 1))]


def test_regimes_the_other_way_round_lose_the_claims(data):
    swapped = data("fig3").assign_coords(regime=data("fig3").regime.values[::-1])
    lost = [claim.sentence for claim in fig03.claims(swapped) if claim.verdict == "fails"]
    assert sum("below a tenth" in sentence for sentence in lost) == 2
