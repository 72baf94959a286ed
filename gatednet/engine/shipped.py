"""Whether runs are made of parts of this package alone: of a user's own, less is known."""

from __future__ import annotations

from collections.abc import Iterable

from gatednet.experiment import Experiment
from gatednet.observables import Observable
from gatednet.settings import parts_in


def is_shipped(experiment: Experiment, observables: Iterable[Observable] = ()) -> bool:
    """Whether all parts of an experiment, and all observables of it, are of this package."""
    parts = [type(each) for each in parts_in(experiment)]
    for each in observables:
        parts += [each.function, type(each.recorder)]
    return all(getattr(each, "__module__", "").startswith("gatednet.") for each in parts)
