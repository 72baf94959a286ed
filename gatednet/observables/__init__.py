"""Everything that can be measured of a run; see `Observable`, and `REGISTRY` for all of them by name."""

from gatednet.observables import alignment, losses, parameters
from gatednet.observables.folds import BlockClock, Fold, Moment
from gatednet.observables.observable import REGISTRY, Observable, When, observable, register
from gatednet.observables.snapshot import Snapshot

__all__ = ["REGISTRY", "BlockClock", "Fold", "Moment", "Observable", "Snapshot", "When", "observable", "register"]

register(*alignment.OBSERVABLES, *losses.OBSERVABLES, *parameters.OBSERVABLES)
