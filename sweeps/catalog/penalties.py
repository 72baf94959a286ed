"""Where an experiment has the strengths of the two penalties on gates: on their norm, and on negative ones."""

from __future__ import annotations

__all__ = ["PENALTIES"]

PENALTIES = ("objective.norm", "objective.nonnegativity")
