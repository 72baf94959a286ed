"""Euler's step along the task's gradient, then the constraints' proximal step."""

from __future__ import annotations

from gatednet.arrays.block_clock import BlockClock
from gatednet.arrays.rows import Rows
from gatednet.rules.base import Gradient, Rates, Rule, descended


class Proximal(Rule):
    """Explicit Euler of the task loss, then the constraints implicitly, by their proximal map.

    The flow is that of `Euler` as dt → 0, and the error is of first order in dt as well; strong constraints and fast
    gates do not make it unstable. A gate that the constraints hold at 0 is exactly 0. The mean norm of columns
    (`objective.weight_norm`) has no such map here and stays in the explicit step.
    """

    @property
    def isotropic(self) -> bool:
        return True

    @property
    def implicit(self) -> bool:
        return True

    def update(
        self, rows: Rows, gradient: Gradient, memory: None, rates: Rates, clock: BlockClock
    ) -> tuple[Rows, None]:
        return descended(rows, gradient.here, rates), None
