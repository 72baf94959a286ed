"""`Observable`: the one place where a measured quantity's name, dimensions, units and meaning are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

from jax import Array

from gatednet.experiment import nearest
from gatednet.observables.folds import Fold, Moment
from gatednet.observables.snapshot import Snapshot
from gatednet.refusal import SettingError, shown
from gatednet.settings import Text, argument

Of = Literal["all", "maps", "labels"]
When = Literal["saves", "history", "steps", "blocks", "end"]


@dataclasses.dataclass(frozen=True)
class Observable:
    """A quantity that can be saved of a run.

    `when` says how often it is there, and so which dimension comes first:

    - "saves": at every save, first dimension "step"; `function` takes a `Snapshot` and returns (*dims, runs).
    - "history": at every save as well; `function` takes the `History` of all saves and returns (saves, runs).
    - "steps": at every step, scalars only, first dimension "every_step"; `function` takes a `Moment` and returns
      (runs,).
    - "blocks": folded over the steps of each block, first dimension "block"; `function` takes a `Moment` and returns
      (runs,), `fold` says what becomes of the values.
    - "end": the mean over the last tenth of the saves, no such dimension; `function` takes a `Snapshot`.

    `dims` are the further dimensions. `lifted` says that maps are needed in the original coordinates. `of` says of
    which tasks it can be measured: of all, of those that are linear maps, or of those about labels. `bounds` are the
    ends of a scale that shows it, for quantities that mean the same in every experiment: a cosine of what is learned is
    shown from 0 to 1, though it may be negative.
    """

    name: str
    long_name: str
    function: Callable[..., Array]
    dims: tuple[str, ...] = ()
    units: str = "1"
    when: When = "saves"
    lifted: bool = False
    fold: Fold | None = None
    of: Of = "all"
    bounds: tuple[float, float] | None = None

    @property
    def all_dims(self) -> tuple[str, ...]:
        """All dimensions of the saved array of one run, in order."""
        leading = {"steps": ("every_step",), "blocks": ("block",), "end": ()}.get(self.when, ("step",))
        return (*leading, *self.dims)


REGISTRY: dict[str, Observable] = {}


def register(*observables: Observable) -> None:
    """Make observables known by their names."""
    for each in observables:
        if each.name in REGISTRY:
            raise ValueError(f"observable {each.name!r} is registered twice")
        REGISTRY[each.name] = each


def observable(name: str) -> Observable:
    """The observable of a name.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    name = argument("observable", name, Text("the name of an observable"))
    if name not in REGISTRY:
        raise SettingError(f"unknown observable {shown(name)}: {nearest(name, REGISTRY)}")
    return REGISTRY[name]


__all__ = ["REGISTRY", "Fold", "Moment", "Observable", "Snapshot", "observable", "register"]
