"""The convolutional network against one written out in loops of NumPy."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gatednet import SettingError
from gatednet.vision import CNN, Architecture, mean_cross_entropy, scaled

SMALL = Architecture(height=6, width=5, channels=2, kernel=3, hidden=7, features=4, classes=3)
DEEPER = dataclasses.replace(SMALL, relu_hidden=9)


def image_of(seed, architecture):
    return np.random.default_rng(seed).uniform(-1, 1, (architecture.height, architecture.width)).astype(np.float32)


def by_loops(network, image):
    """Features and logits, one sum at a time."""
    network = jax.tree.map(np.asarray, network)
    architecture = network.architecture
    rows, columns = architecture.height - architecture.kernel + 1, architecture.width - architecture.kernel + 1
    maps = np.zeros((architecture.channels, rows, columns))
    for channel, row, column in itertools.product(*map(range, maps.shape)):
        window = image[row : row + architecture.kernel, column : column + architecture.kernel]
        maps[channel, row, column] = np.sum(network.convolution.weight[channel, 0] * window)
        maps[channel, row, column] += network.convolution.bias[channel, 0, 0]
    pooled = [
        max(0, maps[channel, row : row + 2, column : column + 2].max())
        for channel, row, column in itertools.product(range(architecture.channels), range(rows - 1), range(columns - 1))
    ]
    hidden = 1 / (1 + np.exp(-(network.sigmoid.weight @ pooled + network.sigmoid.bias)))
    if network.between is not None:
        hidden = np.maximum(network.between.weight @ hidden + network.between.bias, 0)
    features = np.maximum(network.last.weight @ hidden + network.last.bias, 0)
    return features, network.readout.weight @ features + network.readout.bias


@pytest.mark.parametrize(("architecture", "seed"), [(SMALL, 0), (SMALL, 1), (SMALL, 2), (DEEPER, 0), (DEEPER, 1)])
def test_features_and_logits_are_those_of_plain_sums(architecture, seed):
    network = CNN(architecture, jax.random.key(seed))
    image = image_of(seed, SMALL)
    features, logits = by_loops(network, image)
    assert features.max() > 0
    np.testing.assert_allclose(network.features(jnp.asarray(image)), features, atol=1e-5)
    np.testing.assert_allclose(network(jnp.asarray(image)), logits, atol=1e-5)


def test_sizes_are_those_of_the_paper():
    architecture = Architecture()
    network = CNN(architecture, jax.random.key(0))
    assert architecture.pooled == 1728
    assert network.convolution.weight.shape == (3, 1, 4, 4)
    assert network.sigmoid.weight.shape == (512, 1728)
    assert network.features(jnp.zeros((28, 28))).shape == (64,)
    assert network(jnp.zeros((28, 28))).shape == (10,)
    assert network.between is None


def test_the_released_code_has_a_layer_more():
    network = CNN(Architecture(relu_hidden=64, features=10), jax.random.key(0))
    shapes = [layer.weight.shape for layer in (network.sigmoid, network.between, network.last, network.readout)]
    assert shapes == [(512, 1728), (64, 512), (10, 64), (10, 10)]
    assert network.features(jnp.zeros((28, 28))).shape == (10,)


def test_keys_make_different_networks_and_layers():
    first, second = CNN(SMALL, jax.random.key(0)), CNN(SMALL, jax.random.key(1))
    assert not np.any(first.sigmoid.weight == second.sigmoid.weight)
    assert np.ptp(first.sigmoid.weight) < 2 / np.sqrt(SMALL.pooled)


def test_the_loss_is_the_mean_over_images_and_falls_along_its_gradient():
    network = CNN(SMALL, jax.random.key(0))
    images = np.stack([image_of(seed, SMALL) for seed in range(5)])
    labels = np.array([0, 1, 2, 1, 0])
    logits = np.stack([by_loops(network, image)[1] for image in images])
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = -np.log(probabilities[np.arange(5), labels]).mean()
    loss, gradient = jax.value_and_grad(mean_cross_entropy)(network, jnp.asarray(images), jnp.asarray(labels))
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    moved = optax.apply_updates(network, jax.tree.map(lambda slope: -0.01 * slope, gradient))
    assert mean_cross_entropy(moved, jnp.asarray(images), jnp.asarray(labels)) < loss


def test_pixels_are_scaled_to_both_ends():
    assert scaled(jnp.array([0, 51, 255], jnp.uint8)).tolist() == pytest.approx([-1, -0.6, 1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": 28}, "kernel is 28, allowed is at most 27 where an image has 28×28 pixels"),
        ({"height": 4}, "kernel is 4, allowed is at most 3 where an image has 4×28 pixels"),
        ({"features": 0}, "features is 0, allowed is a whole number, at least 1"),
        ({"hidden": 2.5}, "hidden is 2.5, allowed is a whole number, at least 1"),
    ],
)
def test_sizes_that_make_no_network_are_refused(changes, message):
    with pytest.raises(SettingError, match=message):
        Architecture(**changes)
