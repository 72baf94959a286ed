"""The least that a network without gates can reach: one map for several tasks at once (paper, text on Figure 2)."""

from __future__ import annotations

import numpy as np

from gatednet.theory.values import Values


def single_map_loss(teachers: Values) -> float:
    """½ times the mean over tasks of ‖W*_m - W̄‖², where W̄ is the mean of the teachers, the best map for all of them.

    `teachers` is (tasks, outputs, inputs), tasks are equally frequent, and inputs have the identity as second moment.
    Orthogonal teachers of one norm leave ½ (1 - 1/M) ‖W*‖²: of two tasks, half of the loss of a network that is silent.
    """
    maps = np.asarray(teachers, np.float64)
    return float(0.5 * np.mean(np.sum((maps - maps.mean(axis=0)) ** 2, axis=(1, 2))))
