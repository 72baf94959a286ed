"""The two conventions that the published pictures and the authors' released code differ in."""

from __future__ import annotations

from gatednet.sweeps.axes import Axis

# Reduction of the loss over outputs, and scale of the teachers.
CONVENTIONS = {"averaged": ("mean", "unit"), "as released": ("sum", "input")}


def conventions(*names: str) -> Axis:
    """The axis of a sweep that is made in both, or in those of some names."""
    paths, chosen = ("objective.reduction", "teachers.scale"), names or tuple(CONVENTIONS)
    return Axis("convention", paths, tuple(CONVENTIONS[name] for name in chosen), chosen)
