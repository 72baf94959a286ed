"""`Saves`: a value at every save."""

from __future__ import annotations

import dataclasses

import numpy as np
from jax import Array
from jaxtyping import Shaped

from gatednet.observables.recorders.base import Coordinate, Course, Ending, Kept, Recorder, Span


class OverSaves(Recorder):
    """A recorder with an entry for each save."""

    frequency = "at every save"
    dims = ("step",)

    def sizes(self, span: Span, dims: tuple[str, ...]) -> dict[str, int]:
        return {"step": span.saves}

    def coordinates(self, span: Span, dims: tuple[str, ...]) -> dict[str, Coordinate]:
        steps = np.arange(0, span.steps + 1, span.every)
        return {"step": ("step", steps, {"long_name": "steps taken", "units": "step"})}


@dataclasses.dataclass(frozen=True)
class Saves(OverSaves):
    """The value at every save."""

    shown = "all saves"
    at_last_save = True

    def finish(self, kept: Kept, course: Course, ending: Ending) -> Shaped[Array, "saves ... runs"]:
        return kept
