"""When a loss meets a criterion, between saves."""

from __future__ import annotations

import numpy as np


def saves_until(loss: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Saves until the loss (..., saves) is at a level, between them by its logarithm; the last one where never."""
    met = loss <= level
    at = np.where(met.any(axis=-1), met.argmax(axis=-1), loss.shape[-1] - 1)
    pair = [np.take_along_axis(loss, np.maximum(place, 0)[..., None], axis=-1) for place in (at - 1, at)]
    before, after = (np.maximum(each[..., 0], 1e-30) for each in pair)
    fall = np.where(before > after, np.log(before / after), 1.0)
    part = np.clip(np.log(before / np.broadcast_to(level[..., 0], before.shape)) / fall, 0.0, 1.0)
    return np.where(met.any(axis=-1) & (at > 0), at - 1 + part, at)
