"""What every setting shares: typed fields, checked at construction, with a meaning and a unit."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import functools
import math
import numbers
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from gatednet.declarations import Declaration, withdraw
from gatednet.refusal import SettingError, shown
from gatednet.scalars import python_list, python_scalar

# The largest size of an array along one dimension, in XLA.
LARGEST_SIZE = 2**31 - 1
LARGEST_SEED = 2**32 - 1


class FieldRule:
    """What a field or an argument may hold.

    `convert` turns a value into the type that is meant, if it can, and `allows` judges the result.
    The text of a rule says what is allowed. What is allowed is plain Python, so that it can be stored and read again.
    """

    def convert(self, value: Any) -> Any:
        """The value in the type that is meant, or as it is."""
        return python_scalar(value)

    def allows(self, value: Any) -> bool:
        """Whether a field may hold the value."""
        raise NotImplementedError

    def allowed(self, value: Any) -> str:
        """What is allowed, in the message that refuses a value."""
        return str(self)


def refusal(name: str, value: Any, rule: FieldRule) -> SettingError:
    """The error of a value that a rule does not allow."""
    check_plain(name, value)
    return SettingError(f"{name} is {shown(value)}, allowed is {rule.allowed(value)}")


def check_plain(name: str, value: Any) -> None:
    """Raise `SettingError` where JAX traces a value, or an entry of a list of values."""
    if isinstance(value, Tracer):
        raise SettingError(
            f"{name} is traced by JAX, allowed are plain values; the function that jax.jit, jax.vmap, jax.grad and "
            "jax.jvp can transform is gatednet.final"
        )
    if isinstance(value, tuple | list):
        for each in value:
            check_plain(name, each)


def argument(name: str, value: Any, rule: FieldRule) -> Any:
    """An argument of a function as a rule has it, by the same conversion as a field of a setting.

    **Raises** `SettingError` where the rule does not allow it.
    """
    converted = rule.convert(value)
    if not rule.allows(converted):
        raise refusal(name, converted, rule)
    return converted


@dataclasses.dataclass(frozen=True)
class Number(FieldRule):
    """The rule of a field that holds a finite real number; such fields can be swept without compiling again."""

    low: float = -math.inf
    high: float = math.inf
    low_allowed: bool = True
    infinite: bool = False
    """Whether infinity is allowed as well."""

    def __str__(self) -> str:
        low = "" if self.low == -math.inf else f"{'at least' if self.low_allowed else 'above'} {self.low:g}"
        high = "" if self.high == math.inf else f"at most {self.high:g}"
        allowed = " ".join(["a finite number", " and ".join(filter(None, [low, high]))]).strip()
        return f"{allowed}, or inf" if self.infinite else allowed

    def convert(self, value: Any) -> Any:
        value = python_scalar(value)
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            return value
        try:
            return float(value)
        except OverflowError:
            return value

    def allows(self, value: Any) -> bool:
        if type(value) is not float or not (math.isfinite(value) or (self.infinite and value == math.inf)):
            return False
        return self.low <= value <= self.high and (self.low_allowed or value > self.low)


@dataclasses.dataclass(frozen=True)
class Whole(FieldRule):
    """The rule of a field that holds a whole number; such fields fix shapes, so each value compiles once.

    `reason` says why there is a largest one.
    """

    low: int
    high: int = LARGEST_SIZE
    reason: str = "sizes are counted in 32 bits"

    def __str__(self) -> str:
        return f"a whole number, at least {self.low}"

    def allows(self, value: Any) -> bool:
        return type(value) is int and self.low <= value <= self.high

    def allowed(self, value: Any) -> str:
        if type(value) is int and value > self.high:
            return f"{self} and at most {self.high}: {self.reason}"
        return str(self)


SEED = Whole(0, LARGEST_SEED, "seeds have 32 bits")


@dataclasses.dataclass(frozen=True)
class Choice(FieldRule):
    """The rule of a field that holds one of a few values, of one type."""

    options: tuple[Any, ...]

    def __str__(self) -> str:
        return _one_of(self.options)

    def allows(self, value: Any) -> bool:
        return any(type(value) is type(option) and value == option for option in self.options)


@dataclasses.dataclass(frozen=True)
class Text(FieldRule):
    """The rule of an argument that holds a string; `what` says which."""

    what: str

    def __str__(self) -> str:
        return self.what

    def allows(self, value: Any) -> bool:
        return type(value) is str


@dataclasses.dataclass(frozen=True)
class Instance(FieldRule):
    """The rule of an argument that holds an object of a type."""

    kind: type

    def __str__(self) -> str:
        return f"an instance of {self.kind.__name__}"

    def convert(self, value: Any) -> Any:
        return value

    def allows(self, value: Any) -> bool:
        return isinstance(value, self.kind)


@dataclasses.dataclass(frozen=True)
class Optional(FieldRule):
    """The rule of an argument that may also be left out, as None."""

    rule: FieldRule

    def __str__(self) -> str:
        return str(self.rule)

    def convert(self, value: Any) -> Any:
        return None if value is None else self.rule.convert(value)

    def allows(self, value: Any) -> bool:
        return value is None or self.rule.allows(value)

    def allowed(self, value: Any) -> str:
        return self.rule.allowed(value)


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
    # A chain of a few choices: NumPy's own function takes five times as long to trace.
    return functools.reduce(
        lambda rest, place: jnp.where(places == place, numbers[place], rest), range(len(numbers) - 1), numbers[-1]
    )


@dataclasses.dataclass(frozen=True)
class Words(FieldRule):
    """The rule of a field that holds a `Word`; such fields can be swept without compiling again."""

    options: tuple[str, ...]

    def __str__(self) -> str:
        return _one_of(self.options)

    def convert(self, value: Any) -> Any:
        value = python_scalar(value)
        return Word(value, self.options) if isinstance(value, str) and value in self.options else value

    def allows(self, value: Any) -> bool:
        return isinstance(value, Word)


@dataclasses.dataclass(frozen=True)
class Nested(FieldRule):
    """The rule of a field that holds (possibly nested) tuples of values of one kind."""

    item: FieldRule
    depth: int

    def __str__(self) -> str:
        return f"lists nested {self.depth} deep, each entry {self.item}"

    def convert(self, value: Any) -> Any:
        return self._convert(value, self.depth)

    def _convert(self, value: Any, depth: int) -> Any:
        if depth == 0:
            return self.item.convert(value)
        values = python_list(value)
        return tuple(self._convert(each, depth - 1) for each in values) if isinstance(values, list) else value

    def allows(self, value: Any) -> bool:
        return self._allows(value, self.depth)

    def _allows(self, value: Any, depth: int) -> bool:
        if depth == 0:
            return self.item.allows(value)
        return isinstance(value, tuple) and all(self._allows(each, depth - 1) for each in value)


@dataclasses.dataclass(frozen=True)
class Parts(FieldRule):
    """The rule of a field that holds a tuple of settings of one kind."""

    kind: type[Setting]

    def __str__(self) -> str:
        return f"a list of instances of {self.kind.__name__}"

    def convert(self, value: Any) -> Any:
        values = python_list(value)
        return tuple(values) if isinstance(values, list) else value

    def allows(self, value: Any) -> bool:
        return isinstance(value, tuple) and all(isinstance(each, self.kind) for each in value)


def _one_of(options: Sequence[Any]) -> str:
    return "one of " + ", ".join(repr(option) for option in options)


# The key of the metadata of fields that texts leave out where they have their default.
OPTIONAL = "optional"


def field(default: Any, rule: FieldRule, meaning: str, units: str = "1", *, optional: bool = False) -> Any:
    """A field of a setting.

    `meaning` and `units` are read by the documentation and by every page that lets a user change the value. An
    `optional` field is given by its name only, and TOML leaves it out where it has its default: a kind can gain such
    fields, and files and stores written before mean the same.
    """
    metadata = {"rule": rule, "meaning": meaning, "units": units, OPTIONAL: optional}
    return eqx.field(default=rule.convert(default), kw_only=optional, metadata=metadata)


def part(default: Any, kind: type, meaning: str | None = None, *, optional: bool = False) -> Any:
    """A field that holds a setting of a kind; `optional` as for `field`."""
    metadata = {"rule": Instance(kind), OPTIONAL: optional, **({} if meaning is None else {"meaning": meaning})}
    return eqx.field(default=default, kw_only=optional, metadata=metadata)


_ModuleType: Any = type(eqx.Module)
_rebuilding: contextvars.ContextVar[bool] = contextvars.ContextVar("rebuilding", default=False)


@contextlib.contextmanager
def rebuilding() -> Iterator[None]:
    """A context in which settings are made of checked ones within a trace: of numbers that cannot be compared."""
    before = _rebuilding.set(True)
    try:
        yield
    finally:
        _rebuilding.reset(before)


class _Checked(_ModuleType):
    """The type of settings: what they are built of is converted and checked before anybody else sees it."""

    def __call__(cls, *values: Any, **named: Any) -> Any:  # noqa: N805  # pyright: ignore[reportSelfClsParameterName] - of a metaclass
        if _rebuilding.get():
            return super().__call__(*values, **named)
        fields = dataclasses.fields(cls)
        rules = {each.name: each.metadata["rule"] for each in fields if "rule" in each.metadata}
        places = [each.name for each in fields if not each.kw_only]
        given = list(values)
        for place, (name, value) in enumerate(zip(places, values, strict=False)):
            if name in rules:
                given[place] = argument(f"{cls.__name__}.{name}", value, rules[name])
        for name, value in named.items():
            if name in rules:
                named[name] = argument(f"{cls.__name__}.{name}", value, rules[name])
        return super().__call__(*given, **named)


class Setting(eqx.Module, metaclass=_Checked):
    """A part of an experiment in plain Python values: immutable, hashable, equal by value, checked when built.

    What a class says about its behaviour, such as `isotropic`, is a declaration, and the class that starts a family of
    parts lists them in `DECLARATIONS`. A class that overrides one of the behaviours without the declaration does not
    inherit it, since it was made for another behaviour: the family's cautious default takes its place.
    """

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {}

    if not TYPE_CHECKING:
        # Methods are Python's own: Equinox makes a module of each that is asked for, which took a quarter of a small
        # simulation, and JAX's loops refuse such a module where it holds numbers of runs.
        __getattribute__ = object.__getattribute__

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        withdraw(cls)

    def summary(self) -> str:
        """What it is in a short phrase, as captions say it: here its kind and its fields."""
        fields = ", ".join(
            f"{each.name} = {_phrase(getattr(self, each.name))}"
            for each in dataclasses.fields(self)
            if not (each.metadata.get(OPTIONAL) and getattr(self, each.name) == each.default)
        )
        return f"{type(self).__name__} with {fields}" if fields else type(self).__name__


def _phrase(value: Any) -> str:
    if isinstance(value, Setting):
        return f"({value.summary()})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_phrase, value))})"
    return f"{value:g}" if isinstance(value, float) else str(value)


def is_traced(leaf: Any) -> bool:
    """Whether a leaf of a setting is one that can change without compiling again."""
    return isinstance(leaf, float | Word)


def parts_in(value: Any) -> Iterator[Setting]:
    """A setting and all settings in it, each before those in it."""
    if isinstance(value, Setting):
        yield value
        for each in dataclasses.fields(value):
            yield from parts_in(getattr(value, each.name))
    elif isinstance(value, tuple):
        # A list of lists of numbers may be long, and holds no part.
        if value and isinstance(value[0], Setting):
            for each in value:
                yield from parts_in(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from parts_in(each)
