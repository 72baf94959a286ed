"""A curriculum of a user's own whose blocks differ in length, against blocks of one length with the same targets."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import Blocked, Save, simulate, with_values
from gatednet.curricula.base import Schedule
from gatednet.figures.toolkit.describe import targets_by_block
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.sweep import Sweep
from tests.gatednet.tools import SMALL


class Uneven(Blocked):
    """Every second block is twice as long."""

    def draw(self, schedule, key, blocks):
        lengths = (1 + jnp.arange(blocks) % 2)[:, None] * jnp.broadcast_to(schedule.block_steps, key.shape[-1:])
        return Schedule(schedule.block_steps, schedule.release, jnp.cumsum(lengths, axis=0) - lengths)


BLOCK = 10
LENGTH = BLOCK * SMALL.dt
UNEVEN = with_values(SMALL, {"curriculum": Uneven(LENGTH), "steps": 60})
# The same targets at the same steps.
EVEN = with_values(UNEVEN, {"curriculum": Blocked(LENGTH, order=(0, 1, 1))})
SEEDS = (0, 3)


def test_targets_change_where_blocks_start():
    save = Save(("loss_every_step", "gates"), BLOCK)
    found, expected = (simulate(each, save, SEEDS, precision="float64") for each in (UNEVEN, EVEN))
    for name in save.observables:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


@pytest.mark.optimized
@pytest.mark.parametrize("saved", [("loss",), ("loss", "block_loss")])
def test_a_sweep_knows_the_blocks_whatever_is_saved(saved, tmp_path):
    axes = (Axis("length", "curriculum.block_length", (LENGTH, 0.5 * LENGTH)), Axis.seeds(SEEDS))
    store = run_sweep(Sweep(UNEVEN, axes, Save(saved, BLOCK)), tmp_path / "store").dataset()
    for length in store.length.values:
        run = simulate(with_values(UNEVEN, {"curriculum.block_length": float(length)}), Save(saved, BLOCK), SEEDS)
        np.testing.assert_array_equal(store.loss.sel(length=length), run.loss)
    assert store.block_steps.attrs["long_name"] == "least length of a block, as realised"
    assert store.block_steps.values.tolist() == [BLOCK, BLOCK // 2]


def test_results_of_blocks_are_those_of_their_steps():
    run = simulate(UNEVEN, Save(("loss_every_step", "block_loss", "block_distance"), BLOCK), SEEDS, precision="float64")
    losses = np.split(run.loss_every_step.values, [10, 30, 40], axis=1)
    expected = np.stack([each.mean(axis=1) for each in losses], axis=1)
    np.testing.assert_allclose(run.block_loss[:, :4], expected, rtol=1e-12)
    # No run begins as many blocks as would fit if all were short.
    assert np.isnan(run.block_loss[:, 4:]).all()
    assert run.sizes["block"] == 6
    # What it was one block before is not defined.
    assert np.isnan(run.block_distance).all()


def test_nothing_is_said_of_blocks_that_are_not_known():
    assert UNEVEN.curriculum.varies
    assert not EVEN.curriculum.varies
    assert targets_by_block(UNEVEN) == []
    assert targets_by_block(EVEN) == [0, 1, 1, 0, 1, 1]
    assert UNEVEN.curriculum.summary() == f"Uneven with block_length = {LENGTH:g}, order = ()"
