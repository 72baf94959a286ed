"""`View`: what a page shows, small enough to be its address."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from gatednet import SettingError
from gatednet.toml import value_of

SCALES = ("linear", "log")
THEMES = ("light", "dark")
MOST_SEEDS = 64
# Lists and tables within each other; no setting has more than a few.
_DEEPEST = 16

Cell = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Span:
    """One axis of the diagram: a path, or the name of an axis of a store, and the range of its values.

    **Raises** `SettingError` where there is no such range.
    """

    path: str
    low: float
    high: float
    scale: str = "linear"

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise SettingError(f"scale of {self.path} is {self.scale!r}, allowed is one of {_listed(SCALES)}")
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise SettingError(f"range of {self.path} is {self.low:g} to {self.high:g}, allowed is an increasing one")
        if self.scale == "log" and self.low <= 0:
            raise SettingError(f"range of {self.path} begins at {self.low:g}, allowed with a log scale is above 0")

    def values(self, number: int) -> np.ndarray:
        """The centres of `number` cells, evenly spaced along the scale."""
        return np.array([self.value((each + 0.5) / number) for each in range(number)])

    def value(self, place: float) -> float:
        """The value at a place along the range, 0 at its low end and 1 at the high one; kept within."""
        place = min(max(place, 0.0), 1.0)
        if self.scale == "log":
            return float(np.clip(self.low * (self.high / self.low) ** place, self.low, self.high))
        return self.low + (self.high - self.low) * place

    def place(self, value: float) -> float:
        """The place of a value along the range; below 0 or above 1 outside of it, NaN where the scale has none."""
        if self.scale == "log":
            return float(np.log(value / self.low) / np.log(self.high / self.low)) if value > 0 else float("nan")
        return (value - self.low) / (self.high - self.low)


@dataclasses.dataclass(frozen=True)
class View:
    """What a page shows: an experiment, a diagram around it, and a cell of the diagram that is pinned beside it.

    `base` is the name of an experiment of the catalog, or that of a store; `changes` are the values that differ from
    it, by their paths. A cell is chosen by changing both. `observable` colours the diagram, `level` is where its
    boundary is drawn, and `seeds` how many runs each cell is the mean of.

    **Raises** `SettingError` for numbers that are not allowed.
    """

    base: str
    x: Span
    y: Span
    observable: str
    level: float
    seeds: int = 4
    changes: tuple[tuple[str, Any], ...] = ()
    pinned: Cell | None = None
    theme: str = "light"

    def __post_init__(self) -> None:
        if self.x.path == self.y.path:
            raise SettingError(f"both axes are {self.x.path}, allowed are two")
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise SettingError(f"seeds is {self.seeds}, allowed is a whole number from 1 to {MOST_SEEDS}")
        if not np.isfinite(self.level):
            raise SettingError(f"level is {self.level}, allowed is a finite number")
        if self.theme not in THEMES:
            raise SettingError(f"theme is {self.theme!r}, allowed is one of {_listed(THEMES)}")

    def changed(self, path: str, value: Any) -> View:
        """The same with another value at a path."""
        return dataclasses.replace(self, changes=tuple(sorted({**dict(self.changes), path: value}.items())))

    def at(self, cell: Cell) -> View:
        """The same with a cell of its diagram chosen."""
        return self.changed(self.x.path, cell[0]).changed(self.y.path, cell[1])

    def values_at(self, cell: Cell | None) -> dict[str, float]:
        """What a cell sets, by paths; nothing where there is none."""
        return {} if cell is None else dict(zip((self.x.path, self.y.path), cell, strict=True))

    @property
    def diagram(self) -> tuple[Any, ...]:
        """All that its diagram depends on: the two paths have a value in each of the cells."""
        return *self.cells, self.seeds, self._others

    @property
    def cells(self) -> tuple[Any, ...]:
        """What its diagram is of: where its cells lie, and the observable. Others have nothing to do with it."""
        return self.base, self.x, self.y, self.observable

    @property
    def chosen(self) -> tuple[Any, ...]:
        """All that the curves of its chosen cell depend on, the base first."""
        return self.base, self.seeds, self.changes

    @property
    def beside(self) -> tuple[Any, ...] | None:
        """All that the curves of its pinned cell depend on, the base first; None where no cell is pinned."""
        if self.pinned is None:
            return None
        return self.base, self.seeds, self.x.path, self.y.path, self.pinned, self._others

    @property
    def _others(self) -> tuple[tuple[str, Any], ...]:
        return tuple(each for each in self.changes if each[0] not in (self.x.path, self.y.path))

    def query(self) -> str:
        """The view as the query of an address."""
        parts: list[tuple[str, str]] = [("base", self.base)]
        parts += [("set", f"{path}={_written(value)}") for path, value in self.changes]
        parts += [(name, _span(getattr(self, name))) for name in ("x", "y")]
        parts += [("show", self.observable), ("level", _written(self.level)), ("seeds", str(self.seeds))]
        parts += [("pin", _cell(self.pinned))] if self.pinned else []
        return urlencode([*parts, ("theme", self.theme)], safe="/,=")


def from_query(arguments: Mapping[str, Sequence[str]], default: View) -> View:
    """The view of the query of an address, its values by name; what is not there is as in `default`.

    **Raises** `SettingError` with the part that is not allowed.
    """
    known = {"base", "set", "x", "y", "show", "level", "seeds", "pin", "theme"}
    given = {name: values for name, values in arguments.items() if name in known}
    if not given:
        return default
    last = {name: values[-1] for name, values in given.items() if name != "set"}
    changes = dict(_change(text) for text in given.get("set", ()))
    return View(
        last.get("base", default.base),
        _read_span("x", last["x"]) if "x" in last else default.x,
        _read_span("y", last["y"]) if "y" in last else default.y,
        last.get("show", default.observable),
        number("level", last["level"]) if "level" in last else default.level,
        whole("seeds", last["seeds"]) if "seeds" in last else default.seeds,
        tuple(sorted(changes.items())),
        _read_cell("pin", last["pin"]) if "pin" in last else None,
        last.get("theme", default.theme),
    )


def _change(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path or not value:
        raise SettingError(f"set is {text!r}, allowed is PATH=VALUE, such as timescales.gates=0.1")
    found = read_value(value)
    if not isinstance(found, bool | int | float | str | list | dict):
        raise SettingError(f"set is {text!r}, allowed are numbers, words, true and false, lists and tables")
    return path, found


def _span(span: Span) -> str:
    return f"{span.path},{_written(span.low)},{_written(span.high)},{span.scale}"


def _read_span(name: str, text: str) -> Span:
    parts = text.split(",")
    if len(parts) != 4:
        raise SettingError(f"{name} is {text!r}, allowed is PATH,LOW,HIGH,SCALE")
    return Span(parts[0], number(name, parts[1]), number(name, parts[2]), parts[3])


def _cell(cell: Cell) -> str:
    return ",".join(_written(each) for each in cell)


def _read_cell(name: str, text: str) -> Cell:
    parts = text.split(",")
    if len(parts) != 2:
        raise SettingError(f"{name} is {text!r}, allowed are two numbers with a comma between them")
    return number(name, parts[0]), number(name, parts[1])


def read_value(text: str) -> Any:
    """The value of a text, as `value_of` reads it; **Raises** `SettingError` where there is none."""
    depth = deepest = 0
    for each in text:
        depth += (each in "[{") - (each in "]}")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise SettingError(f"a value has {deepest} lists within each other, allowed are {_DEEPEST} at most")
    return value_of(text)


def number(name: str, text: str) -> float:
    """The number of a text, such as what was typed; **Raises** `SettingError` where it is none."""
    try:
        return float(text)
    except ValueError:
        raise SettingError(f"{name} is {text!r}, allowed is a number") from None


def whole(name: str, text: str) -> int:
    """The whole number of a text; **Raises** `SettingError` where it is none."""
    try:
        return int(text)
    except ValueError:
        raise SettingError(f"{name} is {text!r}, allowed is a whole number") from None


def _written(value: Any) -> str:
    """A value as `value_of` reads it: a word as it is, anything else as TOML has it, numbers with all their digits."""
    return value if isinstance(value, str) else _toml(value)


def _toml(value: Any) -> str:
    """A value within a line of TOML."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name} = {_toml(each)}' for name, each in value.items())}}}"
    if isinstance(value, float):
        return repr(float(value))
    # Words and truth values are in JSON what they are in TOML.
    return json.dumps(value)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(repr(each) for each in words)
