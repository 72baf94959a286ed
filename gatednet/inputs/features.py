"""Inputs that are the features of images, with their labels (paper, section 7 and Figure 7)."""

from __future__ import annotations

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatednet.arrays.rows import add
from gatednet.inputs.base import Cost, Inputs
from gatednet.inputs.examples import Examples, Minibatch, examples_of, in_pieces
from gatednet.networks.base import Network
from gatednet.random.shuffle import orders, shuffled
from gatednet.random.threefry import below, threefry
from gatednet.settings import LARGEST_SEED, Choice, Number, SettingError, Whole, field

# The counter of the words that make labels wrong: no step comes so far.
_NOISE = np.uint32(2**32 - 2)
_UNIT = np.float32(2.0**-32)
IMAGES = ("digits", "mnist", "fashion_mnist")


# Enough steps that what is random about them takes no time of its own.
_STEPS_PER_DRAW = 16


class Shown(eqx.Module):
    """What some steps show: which of the examples `train`, and what they are said to be, (steps, runs, batch)."""

    train: Array
    places: Array
    labels: Array


class Features(Inputs):
    """Batches of labelled features, shuffled anew in every epoch and for every run.

    Features are `width` activations of a network that was trained to tell the classes of some images, with the seed
    `network_seed` and, with `relu_hidden`, one layer of such units more, as in the released code; they are an argument
    of `simulate`, and `gatednet.sweeps.images.features` computes them. The rest of an epoch that is smaller than a
    batch is left out. With `label_noise` labels are replaced by classes at random, the true one among them; which ones,
    and by what, stays the same throughout a run.
    """

    images: str = field("digits", Choice(IMAGES), "images whose features are the inputs")
    width: int = field(64, Whole(1), "number of features")
    relu_hidden: int = field(
        0, Whole(0), "ReLU units in a further layer of that network, before the features; 0 is no such layer"
    )
    network_seed: int = field(
        0, Whole(0, LARGEST_SEED, "seeds have 32 bits"), "seed of the network that computes the features"
    )
    batch: int = field(100, Whole(1), "examples a step")
    label_noise: float = field(0.0, Number(0.0, 1.0), "share of labels that are replaced by a class at random")

    @property
    def exact(self) -> bool:
        return False

    @property
    def labelled(self) -> bool:
        return True

    def summary(self) -> str:
        noise = f", {self.label_noise:.0%} of their labels at random" if self.label_noise else ""
        return f"{self.width} features of {self.images} in batches of {self.batch}{noise}"

    def cost(self, inputs: int) -> Cost:
        return "labelled"

    def check(self, network: Network) -> None:
        if network.inputs != self.width:
            raise SettingError(
                f"{type(self).__name__}.width is {self.width} and network.inputs is {network.inputs}, allowed is one "
                "number for both"
            )

    def check_examples(self, examples: Examples | None, network: Network) -> None:
        name = type(self).__name__
        if examples is None:
            raise SettingError(f"inputs {name} need examples, and none are given")
        if examples.inputs != self.width:
            raise SettingError(f"{name}.width is {self.width}, and the examples have {examples.inputs} inputs")
        if examples.classes != network.outputs:
            raise SettingError(
                f"network.outputs is {network.outputs}, and the examples have {examples.classes} classes, allowed is "
                "one number for both"
            )
        if self.batch > examples.sizes[0]:
            raise SettingError(f"{name}.batch is {self.batch}, allowed are at most all examples, {examples.sizes[0]}")

    def to_compile(self) -> Features:
        return dataclasses.replace(self, images=IMAGES[0], network_seed=0, relu_hidden=0)

    def placeholder(self, classes: int) -> Examples:
        nothing, labels = np.zeros((self.batch, self.width)), np.zeros(self.batch, int)
        return examples_of(nothing, labels, nothing[:1], labels[:1], classes)

    def steps_per_draw(self, inputs: int) -> int:
        return _STEPS_PER_DRAW

    def draw(self, key: Array, group: Array, inputs: int, examples: Examples | None) -> Shown:
        assert examples is not None
        steps = group.astype(jnp.uint32) * np.uint32(_STEPS_PER_DRAW) + jnp.arange(_STEPS_PER_DRAW, dtype=jnp.uint32)
        places = self.places(key, steps, examples)
        true = jnp.asarray(examples.train_labels)[places]
        return Shown(jnp.asarray(examples.train), places, self.told(key[:, :, None], places, true, examples.classes))

    def places(self, key: Array, steps: Array, examples: Examples) -> Array:
        """Which examples some steps that follow each other show, (steps, runs, batch); `key` is (2, runs)."""
        size = examples.sizes[0]
        steps_of_epoch = size // self.batch
        epochs = steps // np.uint32(steps_of_epoch)
        most = min((len(steps) - 2) // steps_of_epoch + 2, len(steps))
        functions = orders(key, epochs[0] + jnp.arange(most, dtype=jnp.uint32), size)
        first = (steps % np.uint32(steps_of_epoch))[:, None, None] * np.uint32(self.batch)
        places = first + jnp.arange(self.batch, dtype=jnp.uint32)
        return shuffled(functions, (epochs - epochs[0])[:, None, None], places, size)

    def told(self, key: Array, places: Array, labels: Array, classes: int) -> Array:
        """The labels that runs are told, some of them wrong, (steps, runs, batch)."""
        chance, instead = threefry(key, jnp.broadcast_to(_NOISE, (1,)), places)
        wrong = chance.astype(jnp.float32) * _UNIT < jnp.asarray(self.label_noise)[..., None]
        return jnp.where(wrong, below(instead, classes).astype(jnp.int32), labels)

    @property
    def sampled(self) -> bool:
        return True

    def samples(self, drawn: Shown, place: Array) -> Minibatch:
        return self.factor(drawn, place)

    def factor(self, drawn: Shown, place: Array) -> Minibatch:
        shown = in_pieces(drawn.train).at[drawn.places[place]].get(mode="promise_in_bounds")
        return Minibatch(shown, drawn.labels[place])

    def everything(self, examples: Examples | None) -> Minibatch:
        assert examples is not None
        return examples.of_test()


class Imbalanced(Features):
    """The same with classes that are shown unequally often.

    The frequency of class c of C falls as ratio^(-c / (C - 1)), so that the first is shown `ratio` times as often as
    the last (Cui et al., CVPR 2019, section 5.1). Examples are drawn with replacement, and tests stay balanced.
    """

    ratio: float = field(10.0, Number(1.0), "frequency of the first class over that of the last")

    def places(self, key: Array, steps: Array, examples: Examples) -> Array:
        starts, classes = jnp.asarray(examples.starts), examples.classes
        of_class, in_class = threefry(key[:, :, None], steps[:, None, None], jnp.arange(self.batch, dtype=jnp.uint32))
        falling = jnp.arange(classes) / max(classes - 1, 1)
        frequency = jnp.asarray(self.ratio)[..., None] ** -falling
        # A class without examples is never shown.
        frequency = jnp.where(starts[1:] > starts[:-1], frequency, 0.0)
        upper = jnp.cumsum(frequency, axis=-1) / frequency.sum(axis=-1, keepdims=True)
        uniform = of_class.astype(jnp.float32) * _UNIT
        chosen = add((uniform >= upper[..., each, None]).astype(jnp.int32) for each in range(classes - 1))
        return starts[chosen] + below(in_class, starts[chosen + 1] - starts[chosen]).astype(jnp.int32)
