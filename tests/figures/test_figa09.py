import numpy as np
import pytest

from gatednet.figures import figa09_block_length as figa09


@pytest.mark.parametrize(("time", "sign"), [(0.0, 1), (0.99, 1), (1.01, -1), (2.99, -1), (3.01, 1), (5.5, -1)])
def test_tasks_take_turns(time, sign):
    assert figa09.sign_at(time) == sign


def test_paths_come_apart_and_lean_to_the_task_on_show():
    paths = figa09.descent()
    assert (np.diff(paths[:, 0] - paths[:, 1], prepend=2 * figa09.APART) > 0).all()
    # The mean of both follows the task, by t / τ_w; more so, since the one ahead is pulled on harder.
    assert paths[0].mean() == pytest.approx(0.5 / figa09.WEIGHTS**2, rel=0.2)


def test_minimum_of_a_loss():
    along = np.linspace(-1, 1, 2001)
    place, depth = figa09.minimum(along, (along + 0.7) ** 2 - 3)
    assert (place, depth) == (pytest.approx(0.7), pytest.approx(-3))
