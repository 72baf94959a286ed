"""`Save`: what is saved of a run, and how it ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from gatednet.experiment import STEPS, Experiment
from gatednet.observables import Observable, Span, observable
from gatednet.settings import Nested, SettingError, Text, argument

_NAMES = Nested(Text("the name of an observable"), 1)

# Result codes of a run.
COMPLETED, DIVERGED = 0, 1
RESULTS = {COMPLETED: "completed", DIVERGED: "diverged"}
# Names under which they are saved, with every run.
RESULT, RESULT_STEP = "result", "result_step"


@dataclasses.dataclass(frozen=True)
class Save:
    """What is saved of a run.

    `observables` are names of `gatednet.observables.REGISTRY`, `every` is the number of steps between saves; the first
    save is the initial state, the last the final one.

    **Raises** `SettingError` for unknown observables, with the nearest known one, and where `every` is below 1.
    """

    observables: tuple[str, ...]
    every: int
    chosen: tuple[Observable, ...] = dataclasses.field(init=False, repr=False, compare=False)
    """The observables themselves, as they were registered when this was built."""

    def __post_init__(self) -> None:
        names = argument("save", self.observables, _NAMES)
        object.__setattr__(self, "observables", names)
        object.__setattr__(self, "every", argument("every", self.every, STEPS))
        if not names:
            raise SettingError("nothing is saved: allowed are one or more observables")
        object.__setattr__(self, "chosen", tuple(observable(name) for name in names))
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise SettingError(f"observable {name!r} is named twice")
            seen.add(name)

    def __reduce__(self) -> tuple[type[Save], tuple[tuple[str, ...], int]]:
        # Functions of observables need not be importable, and names are looked up anew.
        return Save, (self.observables, self.every)

    def current(self) -> Save:
        """The same names and the observables that they name now.

        **Raises** `SettingError` where a name is no longer known.
        """
        return Save(self.observables, self.every)

    def check(self, experiment: Experiment) -> None:
        """Raise `SettingError` where the saves do not divide a run, or observables are not of its kind of tasks."""
        if experiment.steps % self.every:
            raise SettingError(f"saves every {self.every} steps do not divide a run of {experiment.steps} steps")
        others = "maps" if experiment.labelled else "labels"
        for each in self.chosen:
            if each.of == others:
                raise SettingError(
                    f"observable {each.name!r} is of tasks that are {others}, and those of "
                    f"{type(experiment.teachers).__name__} are not"
                )

    def check_sizes(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise `SettingError` where observables share a dimension and differ in its size.

        `shapes` are those of what is saved, by name, with the runs last.
        """
        first: dict[str, tuple[str, int]] = {}
        for each in self.chosen:
            for dim, size in zip(each.all_dims, shapes[each.name], strict=False):
                name, known = first.setdefault(dim, (each.name, size))
                if known != size:
                    raise SettingError(
                        f"observable {each.name!r} has the size {size} along {dim!r} and {name!r} has {known}, allowed "
                        "is one size, or another name for the dimension"
                    )

    @property
    def by_blocks(self) -> bool:
        """Whether anything is saved of each block."""
        return any(each.recorder.by_blocks for each in self.chosen)

    @property
    def keeps_history(self) -> bool:
        """Whether the parameters at all saves are kept while a run lasts."""
        return any(each.recorder.shown == "history" for each in self.chosen)

    def span(self, experiment: Experiment, blocks: int = 0) -> Span:
        """The length of a run in steps, saves and blocks."""
        return Span(experiment.steps, self.every, blocks)
