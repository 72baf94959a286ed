"""The cross-entropy of the softmax of the outputs (paper, section 7)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.arrays.rows import Blocks, Rows
from gatednet.inputs.examples import Minibatch
from gatednet.networks.base import Network
from gatednet.objectives.task_loss import TaskLoss


class SoftmaxCrossEntropy(TaskLoss):
    """The mean over a batch of - Σ_i y*_i log softmax(y)_i, where y* are the classes that the task asks for."""

    @property
    def labelled(self) -> bool:
        return True

    def summary(self) -> str:
        return "cross-entropy"

    def loss(self, network: Network, rows: Rows, target: Blocks, evidence: Minibatch) -> Float[Array, " runs"]:
        (task,) = target
        likelihoods = jax.nn.log_softmax(network.classify(rows, evidence), axis=-2)
        return -(jnp.sum(evidence.asked(task) * likelihoods, axis=(-2, -1)) / likelihoods.shape[-1])
