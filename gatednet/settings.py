"""What every setting shares: typed fields, checked at construction, with a meaning and a unit."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array


class SettingError(ValueError):
    """A setting that cannot be used; its text is one line: what, where, what is allowed."""


@dataclasses.dataclass(frozen=True)
class Number:
    """The rule of a field that holds a finite real number; such fields can be swept without compiling again."""

    low: float = -math.inf
    high: float = math.inf
    low_allowed: bool = True

    def __str__(self) -> str:
        low = "" if self.low == -math.inf else f"{'at least' if self.low_allowed else 'above'} {self.low:g}"
        high = "" if self.high == math.inf else f"at most {self.high:g}"
        return " ".join(["a finite number", " and ".join(filter(None, [low, high]))]).strip()

    def convert(self, value: Any) -> Any:
        return float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else value

    def allows(self, value: Any) -> bool:
        if not isinstance(value, float) or not math.isfinite(value):
            return False
        return self.low <= value <= self.high and (self.low_allowed or value > self.low)


@dataclasses.dataclass(frozen=True)
class Whole:
    """The rule of a field that holds a whole number; such fields fix shapes, so each value compiles once."""

    low: int

    def __str__(self) -> str:
        return f"a whole number, at least {self.low}"

    def convert(self, value: Any) -> Any:
        return int(value) if isinstance(value, numbers.Integral) and not isinstance(value, bool) else value

    def allows(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= self.low


@dataclasses.dataclass(frozen=True)
class Choice:
    """The rule of a field that holds one of a few values, of one type."""

    options: tuple[Any, ...]

    def __str__(self) -> str:
        return _one_of(self.options)

    def convert(self, value: Any) -> Any:
        return value

    def allows(self, value: Any) -> bool:
        return any(type(value) is type(option) and value == option for option in self.options)


class Word(str):
    """One of a few words, `options`, that do no more than set a number."""

    __slots__ = ("options",)
    options: tuple[str, ...]

    def __new__(cls, text: str, options: tuple[str, ...]) -> Word:
        word = super().__new__(cls, text)
        word.options = options
        return word

    def __getnewargs__(self) -> tuple[str, tuple[str, ...]]:
        return str(self), self.options

    def places(self, words: Any) -> np.ndarray:
        """The place of each word among the options, as floating-point numbers."""
        return np.asarray(np.argmax(np.asarray(words)[..., None] == np.asarray(self.options), axis=-1), np.float64)


def number_of(word: Any, numbers: Sequence[float]) -> Any:
    """The number that a word sets: a number for each of its options, or for each run the one at its place, (runs,)."""
    if isinstance(word, Word):
        return numbers[word.options.index(word)]
    places: Array = word
    return jnp.select([places == place for place in range(len(numbers))], list(numbers))


@dataclasses.dataclass(frozen=True)
class Words:
    """The rule of a field that holds a `Word`; such fields can be swept without compiling again."""

    options: tuple[str, ...]

    def __str__(self) -> str:
        return _one_of(self.options)

    def convert(self, value: Any) -> Any:
        return Word(value, self.options) if isinstance(value, str) and value in self.options else value

    def allows(self, value: Any) -> bool:
        return isinstance(value, Word)


@dataclasses.dataclass(frozen=True)
class Nested:
    """The rule of a field that holds (possibly nested) tuples of numbers or of whole numbers."""

    item: Number | Whole
    depth: int

    def __str__(self) -> str:
        return f"lists nested {self.depth} deep, each entry {self.item}"

    def convert(self, value: Any) -> Any:
        return self._convert(value, self.depth)

    def _convert(self, value: Any, depth: int) -> Any:
        if depth == 0:
            return self.item.convert(value)
        if isinstance(value, str | Mapping) or not hasattr(value, "__iter__"):
            return value
        return tuple(self._convert(each, depth - 1) for each in value)

    def allows(self, value: Any) -> bool:
        return self._allows(value, self.depth)

    def _allows(self, value: Any, depth: int) -> bool:
        if depth == 0:
            return self.item.allows(value)
        return isinstance(value, tuple) and all(self._allows(each, depth - 1) for each in value)


@dataclasses.dataclass(frozen=True)
class Parts:
    """The rule of a field that holds a tuple of settings of one kind."""

    kind: type[Setting]

    def __str__(self) -> str:
        return f"a list of instances of {self.kind.__name__}"

    def convert(self, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    def allows(self, value: Any) -> bool:
        return isinstance(value, tuple) and all(isinstance(each, self.kind) for each in value)


def _one_of(options: Sequence[Any]) -> str:
    return "one of " + ", ".join(repr(option) for option in options)


@runtime_checkable
class Rule(Protocol):
    """What a field may hold: `convert` makes the best of a value, `allows` judges it, and its text says what is."""

    def convert(self, value: Any) -> Any:
        """The value in the type that is meant, or as it is."""

    def allows(self, value: Any) -> bool:
        """Whether a field may hold the value."""
        ...


def field(default: Any, rule: Rule, meaning: str, units: str = "1") -> Any:
    """A field of a setting.

    `meaning` and `units` are read by the documentation and by every page that lets a user change the value.
    """
    return eqx.field(
        default=default,
        converter=rule.convert,
        metadata={"rule": rule, "meaning": meaning, "units": units},
    )


class Setting(eqx.Module):
    """A part of an experiment in plain Python values: immutable, hashable, equal by value, checked when built."""

    def __check_init__(self) -> None:
        for each in dataclasses.fields(self):
            rule = each.metadata.get("rule")
            value = getattr(self, each.name)
            if rule is not None and not rule.allows(value):
                raise SettingError(f"{type(self).__name__}.{each.name} is {value!r}, allowed is {rule}")


def is_traced(leaf: Any) -> bool:
    """Whether a leaf of a setting is one that can change without compiling again."""
    return isinstance(leaf, float | Word)
