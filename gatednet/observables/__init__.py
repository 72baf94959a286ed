"""Everything that can be measured of a run; see `Observable`, and `REGISTRY` for all of them by name."""

from gatednet.observables import accuracy, alignment, cycles, losses, parameters, spectra
from gatednet.observables.folds import BlockClock, Fold
from gatednet.observables.history import History
from gatednet.observables.moment import Moment
from gatednet.observables.observable import REGISTRY, Observable, When, observable, register
from gatednet.observables.recorders.base import Clock, Course, Ending, Recorder, Span
from gatednet.observables.recorders.blocks import Blocks, OverBlocks
from gatednet.observables.recorders.end import End
from gatednet.observables.recorders.history import OfHistory
from gatednet.observables.recorders.saves import OverSaves, Saves
from gatednet.observables.recorders.steps import EveryStep
from gatednet.observables.snapshot import Snapshot

__all__ = [
    "REGISTRY",
    "BlockClock",
    "Blocks",
    "Clock",
    "Course",
    "End",
    "Ending",
    "EveryStep",
    "Fold",
    "History",
    "Moment",
    "Observable",
    "OfHistory",
    "OverBlocks",
    "OverSaves",
    "Recorder",
    "Saves",
    "Snapshot",
    "Span",
    "When",
    "observable",
    "register",
]

for _family in (accuracy, alignment, cycles, losses, parameters, spectra):
    register(*_family.OBSERVABLES)
