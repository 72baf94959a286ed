import numpy as np
import pytest

from gatednet.figures.toolkit import equivalent


def test_losses_are_taken_from_each_block(data, stores):
    given = data("figa16")
    loss = stores("figa16")["figa16"].dataset().loss.transpose("seed", "step").values
    for name, after in (("at_switch", 0), ("after_few", 10), ("at_end", 32)):
        kept = given[f"loss_{name}"].transpose("seed", "block").values
        np.testing.assert_array_equal(kept, loss[:, 33 * np.arange(20) + after])


@pytest.mark.parametrize("model", equivalent.MODELS)
def test_paths_of_both_models_are_in_the_order_of_the_tasks(model, data):
    """In its last blocks a task has its own gate open, and its own path holds it."""
    of_model = equivalent.one(data("figa16"), model)
    if model == "full":
        of_model = of_model.sel(statistic="mean")
    for task, step in ((0, 33 * 19 - 1), (1, 33 * 20 - 1)):
        assert (of_model.gates.isel(step=step, path=task) > of_model.gates.isel(step=step, path=1 - task)).all()
        held = of_model.magnitude.isel(step=step, task=task)
        assert (held.isel(path=task) > held.isel(path=1 - task)).all()
