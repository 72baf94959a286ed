"""`Observable`: the one place where a measured quantity's name, dimensions, units and meaning are written."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, Literal, get_args

import jax.numpy as jnp
from jax import Array

from gatednet.dynamics.reduction import Lifted
from gatednet.observables.folds import Fold
from gatednet.observables.recorders.base import Recorder, Shown
from gatednet.observables.recorders.blocks import Blocks
from gatednet.observables.recorders.end import End
from gatednet.observables.recorders.history import OfHistory
from gatednet.observables.recorders.saves import Saves
from gatednet.observables.recorders.steps import EveryStep
from gatednet.refusal import SettingError, nearest, shown
from gatednet.settings import Choice, Instance, Nested, Text, argument

_DIMS = Nested(Text("the name of a dimension"), 1)
_LIFTED = Choice((False, True, "rows"))
# Dimensions that are not a quantity's own: those that say when it is there, and of which run.
_LEADING = ("step", "every_step", "block", "seed")

Of = Literal["all", "maps", "labels"]
When = Literal["saves", "history", "steps", "blocks", "end"]
# The recorders that have a name; that of "blocks" is made of the fold.
_NAMED: dict[str, Recorder] = {"saves": Saves(), "history": OfHistory(), "steps": EveryStep(), "end": End()}
SizeOf = Callable[[str], int | None]


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

    `dims` are the further dimensions. `lifted` says that maps are needed in the original coordinates; "rows" that inner
    products of the same row of several maps are enough, which takes less time (`Snapshot.by_rows`). `of` says of which
    tasks it can be measured: of all, of those that are linear maps, or of those about labels. `bounds` are the ends of
    a scale that shows it, for quantities that mean the same in every experiment: a cosine of what is learned is shown
    from 0 to 1, though it may be negative. `written_out` says that sums of `function` are chains of operations, as
    those of `gatednet.arrays.rows.summed`, and so have the same last bits in lanes of any width.

    The shape of what `function` returns is compared with `dims` when a simulation is traced.

    **Raises** `SettingError` where a name is no string, for dimensions that are named twice or are those of saves,
    steps, blocks or seeds, for another `lifted` or `when`, for a recorder that cannot be hashed or does not say what it
    is shown, and for a fold where nothing is folded or none where something is.
    """

    name: str
    long_name: str
    function: Callable[..., Array]
    dims: tuple[str, ...] = ()
    units: str = "1"
    when: When | Recorder = "saves"
    lifted: Lifted = False
    fold: Fold | None = None
    of: Of = "all"
    bounds: tuple[float, float] | None = None
    written_out: bool = False

    def __post_init__(self) -> None:
        name = argument("name of an observable", self.name, Text("a string"))
        dims = argument(f"dims of observable {name!r}", self.dims, _DIMS)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "dims", dims)
        argument(f"lifted of observable {name!r}", self.lifted, _LIFTED)
        argument(f"written_out of observable {name!r}", self.written_out, Choice((False, True)))
        if isinstance(self.when, Recorder):
            _check_recorder(self.when)
        elif self.when not in get_args(When):
            raise SettingError(f"observable {shown(name)} has when = {shown(self.when)}: {_allowed(self.when)}")
        if (self.fold is None) == (self.when == "blocks"):
            wrong = "no fold" if self.fold is None else "a fold"
            raise SettingError(
                f"observable {shown(name)} has {wrong} and when = {shown(self.when)}, allowed is a fold with "
                'when = "blocks", and with nothing else'
            )
        for place, dim in enumerate(dims):
            if dim in (*_LEADING, *self.recorder.dims) or dim in dims[:place]:
                why = "named twice" if dim in dims[:place] else "a dimension of the simulation's own"
                raise SettingError(f"observable {name!r}: dimension {dim!r} is {why}, allowed is another name")

    @functools.cached_property
    def recorder(self) -> Recorder:
        """What records it."""
        if isinstance(self.when, Recorder):
            return self.when
        return _NAMED[self.when] if self.fold is None else Blocks(self.fold)

    @property
    def own_dims(self) -> tuple[str, ...]:
        """The dimensions of what `function` returns at one step or save, before the runs."""
        return () if self.recorder.scalars_only else self.dims

    def checked(self, values: Any, dims: tuple[str, ...], size_of: SizeOf) -> Array:
        """What `function` returned, as an array of the dimensions `dims` and of the runs.

        `size_of` gives the size of a dimension, None where any is allowed.

        **Raises** `SettingError` with the expected and the found shape where they differ.
        """
        names = (*dims, "runs")
        wanted = tuple(size_of(name) for name in names)
        sizes = ["any" if size is None else str(size) for size in wanted]
        expected = f"({', '.join(names)}) = ({', '.join(sizes)}{',' * (len(sizes) == 1)})"
        try:
            array = jnp.asarray(values)
        except (TypeError, ValueError):
            raise SettingError(
                f"observable {self.name!r} returned {shown(values)}, expected is an array of the shape {expected}"
            ) from None
        fits = array.ndim == len(names) and all(
            size in (None, found) for size, found in zip(wanted, array.shape, strict=True)
        )
        if not fits:
            raise SettingError(f"observable {self.name!r} returned the shape {array.shape}, expected is {expected}")
        if not any(jnp.issubdtype(array.dtype, kind) for kind in (jnp.floating, jnp.signedinteger, jnp.bool_)):
            raise SettingError(
                f"observable {self.name!r} returned the number type {array.dtype}, allowed are real numbers, signed "
                "whole numbers and truth values"
            )
        return array

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
    """Make observables known by their names; one of the same name is replaced.

    **Raises** `SettingError` for anything but observables.
    """
    for each in observables:
        argument("observable", each, Instance(Observable))
    REGISTRY.update({each.name: each for each in observables})


def observable(name: str) -> Observable:
    """The observable of a name.

    **Raises** `SettingError` for an unknown name, with the nearest known one.
    """
    name = argument("observable", name, Text("the name of an observable"))
    if name not in REGISTRY:
        raise SettingError(f"unknown observable {shown(name)}: {nearest(name, REGISTRY)}")
    return REGISTRY[name]
