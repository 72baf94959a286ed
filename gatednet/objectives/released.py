"""Penalties that end at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatednet.objectives.base import Objective
from gatednet.settings import Number, field
from gatednet.times import steps_of


class Released(Objective):
    """The same, with penalties that end at a time: what they have made, without what made it.

    Further constraints end then too, or at a time of their own before.
    """

    until: float = field(1.0, Number(0.0), "time at which the penalties end", "time")

    def release(self, dt: Any) -> np.ndarray:
        return steps_of(self.until, dt, least=0)
