"""Names of dimensions, coordinates and attributes of everything that is saved: the same in memory and on disk."""

from __future__ import annotations

from typing import Any

from gatednet.engine.save import RESULT, RESULT_STEP, RESULTS, Save
from gatednet.experiment import Experiment
from gatednet.observables import observable
from gatednet.observables.recorders.base import Coordinate


def dimensions(name: str) -> tuple[str, ...]:
    """The dimensions of a saved quantity of one run, in order."""
    return () if name in (RESULT, RESULT_STEP) else observable(name).all_dims


def attributes(name: str) -> dict[str, Any]:
    """Long name, units, and for codes their meanings (CF conventions) of a saved quantity."""
    if name == RESULT:
        return {
            "long_name": "how the run ended",
            "units": "1",
            "flag_values": list(RESULTS),
            "flag_meanings": " ".join(RESULTS.values()),
        }
    if name == RESULT_STEP:
        return {"long_name": "steps with finite parameters", "units": "step"}
    found = observable(name)
    return {"long_name": found.long_name, "units": found.units}


def coordinates(experiment: Experiment, save: Save) -> dict[str, Coordinate]:
    """Coordinates of the dimensions that saves have: (dimension, values, attributes) by name."""
    span = save.span(experiment)
    # Saves, steps, parts of blocks: their order is stored, and is no matter of that of the observables.
    ordered = sorted(save.chosen, key=lambda each: (each.recorder.by_blocks, each.recorder.shown == "step"))
    found: dict[str, Coordinate] = {}
    for each in ordered:
        found |= each.recorder.coordinates(span, each.dims)
    return found
