"""Runs share compilations and lanes, and notice nothing of each other."""

import functools

import equinox as eqx
import jax
import numpy as np
import pytest

import gatednet
from gatednet import (
    Blocked,
    Experiment,
    GatedLinear,
    Gaussian,
    Optax,
    Options,
    Save,
    SettingError,
    simulate,
    with_values,
)
from gatednet.dimensions import dimensions
from gatednet.engine.programs import compiled
from tests.gatednet.tools import SMALL, run_many

pytestmark = pytest.mark.optimized

SAVE = Save(("loss", "weights", "loss_every_step"), every=8)
KINDS = {
    "reduced": with_values(SMALL, {"network": GatedLinear(paths=2, inputs=6, outputs=2)}),
    "population": with_values(SMALL, {"network.gates": "neuron"}),
    "gaussian": with_values(SMALL, {"inputs": Gaussian(batch=8)}),
}


def assert_equal_runs(some: dict[str, np.ndarray], others: dict[str, np.ndarray]) -> None:
    """Bit for bit the same, up to blocks that are there for the sake of other runs."""
    assert some.keys() == others.keys()
    for name, values, other in ((name, some[name], others[name]) for name in sorted(some)):
        blocks = min(values.shape[1], other.shape[1]) if dimensions(name)[:1] == ("block",) else None
        if blocks is not None:
            assert np.all(np.isnan(values[:, blocks:]))
            assert np.all(np.isnan(other[:, blocks:]))
        shared = np.s_[:, :blocks] if blocks is not None else np.s_[:]
        np.testing.assert_array_equal(values[shared], other[shared], err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_alone_is_the_same_as_among_others(kind: str) -> None:
    experiment = KINDS[kind]
    random = np.random.default_rng(0)
    runs = 150  # more than a lane of any kind
    values = {
        "timescales.gates": random.uniform(0.03, 0.1, runs),
        "objective.norm": random.uniform(0, 1, runs),
        "curriculum.block_length": random.choice([0.05, 0.1, 0.13], runs),
        "initial.weight_scale": random.choice([0.1, 0.2], runs),
    }
    seeds = random.integers(0, 2**32, runs)
    together = run_many(experiment, SAVE, values, seeds)
    for run in (0, 77, 149):
        chosen = {path: each[run : run + 1] for path, each in values.items()}
        alone = run_many(experiment, SAVE, chosen, seeds[run : run + 1])
        assert_equal_runs({name: each[run : run + 1] for name, each in together.items()}, alone)


def test_floats_and_words_never_compile_again() -> None:
    traced = eqx.debug.assert_max_traces(gatednet.run_batch, max_traces=1)
    function = jax.jit(traced, static_argnums=0)
    for changes in (
        {},
        {"timescales.gates": 0.1, "timescales.weights": 0.3},
        {"objective.norm": 0.0, "objective.nonnegativity": 0.0, "objective.weight_cost": 0.1},
        {"teachers.correlation": 0.5, "initial.weight_scale": 0.2, "initial.gates": 0.1},
        {"dt": 0.02},
        {"objective.reduction": "mean", "teachers.scale": "unit"},
        {"curriculum.block_length": 0.3},
        {"rule.gates_options.b1": 0.5},
    ):
        experiment = with_values(SMALL, {"rule": Optax("sgd", "adam", gates_options=Options(b1=0.9))})
        experiment = with_values(experiment, changes)
        packing = gatednet.pack(experiment, {}, np.arange(2), np.zeros(2, int), 4)
        recipe = gatednet.recipe(experiment, Save(("loss",), 20), packing.batch.traced)
        function(recipe, packing.batch)
    assert eqx.debug.get_num_traces(traced) == 1


def test_words_of_one_batch_equal_those_of_separate_runs() -> None:
    words = {"teachers.scale": ["input", "unit", "unit"], "objective.reduction": ["sum", "mean", "sum"]}
    together = run_many(SMALL, SAVE, words, (7,))
    for run in range(3):
        experiment = with_values(SMALL, {path: each[run] for path, each in words.items()})
        alone = run_many(experiment, SAVE, {}, (7,))
        assert_equal_runs({name: each[run : run + 1] for name, each in together.items()}, alone)


def test_block_lengths_of_one_batch_equal_those_of_separate_runs() -> None:
    lengths = [0.07, 0.1, 3.0]
    save = Save(("loss", "block_loss", "loss_after_switch"), every=8)
    together = run_many(SMALL, save, {"curriculum.block_length": lengths}, (3,))
    for run, length in enumerate(lengths):
        alone = run_many(with_values(SMALL, {"curriculum.block_length": length}), save, seeds=(3,))
        assert_equal_runs({name: values[run : run + 1] for name, values in together.items()}, alone)
    reached = np.sum(np.isfinite(together["block_loss"]), axis=1)
    np.testing.assert_array_equal(reached, [6, 4, 1])


@functools.cache
def diverging() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Three runs of which the middle one diverges, and the other two without it."""
    experiment = with_values(SMALL, {"steps": 200})
    save = Save(("loss", "gates", "matching", "block_loss", "specialization", "loss_every_step"), every=1)
    values = {"timescales.gates": [0.05, 0.004, 0.06], "initial.gates": [0.5, 5.0, 0.5]}
    other = {path: [each[0], each[2]] for path, each in values.items()}
    return run_many(experiment, save, values, (1, 2, 3)), run_many(experiment, save, other, (1, 3))


def test_a_run_that_diverges_is_marked() -> None:
    runs, _ = diverging()
    assert runs["result"].tolist() == [0, 1, 0]
    steps = runs["result_step"]
    assert steps[0] == steps[2] == 200
    assert 0 < steps[1] < 200
    finite = steps[1]
    # Numbers up to the last finite state, and none from there on.
    assert np.all(np.isfinite(runs["gates"][1, : finite + 1]))
    assert np.all(np.isnan(runs["gates"][1, finite + 1 :]))
    assert np.all(np.isnan(runs["loss"][1, finite + 1 :]))
    assert np.all(runs["matching"][1, finite + 1 :] == -1)
    assert np.isnan(runs["specialization"][1])
    whole_blocks = (finite + 1) // 10
    assert np.all(np.isnan(runs["block_loss"][1, whole_blocks:]))
    assert np.all(np.isnan(runs["loss_every_step"][1, finite + 2 :]))


def test_neighbours_do_not_notice() -> None:
    with_it, without = diverging()
    assert_equal_runs({name: values[[0, 2]] for name, values in with_it.items()}, without)


def test_padding_changes_nothing() -> None:
    save = Save(("loss", "gates"), every=20)
    seeds, streams = np.array([5, 6, 6]), np.zeros(3, int)
    packings = [
        gatednet.pack(SMALL, {}, seeds, streams, width=2),
        gatednet.pack(SMALL, {}, seeds, streams, width=2, lanes=4, draws=65),
    ]
    assert packings[0].batch.start.shape == (2, 2)
    assert packings[1].batch.start.shape == (4, 2)
    assert packings[0].batch.draws.seeds.shape == (8, 8)
    assert packings[0].batch.draws.seeds[0].tolist() == [5, 6, *[5] * 6]  # runs of one seed share a draw
    assert packings[1].batch.draws.seeds.shape == (9, 8)
    assert [(int(each.batch.lanes), int(each.batch.draws.groups)) for each in packings] == [(2, 1), (2, 1)]
    recipe = gatednet.recipe(SMALL, save, packings[0].batch.traced)
    some, others = (gatednet.unpack(compiled(recipe, each.batch)(each.batch), each.place) for each in packings)
    assert_equal_runs(some, others)
    np.testing.assert_array_equal(some["loss"][1], some["loss"][2])


def test_streams_differ() -> None:
    packing = gatednet.pack(SMALL, {}, np.array([5, 5]), np.array([0, 1]), width=2)
    assert packing.batch.draws.seeds.ravel()[:2].tolist() == [5, 5]
    assert packing.batch.draws.streams.ravel()[:2].tolist() == [0, 1]
    assert packing.batch.start[0].tolist() == [0, 1]


def test_saves_that_do_not_divide_a_run_are_refused() -> None:
    with pytest.raises(SettingError, match=r"^saves every 3 steps do not divide a run of 40 steps$"):
        simulate(SMALL, Save(("loss",), 3))


@pytest.mark.parametrize("order", [(), (1,), (1, 0, 0)])
def test_blocks_follow_their_order(order: tuple[int, ...]) -> None:
    experiment: Experiment = with_values(SMALL, {"curriculum": Blocked(block_length=0.07, order=order)})
    saved = simulate(experiment, Save(("loss", "effective_map", "teachers"), 1), precision="float64")
    error = saved.effective_map - saved.teachers
    losses = 0.5 * (error**2).sum(("output", "input")).transpose("step", "task").values
    # The last save is seen with the task of the last step.
    step = np.minimum(np.arange(41), 39)
    task = np.array(order or (0, 1))[step // 7 % len(order or (0, 1))]
    np.testing.assert_allclose(saved.loss, losses[np.arange(41), task], rtol=1e-12)
