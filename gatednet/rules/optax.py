"""Optimisers of optax as rules."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import Array

from gatednet.arrays.block_clock import BlockClock
from gatednet.arrays.groups import STANDARD
from gatednet.arrays.rows import Rows
from gatednet.refusal import SettingError, shown
from gatednet.rules.base import Gradient, Rates, Rule, RuleState
from gatednet.scalars import python_scalar
from gatednet.settings import FieldRule, Number, Text, argument, field, is_traced, refusal
from gatednet.shield import shielded

if TYPE_CHECKING:
    import optax


@jax.tree_util.register_pytree_with_keys_class
class Options(Mapping[str, Any]):
    """Named values that cannot change: the arguments of an optimiser."""

    def __init__(self, values: Mapping[str, Any] | None = None, **named: Any) -> None:
        given = {**(values or {}), **named}
        self._values = {name: python_scalar(given[name]) for name in sorted(given)}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __repr__(self) -> str:
        return f"Options({self._values!r})"

    def tree_flatten_with_keys(self) -> tuple[list[tuple[Any, Any]], tuple[str, ...]]:
        return [(jax.tree_util.DictKey(name), value) for name, value in self.items()], tuple(self)

    @classmethod
    def tree_unflatten(cls, names: tuple[str, ...], values: Any) -> Options:
        # JAX puts into it what it likes.
        made = cls()
        made._values = dict(zip(names, values, strict=True))
        return made


@dataclasses.dataclass(frozen=True)
class NamedValues(FieldRule):
    """The rule of a field that holds `Options`: numbers, truth values and strings by their names."""

    def __str__(self) -> str:
        return "a table of values by their names"

    def convert(self, value: Any) -> Any:
        return Options(value) if isinstance(value, Mapping) and all(isinstance(name, str) for name in value) else value

    def allows(self, value: Any) -> bool:
        return isinstance(value, Options)


@dataclasses.dataclass(frozen=True)
class Scalar(FieldRule):
    """The rule of a value that can be written to a file and read again: a finite number, a truth value or a string."""

    def __str__(self) -> str:
        return "a single value"

    def allows(self, value: Any) -> bool:
        return type(value) in (bool, int, str) or Number().allows(value)

    def allowed(self, value: Any) -> str:
        return str(Number()) if isinstance(value, float) else str(self)


_OPTIMISER = Text("an optimiser of optax with a learning rate")


class Optax(Rule):
    """An optimiser of optax for each group, named as there: "sgd", "adam", "rmsprop", ...

    The learning rate of a group is dt / its time constant, so that `Optax("sgd", "sgd")` is Euler's rule. For other
    optimisers the time constant has that meaning only: with momentum m the effective time constant is (1 - m) tau,
    and for those that normalise the gradient, such as adam, parameters move at most about dt / tau a step, whatever
    the loss. Further arguments go into `weights_options` and `gates_options`; floats among them can be swept.
    """

    weights: str = field("sgd", _OPTIMISER, "optimiser of the weights")
    gates: str = field("sgd", _OPTIMISER, "optimiser of the gates")
    weights_options: Options = field(Options(), NamedValues(), "further arguments of the optimiser of the weights")
    gates_options: Options = field(Options(), NamedValues(), "further arguments of the optimiser of the gates")

    def __check_init__(self) -> None:
        for group in ("weights", "gates"):
            name, options = getattr(self, group), getattr(self, f"{group}_options")
            function = getattr(_optax(), name, None)
            if function is None or "learning_rate" not in _arguments(function):
                raise refusal(f"Optax.{group}", name, _OPTIMISER)
            for option, value in options.items():
                allowed = [each for each in _arguments(function) if each != "learning_rate"]
                if option not in allowed:
                    raise SettingError(
                        f"Optax.{group}_options names {shown(option)}, allowed for {name} are {', '.join(allowed)}"
                    )
                argument(f"Optax.{group}_options.{option}", value, Scalar())
            reason = _obstacle(name, options)
            if reason is not None:
                raise SettingError(
                    f"Optax.{group}_options is {shown(dict(options))}, allowed are values that {name} can use: {reason}"
                )

    @property
    def isotropic(self) -> bool:
        # Plain and momentum steps are linear in the gradient; nothing is known of the others.
        return self.weights == "sgd"

    @property
    def limits(self) -> Mapping[str, float]:
        groups = {"weights": (self.weights, self.weights_options), "gates": (self.gates, self.gates_options)}
        return {group: 2.0 for group, (name, options) in groups.items() if name == "sgd" and not options}

    def start(self, rows: Rows, rates: Rates) -> RuleState:
        return {
            name: self._over_runs(name, lambda transform, values: transform.init(values), rates[name], values)
            for name, values in rows
        }

    def update(
        self, rows: Rows, gradient: Gradient, memory: RuleState, rates: Rates, clock: BlockClock
    ) -> tuple[Rows, RuleState]:
        def step(transform: optax.GradientTransformation, values: Any, slope: Any, kept: Any) -> Any:
            change, kept = transform.update(slope, kept, values)
            return _optax().apply_updates(values, change), kept

        found = {
            name: self._over_runs(name, step, rates[name], values, gradient.here[name], memory[name])
            for name, values in rows
        }
        return Rows(**{name: moved for name, (moved, _) in found.items()}), {
            name: kept for name, (_, kept) in found.items()
        }

    def _over_runs(self, name: str, function: Any, rate: Array, *arguments: Any) -> Any:
        """A function of one run's transform, applied to every run: some transforms take norms over all parameters."""
        group = name if name in STANDARD else "weights"
        options = getattr(self, f"{group}_options")
        runs = rate.shape[-1]

        def one_run(rate: Array, options: Options, *arguments: Any) -> Any:
            transform = getattr(_optax(), getattr(self, group))(learning_rate=rate, **options)
            return function(transform, *arguments)

        traced = jax.tree.map(lambda value: getattr(value, "ndim", 0) == 1 and value.shape[-1] == runs, options)
        axes = jax.tree.map(lambda each: -1 if each else None, traced)
        return jax.vmap(one_run, in_axes=(-1, axes, *[-1] * len(arguments)), out_axes=-1)(rate, options, *arguments)


def _optax() -> Any:
    """The library, imported where a rule needs it: all kinds of rules are known before an experiment is read."""
    import optax

    return optax


@functools.lru_cache(maxsize=256)
def _obstacle(name: str, options: Options) -> str | None:
    """Why an optimiser cannot make a step with its options; None where it can."""
    value = jax.ShapeDtypeStruct((2,), np.float32)
    rate = jax.ShapeDtypeStruct((), np.float32)
    # Floats are traced here as they are in a simulation.
    floats = {option: rate for option, given in options.items() if is_traced(given)}

    def step(value: Array, rate: Array, floats: dict[str, Array]) -> Any:
        transform = getattr(_optax(), name)(learning_rate=rate, **{**options, **floats})
        return transform.update(value, transform.init(value), value)

    try:
        with shielded(double=False):
            jax.eval_shape(step, value, rate, floats)
    except Exception as error:  # whatever it is that optax, or what it calls, finds wrong
        return str(error).partition("\n")[0]
    return None


def _arguments(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
