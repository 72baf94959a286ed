"""Explicit Euler (paper, section 2)."""

from __future__ import annotations

from collections.abc import Mapping

from gatednet.arrays.block_clock import BlockClock
from gatednet.arrays.rows import Rows
from gatednet.rules.base import Gradient, Rates, Rule, descended


class Euler(Rule):
    """Explicit Euler of tau dθ/dt = -∂L/∂θ, with a time constant for each group (paper, section 2)."""

    @property
    def isotropic(self) -> bool:
        return True

    @property
    def elementwise(self) -> bool:
        return True

    @property
    def limits(self) -> Mapping[str, float]:
        return {"weights": 2.0, "gates": 2.0}

    def update(
        self, rows: Rows, gradient: Gradient, memory: None, rates: Rates, clock: BlockClock
    ) -> tuple[Rows, None]:
        return descended(rows, gradient.here, rates), None
