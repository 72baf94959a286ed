"""Training of the network whose features stand for images (paper, Figures 7 and A15)."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.engine.compiler import compiler_options
from gatednet.engine.kept import Kept
from gatednet.engine.programs import signature
from gatednet.settings import Number, Setting, Whole, field
from gatednet.simulation import check_seeds, precision_of
from gatednet.sweeps.images.datasets import Images
from gatednet.sweeps.progress import Progress, Silent
from gatednet.vision import CNN, Architecture, mean_cross_entropy, scaled

if TYPE_CHECKING:
    import optax

# The arrays of a network, and they with what the optimiser remembers.
Parameters = Any
State = tuple[Parameters, Any]
# A training reports after this number of steps, or fewer where this does not divide them.
_STEPS_AT_ONCE = 100
# Images that are in memory at the same time, with all that the network makes of them.
_IMAGES_AT_ONCE = 500
# Data sets with fewer images to train on than this are small.
_FEW = 10_000
# Compiled programs, by what they depend on besides their arguments: networks of other seeds share them.
_programs: Kept[Hashable, Callable[..., tuple]] = Kept(8)


class Training(Setting):
    """How a `CNN` is trained: by AdamW on the cross-entropy of batches, in epochs of a new order each.

    The values are those of the released code, which leaves the weight decay to Optax, `optax.adamw`.
    """

    steps: int = field(3000, Whole(1), "number of steps")
    batch: int = field(512, Whole(1), "number of images in a batch")
    rate: float = field(1e-3, Number(0.0, low_allowed=False), "learning rate")
    weight_decay: float = field(1e-4, Number(0.0), "share of the weights that a step of rate 1 takes away")

    @property
    def optimiser(self) -> optax.GradientTransformation:
        """AdamW, its other values as Optax has them."""
        # Most commands read no images, and would wait for its import.
        import optax

        return optax.adamw(self.rate, weight_decay=self.weight_decay)


def architecture_for(images: Images, width: int = 64, relu_hidden: int = 0) -> Architecture:
    """The sizes of the network for a data set: those of the paper, with filters of 3×3 where images are small.

    `width` is the number of features, `relu_hidden` that of ReLU units in a further layer before them; 0 is none.

    **Raises** `SettingError` where they are no whole numbers, or `width` is 0.
    """
    height, across = images.train.shape[1:]
    kernel = 4 if min(height, across) >= 16 else 3
    return Architecture(height, across, kernel=kernel, relu_hidden=relu_hidden, features=width, classes=images.classes)


def training_for(images: Images) -> Training:
    """How the network for a data set is trained: as in the paper, or with small batches where there are few images.

    Batches of 512 would be three to an epoch of the 1297 digits. 1500 steps of 128 are 148 epochs, after which the
    accuracy on tests does not rise any more.
    """
    return Training() if len(images.train) >= _FEW else Training(steps=1500, batch=128)


def train(
    images: Images,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    architecture: Architecture | None = None,
    training: Training | None = None,
) -> CNN:
    """A network that was trained to tell the classes of a data set, in single precision.

    The start and the order of the images come from `seed`: on processors of one kind, with one version of JAX, the same
    seed gives the same network. `progress` counts each step as a run. `architecture` and `training` are by default
    those that `architecture_for` and `training_for` give.

    **Raises** `SettingError` where the seed is no whole number from 0 to 2³² - 1.
    """
    check_seeds([seed])
    architecture, training = architecture or architecture_for(images), training or training_for(images)
    progress = progress or Silent()
    with precision_of("float32"):
        start = CNN(architecture, jax.random.key(seed))
        parameters, rest = eqx.partition(start, eqx.is_array)
        state = (parameters, training.optimiser.init(parameters))
        data = (jnp.asarray(images.train), jnp.asarray(images.train_labels, jnp.int32))
        progress.begin(training.steps, 0, training.steps)
        try:
            run: Callable[..., State] | None = None
            for batches in _batches(len(images.train), training, seed):
                if run is None:
                    key = architecture, training, signature((state, data, batches))
                    steps = functools.partial(_steps, rest, training)
                    run = _programs.get(key, functools.partial(_compiled, steps, progress, state, data, batches))
                state = jax.block_until_ready(run(state, data, batches))
                progress.stored(len(batches), len(batches))
        finally:
            progress.end()
        return eqx.combine(state[0], rest)


def _batches(count: int, training: Training, seed: int) -> Iterator[Array]:
    """The numbers of the images of all batches, some steps at once: (steps, batch).

    Batches are cut from one epoch after the other, so that some may hold the end of one and the start of the next.
    """
    needed = training.steps * training.batch
    random = np.random.default_rng(seed)
    order = np.concatenate([random.permutation(count) for _ in range(-(-needed // count))])
    batches = order[:needed].astype(np.int32).reshape(training.steps, training.batch)
    at_once = max(steps for steps in range(1, _STEPS_AT_ONCE + 1) if training.steps % steps == 0)
    for first in range(0, training.steps, at_once):
        yield jnp.asarray(batches[first : first + at_once])


def _steps(rest: CNN, training: Training, state: State, data: tuple[Array, Array], batches: Array) -> State:
    """The network's parameters and what the optimiser remembers after a step with each batch."""
    pixels, labels = data

    def loss(parameters: Parameters, batch: Array) -> Array:
        return mean_cross_entropy(eqx.combine(parameters, rest), scaled(pixels[batch]), labels[batch])

    def step(state: State, batch: Array) -> tuple[State, None]:
        parameters, memory = state
        change, memory = training.optimiser.update(jax.grad(loss)(parameters, batch), memory, parameters)
        return (eqx.apply_updates(parameters, change), memory), None

    return jax.lax.scan(step, state, batches)[0]


def _compiled(function: Callable[..., tuple], progress: Progress, *arguments: object) -> Callable[..., tuple]:
    """A function compiled for some arguments; the progress counts the time that takes."""
    progress.compiling()
    start = time.perf_counter()
    compiled = jax.jit(function, compiler_options=compiler_options()).lower(*arguments).compile()
    progress.compiled(time.perf_counter() - start)
    return compiled


def activations(network: CNN, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a network makes of images (n, height, width) of unsigned bytes.

    Returns the features, (n, features) in single precision, and the most probable classes, (n,) as 32-bit integers.
    """
    parameters, rest = eqx.partition(network, eqx.is_array)
    with precision_of("float32"):
        images = jnp.asarray(pixels)
        key = network.architecture, signature((parameters, images))
        make = functools.partial(_compiled, functools.partial(_features, rest), Silent(), parameters, images)
        features, classes = _programs.get(key, make)(parameters, images)
        return np.asarray(features), np.asarray(classes)


def _features(rest: CNN, parameters: Parameters, pixels: Array) -> tuple[Array, Array]:
    """Features and most probable classes of images."""

    def of_one(image: Array) -> tuple[Array, Array]:
        whole = eqx.combine(parameters, rest)
        features = whole.features(scaled(image))
        return features, jnp.argmax(whole.readout(features)).astype(jnp.int32)

    return jax.lax.map(of_one, pixels, batch_size=_IMAGES_AT_ONCE)
