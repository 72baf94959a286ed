"""`CNN`: a small convolutional network, whose last hidden layer gives the features of an image (paper, Figure 7).

The sizes are those of the paper where an image has 28×28 pixels. Its head, which learns the tasks, sees the features;
the network's own readout serves only to train them. The released code has a hidden layer more: 64 ReLU units, and after
them ten, which are the features. That is `Architecture(relu_hidden=64, features=10)`.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from gatednet.settings import Setting, SettingError, Whole, field

# Pixels are whole numbers from 0 to this one.
_BRIGHTEST = 255


class Architecture(Setting):
    """The sizes of a `CNN`.

    **Raises** `SettingError` where the kernel leaves no two positions to pool over.
    """

    height: int = field(28, Whole(2), "height of an image", "pixels")
    width: int = field(28, Whole(2), "width of an image", "pixels")
    channels: int = field(3, Whole(1), "number of filters of the convolution")
    kernel: int = field(4, Whole(1), "height and width of a filter", "pixels")
    hidden: int = field(512, Whole(1), "number of sigmoid units after the filters")
    relu_hidden: int = field(
        0, Whole(0), "number of ReLU units between the sigmoid units and the features; 0 is no such layer"
    )
    features: int = field(64, Whole(1), "number of features")
    classes: int = field(10, Whole(2), "number of classes of the readout")

    def __check_init__(self) -> None:
        most = min(self.height, self.width) - 1
        if self.kernel > most:
            raise SettingError(
                f"Architecture.kernel is {self.kernel}, allowed is at most {most} "
                f"where an image has {self.height}×{self.width} pixels"
            )

    @property
    def pooled(self) -> int:
        """The number of values after pooling: 1728 in the paper."""
        return self.channels * (self.height - self.kernel) * (self.width - self.kernel)


class CNN(eqx.Module):
    """Convolution, max-pooling over 2×2 at every position, ReLU; sigmoid units; ReLU features; a linear readout.

    With `relu_hidden` there is a layer of ReLU units before the features. An image is (height, width), floating point,
    its pixels from -1 to 1, see `scaled`. Weights and biases start uniform between ±1/√(number of inputs of a unit), as
    in Equinox, which the paper uses.
    """

    convolution: eqx.nn.Conv2d
    sigmoid: eqx.nn.Linear
    between: eqx.nn.Linear | None
    last: eqx.nn.Linear
    readout: eqx.nn.Linear
    architecture: Architecture = eqx.field(static=True)

    def __init__(self, architecture: Architecture, key: Array) -> None:
        extra = architecture.relu_hidden
        keys = jax.random.split(key, 5 if extra else 4)
        # A training step of 512 images takes 59 to 69 ms on one core with the library's convolution, 62 to 77 with one
        # product of filters and patches, 117 to 132 with sums of shifted images. Products with banded matrices take 47
        # to 72, which does not pay for code of our own.
        self.convolution = eqx.nn.Conv2d(1, architecture.channels, architecture.kernel, key=keys[0])
        self.sigmoid = eqx.nn.Linear(architecture.pooled, architecture.hidden, key=keys[1])
        self.between = eqx.nn.Linear(architecture.hidden, extra, key=keys[4]) if extra else None
        self.last = eqx.nn.Linear(extra or architecture.hidden, architecture.features, key=keys[2])
        self.readout = eqx.nn.Linear(architecture.features, architecture.classes, key=keys[3])
        self.architecture = architecture

    def features(self, image: Array) -> Array:
        """The features of an image, (features,), none below 0."""
        maps = jax.nn.relu(_max_pool(self.convolution(image[None])))
        hidden = jax.nn.sigmoid(self.sigmoid(maps.reshape(-1)))
        if self.between is not None:
            hidden = jax.nn.relu(self.between(hidden))
        return jax.nn.relu(self.last(hidden))

    def __call__(self, image: Array) -> Array:
        """The logits of the classes of an image, (classes,)."""
        return self.readout(self.features(image))


def scaled(pixels: Array) -> Array:
    """Pixels from 0 to 255, of any shape, as single-precision numbers from -1 to 1."""
    return pixels.astype(jnp.float32) * (2 / _BRIGHTEST) - 1


def mean_cross_entropy(network: CNN, images: Array, labels: Array) -> Array:
    """The cross-entropy of the network's softmax, a scalar: the mean over `images`, (n, height, width).

    `labels` are whole numbers, (n,).
    """
    # Only training needs it.
    import optax

    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(jax.vmap(network)(images), labels))


def _max_pool(maps: Array) -> Array:
    """The largest of each 2×2 values, (channels, height, width) to one less each way.

    Written as maxima of shifted maps: with XLA's own pooling a training step takes 85 to 98 ms, see `CNN`.
    """
    tall = jnp.maximum(maps[:, 1:], maps[:, :-1])
    return jnp.maximum(tall[:, :, 1:], tall[:, :, :-1])
