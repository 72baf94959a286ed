"""`Observable`: the one place where a measured quantity's name, dimensions, units and meaning are written."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Literal, get_args

from jax import Array

from gatednet.experiment import nearest
from gatednet.observables.folds import Fold
from gatednet.observables.recorders.base import Recorder, Shown
from gatednet.observables.recorders.blocks import Blocks
from gatednet.observables.recorders.end import End
from gatednet.observables.recorders.history import OfHistory
from gatednet.observables.recorders.saves import Saves
from gatednet.observables.recorders.steps import EveryStep
from gatednet.refusal import SettingError, shown
from gatednet.settings import Text, argument

Of = Literal["all", "maps", "labels"]
When = Literal["saves", "history", "steps", "blocks", "end"]
# The recorders that have a name; that of "blocks" is made of the fold.
_NAMED: dict[str, Recorder] = {"saves": Saves(), "history": OfHistory(), "steps": EveryStep(), "end": End()}


@dataclasses.dataclass(frozen=True)
class Observable:
    """A quantity that can be saved of a run.

    `when` says when it is recorded, and so which dimension comes first and what `function` takes. It is a `Recorder`,
    or the name of one:

    - "saves": `Saves`, at every save, first dimension "step"; `function` takes a `Snapshot` and returns (*dims, runs).
    - "history": `OfHistory`, at every save as well; `function` takes the `History` of all saves and returns (saves,
      *dims, runs).
    - "steps": `EveryStep`, first dimension "every_step"; `function` takes a `Moment` and returns (*dims, runs).
    - "blocks": `Blocks`, folded over the steps of each block, first dimension "block"; `function` takes a `Moment` and
      returns (runs,), `fold` says what becomes of the values.
    - "end": `End`, the mean over the last tenth of the saves, no such dimension; `function` takes a `Snapshot` and
      returns (*dims, runs).

    `dims` are the further dimensions. `lifted` says that maps are needed in the original coordinates. `of` says of
    which tasks it can be measured: of all, of those that are linear maps, or of those about labels. `bounds` are the
    ends of a scale that shows it, for quantities that mean the same in every experiment: a cosine of what is learned is
    shown from 0 to 1, though it may be negative.

    **Raises** `SettingError` for another `when`, for a recorder that cannot be hashed or does not say what it is shown,
    and for a fold where nothing is folded or none where something is.
    """

    name: str
    long_name: str
    function: Callable[..., Array]
    dims: tuple[str, ...] = ()
    units: str = "1"
    when: When | Recorder = "saves"
    lifted: bool = False
    fold: Fold | None = None
    of: Of = "all"
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.when, Recorder):
            _check_recorder(self.when)
        elif self.when not in get_args(When):
            raise SettingError(f"observable {shown(self.name)} has when = {shown(self.when)}: {_allowed(self.when)}")
        if (self.fold is None) == (self.when == "blocks"):
            wrong = "no fold" if self.fold is None else "a fold"
            raise SettingError(
                f"observable {shown(self.name)} has {wrong} and when = {shown(self.when)}, allowed is a fold with "
                'when = "blocks", and with nothing else'
            )

    @functools.cached_property
    def recorder(self) -> Recorder:
        """What records it."""
        if isinstance(self.when, Recorder):
            return self.when
        return _NAMED[self.when] if self.fold is None else Blocks(self.fold)

    @property
    def all_dims(self) -> tuple[str, ...]:
        """All dimensions of the saved array of one run, in order."""
        return (*self.recorder.dims, *self.dims)


def _check_recorder(recorder: Recorder) -> None:
    """Raise `SettingError` where a recorder does not say what it is shown, or cannot be a part of what is compiled."""
    kind = type(recorder).__name__
    if getattr(recorder, "shown", None) not in get_args(Shown):
        found = shown(getattr(recorder, "shown", None))
        raise SettingError(f"recorder {kind} has shown = {found}, allowed are {', '.join(get_args(Shown))}")
    try:
        hash(recorder)
    except TypeError as error:
        raise SettingError(
            f"recorder {kind} cannot be hashed ({error}), allowed is a frozen dataclass of hashable fields"
        ) from None


def _allowed(when: object) -> str:
    if isinstance(when, str):
        return f"{nearest(when, get_args(When))}, or a Recorder"
    return f"allowed are {', '.join(get_args(When))}, or a Recorder"


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
