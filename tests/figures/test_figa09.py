import numpy as np
import pytest

from gatednet.figures import figa09_block_length as figa09
from gatednet.figures.toolkit.panels import look
from gatednet.theory import block_length as theory


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


def test_first_order_loss_is_that_over_both_targets():
    along = np.linspace(-1, 1, 21)
    output = np.stack([0.5 + along, 0.5 - along])
    both = sum(((output - np.array(target)[:, None]) ** 2).sum(axis=0) for target in ((1, 0), (0, 1)))
    np.testing.assert_allclose(theory.first_order_loss(along), both - 1, atol=1e-12)


def test_brackets_reach_from_path_to_path_and_the_first_order_is_dotted():
    data = figa09.compute({})
    with look():
        *small, large, _ = figa09.draw(data).axes
    for axes, paths in zip(small, data.paths.values, strict=True):
        (bracket,) = [each for each in axes.texts if not each.get_text()]
        assert sorted((bracket.xy[0], bracket.xyann[0])) == pytest.approx(sorted(paths))
        assert [each.get_text() for each in axes.texts if each.get_text()] == ["w̄"]
    (dotted,) = [line for line in large.lines if line.get_label() == "first order"]
    assert dotted.get_linestyle() == ":"
    np.testing.assert_allclose(dotted.get_ydata(), 4 * data.along**2)
