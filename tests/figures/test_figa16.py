import numpy as np
import pytest

from gatednet.figures import figa16_single_samples as figa16
from gatednet.figures.toolkit import equivalent


def test_values_are_taken_from_each_block(data):
    given = data("figa16")
    steps = np.arange(given.sizes["step"])[None]
    blocks = np.arange(20)
    np.testing.assert_array_equal(figa16.blocks(steps, given, 0)[0], 33 * blocks)
    np.testing.assert_array_equal(figa16.blocks(steps, given, 10)[0], 33 * blocks + 10)
    np.testing.assert_array_equal(figa16.blocks(steps, given, 32)[0], 33 * blocks + 32)


@pytest.mark.parametrize("model", equivalent.MODELS)
def test_paths_of_both_models_are_in_the_order_of_the_tasks(model, data):
    """In its last blocks a task has its own gate open, and its own path holds it."""
    of_model = equivalent.one(data("figa16"), model)
    for task, step in ((0, 33 * 19 - 1), (1, 33 * 20 - 1)):
        assert (of_model.gates.isel(step=step, path=task) > of_model.gates.isel(step=step, path=1 - task)).all()
        held = of_model.magnitude.isel(step=step, task=task)
        assert (held.isel(path=task) > held.isel(path=1 - task)).all()
