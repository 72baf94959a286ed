"""Time constants of the two groups of parameters (paper, section 2)."""

from __future__ import annotations

from gatednet.settings import Number, Setting, field


class Timescales(Setting):
    """tau_w and tau_c: the inverse learning rates of weights and gates."""

    weights: float = field(1.3, Number(0.0, low_allowed=False), "time constant of the weights", "time")
    gates: float = field(0.03, Number(0.0, low_allowed=False), "time constant of the gates", "time")

    def summary(self) -> str:
        return f"τ_w = {self.weights:g}, τ_c = {self.gates:g}"
