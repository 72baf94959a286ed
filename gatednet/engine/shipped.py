"""Whether runs are made of parts of this package alone: of a user's own, less is known."""

from __future__ import annotations

from gatednet.experiment import Experiment
from gatednet.settings import parts_in


def is_shipped(experiment: Experiment) -> bool:
    """Whether all parts of an experiment are of this package."""
    return all(type(part).__module__.startswith("gatednet.") for part in parts_in(experiment))
