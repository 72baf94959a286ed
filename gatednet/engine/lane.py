"""`Lane`: runs that are advanced together, and `evolve`, the loop over their steps."""

from __future__ import annotations

import functools
from typing import Any, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Int

from gatednet.arrays.counts import quotient, remainder
from gatednet.arrays.rows import Blocks, Cut, Rows, add, total
from gatednet.arrays.state import State, flat
from gatednet.curricula.base import Schedule
from gatednet.dynamics.dynamics import Dynamics
from gatednet.dynamics.problem import Problem
from gatednet.dynamics.reduction import Basis
from gatednet.engine.loop import gathered
from gatednet.engine.save import COMPLETED, DIVERGED, RESULT, RESULT_STEP, Save
from gatednet.engine.shipped import is_shipped
from gatednet.inputs.examples import Examples
from gatednet.kernels.choice import advanced
from gatednet.kernels.kernel import Kernel
from gatednet.kernels.parts import parts_by
from gatednet.observables import Course, Ending, History, Moment, Observable, Snapshot, Span
from gatednet.observables.recorders.base import Clock, Kept, Shown
from gatednet.rules.base import RuleState


class Lane(eqx.Module):
    """Runs that are advanced together, all arrays with the runs as last axis.

    `basis` is that of a reduced problem, None where nothing is lifted; `examples` are those that labelled inputs come
    from, shared by the runs.
    """

    dynamics: Dynamics
    schedule: Schedule
    problem: Problem
    basis: Basis | None = None
    examples: Examples | None = None


class Carry(eqx.Module):
    """What changes from step to step.

    `finite` counts the steps that each run began with finite parameters, `kept` is what recorders keep, by observable.
    """

    state: State | Rows
    memory: RuleState
    finite: Int[Array, " runs"]
    kept: dict[str, Kept]


class Loop(eqx.Module):
    """The loop over the steps of a lane, in segments that end at a switch or at a save.

    `recorded` are the observables that are shown every step, `kernel` is what compiles a segment, or
    parts of its steps.
    """

    lane: Lane
    span: Span
    recorded: tuple[Observable, ...]
    kernel: Kernel = eqx.field(static=True, default="xla")

    def start(self) -> Carry:
        lane = self.lane
        rows = lane.dynamics.rows(lane.problem.state)
        return Carry(
            lane.dynamics.carried(lane.problem.state),
            lane.dynamics.experiment.rule.start(rows, lane.dynamics.rates),
            jnp.zeros(self.course.runs, jnp.int32),
            {each.name: self.started(each) for each in self.recorded},
        )

    @property
    def course(self) -> Course:
        """What recorders know before the first step."""
        first = jax.tree.leaves(self.lane.problem.state)[0]
        return Course(self.lane.dynamics, self.lane.schedule, self.span, first.shape[-1], first.dtype)

    def started(self, each: Observable) -> Kept:
        """What the recorder of an observable keeps before the first value."""

        def first_value() -> Array:
            before, step = Loop(self.lane, self.span, ()).start(), jnp.zeros((), jnp.int32)
            if each.recorder.shown == "save":
                return each.function(self.snapshot(before, step))
            moment, _ = self.moment(
                before,
                self.course.clock(step),
                self.lane.dynamics.blocks(self.target(step)[1]),
                self.seen(step),
            )
            return each.function(moment)

        # To trace a step takes long, and nearly all that is shown every step is a scalar.
        scalar = each.recorder.scalars_only or not each.dims
        shape = (self.course.runs,) if scalar else jax.eval_shape(first_value).shape
        return each.recorder.start(self.course, shape)

    @property
    def shipped(self) -> bool:
        """Whether the step is made of parts of this package alone.

        Only of these it is known that a penalty of strength zero, left out, changes no multiply-add of the others
        (tests/gatednet/test_kernel_registers.py).
        """
        return not self.recorded and is_shipped(self.lane.dynamics.experiment)

    def target(self, step: Array) -> tuple[Array, Array]:
        """The weights of the tasks at a step, and the target map."""
        experiment, teachers = self.lane.dynamics.experiment, self.lane.problem.teachers
        tasks, outputs, *_ = teachers.shape
        weights = experiment.curriculum.task_weights(self.lane.schedule, step, self.lane.problem.key, (tasks, outputs))
        return weights, self.lane.dynamics.target(teachers, weights)

    def penalised(self, step: Array) -> Any:
        """Which runs are under their penalties at a step, for `Objective.during`; None where all are, always."""
        return jax.tree.map(lambda first: step < first, self.lane.schedule.release)

    @property
    def group(self) -> int:
        """How many steps one draw of inputs serves."""
        return self.lane.dynamics.experiment.inputs.steps_per_draw(self.lane.dynamics.network.inputs)

    def draw(self, group: Array) -> Any:
        """The random numbers of the inputs of a group of steps."""
        lane, inputs = self.lane, self.lane.dynamics.network.inputs
        return lane.dynamics.experiment.inputs.draw(lane.problem.key, group.astype(jnp.uint32), inputs, lane.examples)

    def evidence(self, drawn: Any, step: Array) -> Any:
        """What a step sees of its inputs."""
        dynamics = self.lane.dynamics
        inputs = dynamics.experiment.inputs
        return (inputs.factor if dynamics.network.linear else inputs.samples)(drawn, remainder(step, self.group))

    def seen(self, step: Array) -> Any:
        """`evidence` of a draw for this step alone."""
        return self.evidence(self.draw(quotient(step, self.group)), step)

    def snapshot(self, carry: Carry, step: Array) -> Snapshot:
        """The lane before a step. The end of the run is seen with the task of its last step."""
        dynamics, teachers = self.lane.dynamics, self.lane.problem.teachers
        task_weights, shown = self.target(jnp.minimum(step, self.span.steps - 1))
        target = dynamics.blocks(shown)
        rows, state = dynamics.rows(carry.state), dynamics.state(carry.state)
        everything = dynamics.experiment.inputs.everything(self.lane.examples)
        if everything is None and not dynamics.network.linear:
            # The loss that is expected over all inputs has no closed form: it is that on the batch of the next step.
            loss = dynamics.task_loss(rows, target, self.seen(step))
        else:
            loss = dynamics.task_loss(rows, target, everything)

        # To trace a step takes as long as all the rest of a save, and few observables ask for it.
        @functools.cache
        def ahead() -> tuple[State, Array]:
            evidence, clock = self.seen(step), self.course.clock(step).in_block
            after, _, batch_loss = dynamics.step(rows, carry.memory, target, evidence, clock, self.penalised(step))
            change = jax.tree.map(lambda after, before: after - before, dynamics.network.join(after), state)
            return jax.tree.map(lambda each: each / dynamics.experiment.dt, change), batch_loss

        return Snapshot(dynamics, state, teachers, task_weights, self.lane.basis, loss, step, everything, ahead)

    def advance(self, carry: Carry, start: Array, stop: Array) -> Carry:
        """The lane at step `stop`, from that at `start`."""
        curriculum, schedule = self.lane.dynamics.experiment.curriculum, self.lane.schedule

        def segment(at: tuple[Array, Carry]) -> tuple[Array, Carry]:
            step, carry = at
            end = jnp.minimum(stop, curriculum.next_change(schedule, step))
            _, target = self.target(step)
            clock = self.course.clock(step)
            entered = {each.name: each.recorder.enter(carry.kept[each.name], clock) for each in self.recorded}
            entering = eqx.tree_at(_kept, carry, entered)
            dynamics = self.lane.dynamics
            if dynamics.experiment.inputs.exact and dynamics.cut is not Cut.STACK:
                zeros = dynamics.experiment.objective.often_zero if self.shipped else ()
                current = advanced(self.kernel, _stretch, entering, self, step, end, target, often_zero=zeros)
            else:
                # A step on random inputs, or of many paths, is too large for registers; what takes its time are draws,
                # products, and sums over paths.
                with parts_by(self.kernel):
                    current = _stretch(entering, self, step, end, target)
            left = {
                each.name: each.recorder.leave(carry.kept[each.name], current.kept[each.name], clock)
                for each in self.recorded
            }
            return end, eqx.tree_at(_kept, current, left)

        return jax.lax.while_loop(lambda at: at[0] < stop, segment, (start, carry))[1]

    def step(self, carry: Carry, step: Array, target: Blocks, evidence: Any) -> Carry:
        """The lane one step later; recorders keep what `enter` gave."""
        clock = self.course.clock(step)
        moment, memory = self.moment(carry, clock, target, evidence)
        sizes = {"runs": self.course.runs}

        def value(each: Observable) -> Array:
            return each.checked(each.function(moment), each.own_dims, sizes.get)

        kept = {each.name: each.recorder.see(carry.kept[each.name], value(each), clock) for each in self.recorded}
        return Carry(self.lane.dynamics.carried(moment.after), memory, carry.finite + self.finite(carry), kept)

    def moment(self, carry: Carry, clock: Clock, target: Blocks, evidence: Any) -> tuple[Moment, RuleState]:
        """A step, and what the rule remembers after it."""
        dynamics = self.lane.dynamics
        before, penalised = dynamics.rows(carry.state), self.penalised(clock.step)
        after, memory, loss = dynamics.step(before, carry.memory, target, evidence, clock.in_block, penalised)
        return Moment(dynamics, loss, before, after, target, evidence), memory

    def finite(self, carry: Carry) -> Array:
        """Whether each run is still among the finite numbers, (runs,).

        One group is enough where the network knows which overflows first, since what is lost stays lost.
        """
        dynamics = self.lane.dynamics
        first = dynamics.network.overflows_first
        rows = dynamics.rows(carry.state)
        if first is not None:
            return jnp.isfinite(total(rows.blocks(first)))
        return jnp.isfinite(add(total((block,)) for block in rows.blocks()))

    def taken(self, carry: Carry) -> Array:
        """The number of steps that each run took and ended with finite parameters, (runs,)."""
        return carry.finite - 1 + self.finite(carry)

    def finished(self, each: Observable, kept: Kept, ending: Ending) -> Array:
        """The result of an observable."""
        sizes = {**each.recorder.sizes(self.span, each.dims), "runs": self.course.runs}
        return each.checked(each.recorder.finish(kept, self.course, ending), each.all_dims, sizes.get)


def _stretch(carry: Carry, loop: Loop, start: Array, end: Array, shown: Array) -> Carry:
    """The lane at step `end`, from that at `start`, with one target map all the while: draw by draw, step by step."""
    target = loop.lane.dynamics.blocks(shown)

    def with_draw(drawn: Any, first: Array, last: Array, carry: Carry) -> Carry:
        return jax.lax.fori_loop(
            first, last, lambda step, carry: loop.step(carry, step, target, loop.evidence(drawn, step)), carry
        )

    def one_draw(at: tuple[Array, Carry]) -> tuple[Array, Carry]:
        step, carry = at
        group = quotient(step, loop.group)
        last = jnp.minimum(end, (group + 1) * loop.group)
        return last, with_draw(loop.draw(group), step, last, carry)

    if loop.group >= loop.span.steps:
        # One draw serves all steps, if there is any.
        return with_draw(loop.draw(jnp.zeros((), jnp.int32)), start, end, carry)
    return jax.lax.while_loop(lambda at: at[0] < end, one_draw, (start, carry))[1]


def evolve(lane: Lane, save: Save, blocks: int, kernel: Kernel = "xla") -> dict[str, Array]:
    """Run a lane through all its steps.

    Returns the observables by name, each with its `all_dims` and the runs last, and for every run the result code and
    the number of steps that it took with finite parameters. `blocks` is the size of the dimension "block"; blocks
    that a run does not reach are NaN, and so is everything of a run from the step on at which it is no longer finite.
    """
    span = save.span(lane.dynamics.experiment, blocks)
    steps = span.steps
    shown = {to: tuple(each for each in save.chosen if each.recorder.shown == to) for to in get_args(Shown)}
    loop = Loop(lane, span, shown["step"], kernel)

    def one_save(index: Array, carry: tuple[Carry, dict[str, Kept]]) -> tuple[Any, tuple[dict[str, Array], Array]]:
        moving, kept = carry
        start = index * save.every
        snapshot = loop.snapshot(moving, start)
        alive = loop.taken(moving) == start

        def value(each: Observable) -> Array:
            values = each.checked(each.function(snapshot), each.own_dims, snapshot.size_of)
            return jnp.where(alive, values, jnp.nan if jnp.issubdtype(values.dtype, jnp.floating) else -1)

        clock = loop.course.clock(start)
        kept = {each.name: each.recorder.see(kept[each.name], value(each), clock) for each in shown["save"]}
        moving = loop.advance(moving, start, jnp.minimum(start + save.every, steps))
        values = {each.name: value(each) for each in shown["all saves"]}
        return (moving, kept), (values, flat(snapshot.state) if shown["history"] else jnp.zeros(0))

    started = {each.name: loop.started(each) for each in shown["save"]}
    (carry, kept), (values, states) = gathered(one_save, (loop.start(), started), span.saves)
    length = lane.schedule.block_steps if lane.schedule.starts is None else jnp.zeros_like(lane.schedule.block_steps)
    history = History(states, length, save.every) if shown["history"] else None
    sizes = {"step": span.saves, "runs": loop.course.runs}

    def past(each: Observable) -> Array:
        found = each.function(history)
        # Where there is a value for each save: a missing dimension would be filled up.
        return each.checked(found, each.all_dims, sizes.get) if each.recorder.dims == ("step",) else found

    values |= {each.name: past(each) for each in shown["history"]}
    clock = loop.course.clock(jnp.asarray(steps, jnp.int32))
    kept |= carry.kept | {
        each.name: each.recorder.see(None, values[each.name], clock) for each in save.chosen if each.name in values
    }
    taken = loop.taken(carry)
    ending = Ending(carry.finite, taken)
    results = {
        **{each.name: loop.finished(each, kept[each.name], ending) for each in save.chosen},
        RESULT: jnp.where(taken == steps, COMPLETED, DIVERGED).astype(jnp.int8),
        RESULT_STEP: taken,
    }
    save.check_sizes({name: values.shape for name, values in results.items()})
    return results


def _kept(carry: Carry) -> dict[str, Kept]:
    return carry.kept
