"""Batches of features are what they are said to be: shuffled, with wrong labels, with unequal classes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from gatednet import (
    Examples,
    Features,
    Imbalanced,
    examples_of,
)
from gatednet.inputs.examples import Minibatch, in_pieces, largest_output
from tests.gatednet.labelled import (
    BATCH,
    EXAMPLES,
    SMALL,
    STEPS,
    WIDTH,
    batches,
    keys_of,
    shown,
    some_examples,
)


def test_every_example_is_shown_once_an_epoch() -> None:
    examples = some_examples(60, 5)
    places, _ = shown(Features(width=WIDTH, batch=12), examples, 15, keys_of(3))
    epochs = places.reshape(3, 5, 3, 12).transpose(0, 2, 1, 3).reshape(3, 3, 60)
    np.testing.assert_array_equal(np.sort(epochs, axis=-1), np.broadcast_to(np.arange(60), (3, 3, 60)))
    # In another order for every run and epoch.
    assert len(np.unique(epochs.reshape(9, 60), axis=0)) == 9


def test_a_rest_that_is_smaller_than_a_batch_is_left_out() -> None:
    places, _ = shown(SMALL.inputs, EXAMPLES, 200, keys_of(2))
    epochs = places.reshape(40, 5, 2, BATCH).transpose(0, 2, 1, 3).reshape(40, 2, 20)
    for epoch in epochs.reshape(80, 20):
        assert len(set(epoch)) == 20
    # Not the same ones every time.
    assert len(np.unique(epochs)) == 23


def test_a_batch_holds_what_its_places_say() -> None:
    places, labels = shown(SMALL.inputs, EXAMPLES, STEPS, keys_of(1, 4))
    inputs, told_labels = batches(SMALL, EXAMPLES, 4, STEPS)
    np.testing.assert_array_equal(inputs, EXAMPLES.train[places[:, 0]].astype(float))
    np.testing.assert_array_equal(told_labels, labels[:, 0])


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_label_noise_changes_its_share_of_labels_for_good(noise: float) -> None:
    number, classes, runs = 4000, 7, 2
    examples = some_examples(number, 5, classes)
    inputs = Features(width=WIDTH, batch=1000, label_noise=noise)
    places, labels = shown(inputs, examples, 8, keys_of(runs))
    table = np.full((2, runs, number), -1)
    for epoch in range(2):
        for run in range(runs):
            steps = slice(4 * epoch, 4 * epoch + 4)
            table[epoch, run, places[steps, run].ravel()] = labels[steps, run].ravel()
    np.testing.assert_array_equal(table[0], table[1])
    changed = table[0] != examples.train_labels
    share = noise * (1 - 1 / classes)
    assert np.all(np.abs(changed.mean(axis=1) - share) <= 4 * np.sqrt(share * (1 - share) / number))
    if noise == 0.0:
        assert not np.any(changed)
        return
    assert np.any(changed[0] != changed[1])
    # Which labels are wrong does not hang together between runs.
    assert abs(np.mean(changed[0] & changed[1]) - share**2) < 4 * np.sqrt(share**2 / number)
    if noise == 1.0:
        # Instead of the true one comes any, the true one among them, whatever that is.
        for true in np.unique(examples.train_labels):
            counts = np.bincount(table[0][:, examples.train_labels == true].ravel(), minlength=classes)
            assert scipy.stats.chisquare(counts).pvalue > 1e-4


def test_more_label_noise_makes_more_of_the_same_labels_wrong() -> None:
    examples = some_examples(1000, 5)
    wrong = []
    for noise in (0.2, 0.5):
        places, labels = shown(Features(width=WIDTH, batch=1000, label_noise=noise), examples, 1, keys_of(1))
        wrong.append(labels != examples.train_labels[places])
    assert np.all(wrong[1][wrong[0]])
    assert np.sum(wrong[1]) > np.sum(wrong[0])


@pytest.mark.parametrize("ratio", [1.0, 10.0, 300.0])
def test_imbalanced_classes_fall_by_their_ratio(ratio: float) -> None:
    classes = 5
    examples = balanced(classes, 8)
    places, labels = shown(Imbalanced(width=WIDTH, batch=500, ratio=ratio), examples, 40, keys_of(2))
    np.testing.assert_array_equal(labels, examples.train_labels[places])
    frequency = ratio ** (-np.arange(classes) / (classes - 1))
    expected = labels.size * frequency / frequency.sum()
    counts = np.bincount(labels.ravel(), minlength=classes)
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-4
    # Within a class all examples are equally frequent.
    for each in range(2):
        assert scipy.stats.chisquare(np.bincount(places.ravel(), minlength=40)[8 * each : 8 * each + 8]).pvalue > 1e-4


def balanced(classes: int, each: int, without: tuple[int, ...] = ()) -> Examples:
    """`each` examples of every class, but for some classes that have none."""
    labels = np.repeat([label for label in range(classes) if label not in without], each)
    return examples_of(
        np.random.default_rng(0).normal(size=(len(labels), WIDTH)), labels, np.zeros((1, WIDTH)), [0], classes
    )


@pytest.mark.parametrize("without", [(0,), (2,), (4,), (0, 1, 4)], ids=str)
def test_classes_without_examples_are_never_shown(without: tuple[int, ...]) -> None:
    examples = balanced(5, 6, without)
    places, labels = shown(Imbalanced(width=WIDTH, batch=500, ratio=10.0), examples, 20, keys_of(1))
    assert places.min() == 0
    assert places.max() == examples.sizes[0] - 1
    frequency = 10.0 ** (-np.arange(5) / 4)
    frequency[list(without)] = 0.0
    there = frequency > 0
    counts = np.bincount(labels.ravel(), minlength=5)
    assert not np.any(counts[~there])
    assert scipy.stats.chisquare(counts[there], labels.size * (frequency / frequency.sum())[there]).pvalue > 1e-4


def test_label_noise_of_imbalanced_classes() -> None:
    examples = balanced(5, 40)
    inputs = Imbalanced(width=WIDTH, batch=500, ratio=1.0, label_noise=0.5)
    places, labels = shown(inputs, examples, 40, keys_of(1))
    said: dict[int, set[int]] = {}
    for place, label in zip(places.ravel(), labels.ravel(), strict=True):
        said.setdefault(int(place), set()).add(int(label))
    assert all(len(each) == 1 for each in said.values())
    wrong = np.mean([said[place] != {examples.train_labels[place]} for place in said])
    assert abs(wrong - 0.4) < 4 * np.sqrt(0.24 / 200)


def test_examples_are_sorted_by_class_and_keep_their_order_within() -> None:
    made = examples_of([[0], [1], [2], [3], [4]], [2, 0, 2, 0, 3], [[9], [8]], [1, 0], 5)
    assert made.train[:, 0].tolist() == [1, 3, 0, 2, 4]
    assert made.train_labels.tolist() == [0, 0, 2, 2, 3]
    assert made.starts.tolist() == [0, 2, 2, 4, 5, 5]
    assert (made.test[:, 0].tolist(), made.test_labels.tolist()) == ([9, 8], [1, 0])
    assert (made.inputs, made.classes, made.sizes) == (1, 5, (5, 2))


def test_the_first_of_several_largest_outputs_is_told() -> None:
    outputs = jnp.asarray([[[3.0, 1.0, 1.0], [1.0, 1.0, 2.0], [0.0, 1.0, 2.0]]])
    np.testing.assert_array_equal(largest_output(outputs), [[[1, 1, 0], [0, 0, 1], [0, 0, 0]]])


@pytest.mark.parametrize("width", [1, 5, 8, 10, 12, 64])
def test_pieces_hold_the_inputs_in_their_order(width: int) -> None:
    inputs = jnp.arange(3 * width, dtype=float).reshape(3, width)
    np.testing.assert_array_equal(in_pieces(inputs).reshape(3, width), inputs)
    labels, linear = jnp.zeros(3, int), jax.random.normal(jax.random.key(0), (4, width, 2))
    outputs = Minibatch(in_pieces(inputs), labels).outputs(linear)
    np.testing.assert_allclose(outputs, jnp.einsum("oir,bi->rob", linear, inputs), rtol=1e-5)
