"""Cross-entropy: the objective of tasks that are classifications (paper, section 7)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import Blocks, Rows
from gatednet.inputs.examples import Minibatch
from gatednet.networks.base import Network
from gatednet.objectives.base import Objective
from gatednet.settings import number_of


class CrossEntropy(Objective):
    """The same constraints on the gates, with the cross-entropy of the softmax of the outputs as task loss.

    L_task is the mean over a batch of - Σ_i y*_i log softmax(y)_i, where y* are the classes that the task asks for;
    with `reduction = "mean"` it is divided by the number of outputs, as the squared error is.
    """

    @property
    def labelled(self) -> bool:
        return True

    def task_loss(self, network: Network, rows: Rows, target: Blocks, evidence: Minibatch, outputs: int) -> Array:
        (task,) = target
        likelihoods = jax.nn.log_softmax(network.classify(rows, evidence), axis=-2)
        asked = jnp.sum(evidence.asked(task) * likelihoods, axis=(-2, -1)) / likelihoods.shape[-1]
        return -asked * number_of(self.reduction, (1.0, 1.0 / outputs))
