"""`final`: the end of a run as a function that JAX can differentiate, map and compile."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from gatednet.curricula.base import Schedule
from gatednet.dynamics.dynamics import Dynamics
from gatednet.dynamics.problem import DRAWN_FROM, Origin, draw
from gatednet.dynamics.reduction import basis_for, network_of, reduce
from gatednet.dynamics.stability import warn
from gatednet.engine.batch import REDUCED, counts_blocks, most_blocks, reduced_by
from gatednet.engine.lane import Carry, Lane, Loop
from gatednet.engine.save import Save
from gatednet.engine.size import check_size
from gatednet.experiment import (
    Experiment,
    check_precision,
    merge,
    paths,
    require_path,
    schedule_of,
    static_half,
    trace,
    with_leaves,
    with_values,
)
from gatednet.inputs.examples import Examples
from gatednet.observables import Observable, Span
from gatednet.refusal import SettingError, nearest, shown
from gatednet.scalars import python_list
from gatednet.settings import SEED, Instance, Optional, argument
from gatednet.shield import shielded


def final(
    experiment: Experiment,
    values: Mapping[str, Any],
    observables: Sequence[str] = ("alignment",),
    seed: int | Array = 0,
    *,
    reduced: bool | None = None,
    examples: Examples | None = None,
) -> dict[str, Array]:
    """Observables at the end of one run, as a pure function of real numbers of its experiment.

    `values` are numbers at dotted paths, which replace those of the experiment. The function may stand within
    `jax.jit`, `jax.vmap`, `jax.grad` (reverse mode), `jax.jvp` (forward mode) and what is made of them, by `values` as
    by arrays that they are computed from; `seed` may be traced too, as by `jax.vmap`. For example
    `jax.grad(lambda time: final(experiment, {"timescales.gates": time}, ("loss",))["loss"])(0.03)` is the slope of the
    final loss by the time constant of the gates.

    Returns an array for each name, of the dimensions that the observable has beside "step". `observables` are names of
    those that `simulate` saves at single saves, or averages over the last of them; the latter are those of the last
    save, as `simulate` gives them with `every = steps`. The numbers are those of `simulate`'s last save up to rounding:
    the step is the same function, but it is compiled for a lane of one run. The precision is that of JAX, single or
    with `jax.enable_x64` double.

    The run goes through its steps in scans of fixed lengths. In reverse mode about 2 √steps states are kept, and the
    others are computed again, so that memory grows with the root of the number of steps. With 20 000 steps of the
    default experiment in single precision a compiled gradient takes 315 KiB and the time of about four runs, and 17 KiB
    with `Population`, where the run is reduced (`benchmarks/gradient.py`).

    Times that are counted in whole steps before anything is traced cannot be among `values`: `dt`,
    `curriculum.block_length` and `objective.until` are set with `with_values`. The derivative is that of the discrete
    steps with the same random numbers; where a step has a kink, such as a gate at 0, it is that of one side. What
    depends on a value through random choices or comparisons alone, such as `inputs.label_noise`, has the derivative 0.

    A run that leaves the finite numbers has NaN as results and as derivatives. Numbers that are traced are not compared
    with the ranges that are allowed for them; others are.

    `reduced` and `examples` are those of `simulate`. The reduction is never made where `values` change the start of the
    run, at paths of `initial`, `teachers` or `network`: its basis would move with them, and has no derivative where
    they make maps dependent.

    **Warns** `StiffnessWarning` where no value is traced and steps are too long for a constraint.

    **Raises** `SettingError` for paths that hold no real number or are counted in steps, for values that are not single
    numbers, for observables of single steps or blocks or of all saves, and for whatever `simulate` refuses.
    """
    argument("experiment", experiment, Instance(Experiment))
    argument("values", values, Instance(Mapping))
    argument("examples", examples, Optional(Instance(Examples)))
    reduced = argument("reduced", reduced, REDUCED)
    for path in values:
        _check_path(experiment, path)
    traced = {path: value for path, value in values.items() if isinstance(value, Tracer)}
    experiment = with_values(experiment, {path: value for path, value in values.items() if path not in traced})
    save = _save(experiment, observables)
    is_reduced = _is_reduced(experiment, values, reduced)
    dtype = jnp.zeros(()).dtype
    with shielded(dtype == np.float64):
        check_precision(experiment, dtype)
        check_size(experiment, save, 1, 1, 1, 0, is_reduced, dtype)
        experiment.inputs.check_examples(examples, experiment.network)
        if not traced:
            warn(experiment)
        given = trace(experiment, {}, 1, dtype)
        blocks = most_blocks(experiment.steps, given.schedule.block_steps) if counts_blocks(experiment, save) else 0
        program = _program(static_half(experiment), save.chosen, blocks, is_reduced)
        numbers = with_leaves(given.values, {path: _number(path, value, dtype) for path, value in traced.items()})
        return program(numbers, given.schedule, _seed(seed), examples)


def _check_path(experiment: Experiment, path: Any) -> None:
    """Raise `SettingError` where a path holds no real number, or one that is counted in steps."""
    found = require_path(experiment, path)
    known = [each for each, leaf in paths(experiment).items() if type(leaf) is float]
    if path not in known:
        raise SettingError(f"{path} is {shown(found)} and no real number: {nearest(path, known)}")
    if _is_counted(experiment, path):
        raise SettingError(
            f"{path} is counted in whole steps before anything is traced, and cannot be among the values: set it with "
            "with_values"
        )


def _is_counted(experiment: Experiment, path: str) -> bool:
    """Whether a number has a part in the schedule."""
    found = []

    def schedule(value: Array) -> None:
        found.extend(jax.tree.leaves(schedule_of(experiment, {path: value})))

    try:
        jax.eval_shape(schedule, jax.ShapeDtypeStruct((), jnp.float32))
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError):
        return True
    return any(isinstance(each, Tracer) for each in found)


def _save(experiment: Experiment, observables: Sequence[str]) -> Save:
    """The observables of a single save at the end."""
    names = python_list(observables)
    save = Save(tuple(names) if isinstance(names, list) else names, experiment.steps)
    save.check(experiment)
    for each in save.chosen:
        if not each.recorder.at_last_save:
            raise SettingError(
                f"observable {each.name!r} depends on more of a run than its last save, allowed are those of a single "
                "save"
            )
    return save


def _is_reduced(experiment: Experiment, values: Mapping[str, Any], reduced: bool | None) -> bool:
    moving = [path for path in values if path.partition(".")[0] in DRAWN_FROM]
    if moving and reduced:
        raise SettingError(f"cannot be reduced: {moving[0]} is among the values, and moves the basis of the reduction")
    return reduced_by(experiment, False if moving else reduced)


def _number(path: str, value: Tracer, dtype: Any) -> Array:
    """A traced value as an array (1,), for the one run of a lane."""
    real = jnp.issubdtype(value.dtype, jnp.floating) or jnp.issubdtype(value.dtype, jnp.integer)
    if value.ndim or not real:
        raise SettingError(
            f"{path} is an array of the shape {value.shape} and type {value.dtype}, allowed is a real number; several "
            "go through jax.vmap"
        )
    return jnp.asarray(value, dtype)[None]


def _seed(seed: Any) -> Any:
    if not isinstance(seed, Tracer):
        return np.uint32(argument("seed", seed, SEED))
    if seed.ndim or not jnp.issubdtype(seed.dtype, jnp.integer):
        raise SettingError(
            f"seed is an array of the shape {seed.shape} and type {seed.dtype}, allowed is a whole number; several go "
            "through jax.vmap"
        )
    return seed.astype(jnp.uint32)


@functools.lru_cache(32)
def _program(static: Experiment, chosen: tuple[Observable, ...], blocks: int, reduced: bool) -> Any:
    """The run from its numbers, schedule, seed and examples to the observables at its end."""

    def run(values: Experiment, schedule: Schedule, seed: Array, examples: Examples | None) -> dict[str, Array]:
        alone = merge(static, jax.tree.map(lambda array: array[0], values))
        problem, basis = draw(Origin.of(alone), seed), None
        if reduced:
            problem, basis = reduce(alone, problem)
            basis = basis_for(alone.network, basis, [each.lifted for each in chosen])
        problem, basis = jax.tree.map(lambda array: array[..., None], (problem, basis))
        experiment = merge(static, values)
        dynamics = Dynamics(experiment, network_of(experiment, reduced))
        schedule = dynamics.experiment.curriculum.draw(schedule, problem.key, blocks)
        lane = Lane(dynamics, schedule, problem, basis, examples)
        loop = Loop(lane, Span(static.steps, static.steps), ())
        return _seen(loop, _ended(loop), chosen)

    return jax.jit(run)


def _ended(loop: Loop) -> Carry:
    """A run after all its steps: scans within scans, of which reverse mode keeps the states in between."""
    steps, group = loop.span.steps, loop.group
    once = loop.draw(jnp.zeros((), jnp.int32)) if group >= steps else None
    # Steps that share a draw; where all do, it is made once and for all.
    piece = 1 if group >= steps else _divisor(group, math.isqrt(steps))

    def one_step(carry: Carry, step: Array, drawn: Any) -> Carry:
        target = loop.lane.dynamics.blocks(loop.target(step)[1])
        return loop.step(carry, step, target, loop.evidence(drawn, step))

    def some_steps(carry: Carry, first: Array, number: int) -> Carry:
        drawn = once if group >= steps else loop.draw(first // group)
        if number == 1:
            return one_step(carry, first, drawn)
        places = first + jnp.arange(number, dtype=jnp.int32)
        return jax.lax.scan(lambda carry, step: (one_step(carry, step, drawn), None), carry, places)[0]

    def stretch(carry: Carry, first: int, outer: int, inner: int, number: int) -> Carry:
        """`outer` times `inner` times `number` steps from step `first` on."""

        @jax.checkpoint
        def one(carry: Carry, start: Array) -> tuple[Carry, None]:
            return some_steps(carry, start, number), None

        @jax.checkpoint
        def many(carry: Carry, start: Array) -> tuple[Carry, None]:
            return jax.lax.scan(one, carry, start + number * jnp.arange(inner, dtype=jnp.int32))

        return jax.lax.scan(many, carry, first + inner * number * jnp.arange(outer, dtype=jnp.int32))[0]

    carry, first = loop.start(), 0
    for outer, inner, number in _stretches(steps, piece):
        carry = stretch(carry, first, outer, inner, number)
        first += outer * inner * number
    return carry


def _stretches(steps: int, piece: int) -> list[tuple[int, int, int]]:
    """All steps as a few products outer × inner × number, with numbers of `piece` and outer about as large as inner.

    There is one product where the factors can be close to each other, and else one for what is left over, which is
    compiled apart.
    """
    pieces, last = divmod(steps, piece)
    root = math.isqrt(pieces)
    inner = _divisor(pieces, 2 * root)
    if 2 * inner < root:
        inner = root
    outer, rest = divmod(pieces, inner)
    return [each for each in ((outer, inner, piece), (1, rest, piece), (1, 1, last)) if math.prod(each)]


def _divisor(number: int, most: int) -> int:
    """The largest divisor of a number that is at most `most`, which is 1 or more."""
    return max(each for each in range(1, min(number, max(most, 1)) + 1) if number % each == 0)


def _seen(loop: Loop, carry: Carry, chosen: tuple[Observable, ...]) -> dict[str, Array]:
    """The observables at the end of a run."""
    steps = loop.span.steps
    alive = loop.taken(carry)[0] == steps

    def measured(loop: Loop, carry: Carry) -> dict[str, Array]:
        snapshot = loop.snapshot(carry, jnp.asarray(steps, jnp.int32))
        return {each.name: each.checked(each.function(snapshot), each.own_dims, snapshot.size_of) for each in chosen}

    def ended(values: Array) -> Array:
        if not jnp.issubdtype(values.dtype, jnp.floating):
            return jnp.where(alive, values[..., 0], -1)
        # A factor, so that derivatives are NaN as well.
        return values[..., 0] * jnp.where(alive, 1.0, jnp.nan).astype(values.dtype)

    # What has a rule for reverse mode alone is replaced by the first half of the rule, which has both modes.
    values, _ = eqx.filter_vjp(measured, loop, carry)
    return {name: ended(each) for name, each in values.items()}
