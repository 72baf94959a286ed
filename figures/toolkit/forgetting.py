"""Forgetting: what a block of another task adds to the loss of a task."""

from __future__ import annotations

import numpy as np


def forgotten(
    gates: np.ndarray, weights: np.ndarray, teachers: np.ndarray, switches: int
) -> tuple[np.ndarray, np.ndarray]:
    """What a block of the next task adds to the loss of a task, mean over the last so many blocks of a run, (...).

    `gates` is (ends, ..., paths) and `weights` (ends, ..., paths, outputs, inputs), at the start and after each block,
    `teachers` (..., tasks, outputs, inputs), which come in turn. First with the gates as they were when the task was
    left, as heads that know the task keep them (Lee et al. 2022), then with those of the moment, as when the task comes
    back and nothing tells so.
    """
    last = len(gates) - 1
    found = []
    for end in range(last - switches, last):
        task = teachers[..., (end - 1) % teachers.shape[-3], :, :]
        left, kept, own = (
            loss(gates[of], weights[at], task) for of, at in ((end, end), (end, end + 1), (end + 1, end + 1))
        )
        found.append((kept - left, own - left))
    kept, own = np.mean(found, axis=0)
    return kept, own


def loss(gates: np.ndarray, weights: np.ndarray, task: np.ndarray) -> np.ndarray:
    """The loss with the population as inputs, mean over outputs, of gates (..., paths) and the maps of their paths."""
    error = np.einsum("...p,...poi->...oi", gates, weights) - task
    return 0.5 * (error**2).sum(axis=(-2, -1)) / task.shape[-2]
