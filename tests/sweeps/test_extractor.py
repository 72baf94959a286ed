"""Training of the network behind features."""

import dataclasses
import io

import jax
import numpy as np
import pytest

from gatednet.engine.kept import Kept
from gatednet.sweeps.images import extractor
from gatednet.sweeps.images.datasets import Images
from gatednet.sweeps.images.extractor import Training, _batches, activations, architecture_for, train, training_for
from gatednet.sweeps.progress import Lines, Silent

SHORT = Training(steps=30, batch=32)


def leaves(network):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(network)]


def test_a_seed_is_a_network(digits):
    first, again, other = (train(digits, seed, training=SHORT) for seed in (3, 3, 4))
    assert all(np.array_equal(one, two) for one, two in zip(leaves(first), leaves(again), strict=True))
    assert not any(np.array_equal(one, two) for one, two in zip(leaves(first), leaves(other), strict=True))
    assert {leaf.dtype for leaf in leaves(first)} == {np.dtype(np.float32)}


def test_networks_of_other_seeds_share_a_program_and_no_others(digits, monkeypatch):
    made = []

    def compiled(function, *_):
        """Compilation takes seconds: a step leaves a network as it is, and features are all zero."""
        made.append(function)
        return lambda state, data, *batches: state if batches else (np.zeros(1), np.zeros(1))

    monkeypatch.setattr(extractor, "_programs", Kept(20))
    monkeypatch.setattr(extractor, "_compiled", compiled)
    first, other = (train(digits, seed, training=SHORT) for seed in (0, 1))
    assert len(made) == 1
    for different in (
        {"training": dataclasses.replace(SHORT, rate=0.1)},
        {"training": dataclasses.replace(SHORT, batch=31)},
        {"training": SHORT, "architecture": architecture_for(digits, 10)},
    ):
        train(digits, 0, **different)
    assert len(made) == 4
    activations(first, digits.test)
    activations(other, digits.test)
    assert len(made) == 5
    activations(first, digits.test[:3])
    assert len(made) == 6
    with jax.default_device(jax.devices()[1]):
        activations(first, digits.test)
    assert len(made) == 7


def test_features_are_computed_where_the_network_is(digits):
    network = train(digits, 0, training=SHORT)
    moved = jax.device_put(network, jax.devices()[1])
    for here, there in zip(activations(network, digits.test), activations(moved, digits.test), strict=True):
        np.testing.assert_array_equal(here, there)


def test_double_precision_around_it_changes_nothing(digits, monkeypatch):
    alone = train(digits, 0, training=SHORT)
    # What is compiled again has the same bits.
    monkeypatch.setattr(extractor, "_programs", Kept(8))
    with jax.enable_x64(True):
        within = train(digits, 0, training=SHORT)
        found = activations(within, digits.test)[0]
    assert all(np.array_equal(one, two) for one, two in zip(leaves(alone), leaves(within), strict=True))
    assert found.dtype == np.float32


def test_each_image_comes_once_in_an_epoch():
    batches = np.concatenate(list(_batches(10, Training(steps=14, batch=5), seed=0)))
    assert batches.shape == (14, 5)
    epochs = batches.reshape(7, 10)
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 7


def test_few_images_still_fill_a_batch(digits):
    few = Images("few", digits.train[:5], digits.train_labels[:5], digits.test[:2], digits.test_labels[:2])
    found, _ = activations(train(few, training=SHORT), few.test)
    assert found.shape == (2, 64)
    assert np.all(np.isfinite(found))


def test_recipes_are_those_of_the_paper_where_there_are_many_images(digits):
    many = Images("many", *(np.zeros((60_000, *shape), np.uint8) for shape in ((28, 28), (), (28, 28), ())))
    assert dataclasses.astuple(training_for(many)) == (3000, 512, 1e-3, 1e-4)
    architecture = architecture_for(many, 10, 64)
    assert (architecture.kernel, architecture.pooled) == (4, 1728)
    assert (architecture.relu_hidden, architecture.features) == (64, 10)
    assert (training_for(digits).batch, architecture_for(digits).kernel) == (128, 3)


def test_the_progress_hears_of_every_step(digits):
    stream = io.StringIO()
    # A program of its own, so that it is compiled now.
    train(digits, training=Training(steps=15, batch=32), progress=Lines("digits", stream, counted="steps"))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "digits: 0 of 15 steps"
    assert lines[-1].startswith("digits: 15 of 15 steps · ")
    assert "compiled in" in lines[-1]


def test_the_progress_ends_when_a_training_is_interrupted(digits):
    told = []

    class Stopping(Silent):
        def stored(self, runs, steps):
            raise KeyboardInterrupt

        def end(self):
            told.append("end")

    with pytest.raises(KeyboardInterrupt):
        train(digits, training=SHORT, progress=Stopping())
    assert told == ["end"]
