"""Names of dimensions, coordinates and attributes of everything that is saved: the same in memory and on disk."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatednet.engine.save import RESULT, RESULT_STEP, RESULTS, Save
from gatednet.experiment import Experiment
from gatednet.observables import observable


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


def coordinates(experiment: Experiment, save: Save) -> dict[str, tuple[str, np.ndarray, dict[str, str]]]:
    """Coordinates of the dimensions that saves have: (dimension, values, attributes) by name."""
    used = {dim for each in save.chosen for dim in each.all_dims}
    found: dict[str, tuple[str, np.ndarray, dict[str, str]]] = {}
    if "step" in used:
        found["step"] = (
            "step",
            np.arange(0, experiment.steps + 1, save.every),
            {"long_name": "steps taken", "units": "step"},
        )
    if "every_step" in used:
        found["every_step"] = (
            "every_step",
            np.arange(experiment.steps),
            {"long_name": "steps taken", "units": "step"},
        )
    if "after_switch" in used:
        size = next(each.fold.size for each in save.chosen if each.fold and "after_switch" in each.dims)
        found["after_switch"] = (
            "after_switch",
            np.arange(1, size + 1),
            {"long_name": "step after a switch, the first is 1", "units": "step"},
        )
    return found
