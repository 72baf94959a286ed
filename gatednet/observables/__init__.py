"""Everything that can be measured of a run; see `Observable`, and `REGISTRY` for all of them by name."""

from gatednet.observables import accuracy, alignment, cycles, losses, parameters, spectra
from gatednet.observables.cycles import History
from gatednet.observables.folds import BlockClock, Fold, Moment
from gatednet.observables.observable import REGISTRY, Observable, When, observable, register
from gatednet.observables.snapshot import Snapshot

__all__ = [
    "REGISTRY",
    "BlockClock",
    "Fold",
    "History",
    "Moment",
    "Observable",
    "Snapshot",
    "When",
    "observable",
    "register",
]

for _family in (accuracy, alignment, cycles, losses, parameters, spectra):
    register(*_family.OBSERVABLES)
