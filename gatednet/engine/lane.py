"""`Lane`: runs that are advanced together, and `evolve`, the loop over their steps."""

from __future__ import annotations

import functools
from typing import Any, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from gatednet.arrays.rows import Blocks, Rows, total
from gatednet.arrays.state import State, flat
from gatednet.curricula.base import Schedule
from gatednet.dynamics.dynamics import Dynamics
from gatednet.dynamics.problem import Problem
from gatednet.engine.save import COMPLETED, DIVERGED, RESULT, RESULT_STEP, Save
from gatednet.inputs.examples import Examples
from gatednet.observables import BlockClock, History, Moment, Observable, Snapshot, When
from gatednet.rules.base import RuleState


class Lane(eqx.Module):
    """Runs that are advanced together, all arrays with the runs as last axis.

    `basis` is that of a reduced problem, (outputs, inputs, dimensions, runs), None where nothing was reduced;
    `examples` are those that labelled inputs come from, shared by the runs.
    """

    dynamics: Dynamics
    schedule: Schedule
    problem: Problem
    basis: Array | None = None
    examples: Examples | None = None


class _Carry(eqx.Module):
    """What changes from step to step. `finite` counts the steps that each run began with finite parameters."""

    state: State | Rows
    memory: RuleState
    finite: Array
    folds: dict[str, Array]
    traces: dict[str, Array]


class _Loop(eqx.Module):
    """The loop over the steps of a lane, in segments that end at a switch or at a save."""

    lane: Lane
    folded: tuple[Observable, ...]
    traced: tuple[Observable, ...]
    last_step: int

    def start(self, blocks: int) -> _Carry:
        lane = self.lane
        rows = lane.dynamics.rows(lane.problem.state)
        runs, dtype = lane.problem.state.weights.shape[-1], lane.problem.state.weights.dtype
        return _Carry(
            lane.dynamics.carried(rows),
            lane.dynamics.experiment.rule.start(rows, lane.dynamics.rates),
            jnp.zeros(runs, jnp.int32),
            {
                each.name: jnp.full((blocks, *each.fold.shape, runs), each.fold.initial, dtype)
                for each in self.folded
                if each.fold
            },
            {each.name: jnp.zeros((self.last_step + 1, runs), dtype) for each in self.traced},
        )

    def target(self, step: Array) -> tuple[Array, Blocks]:
        """The weights of the tasks at a step, and the map that is asked for."""
        experiment, teachers = self.lane.dynamics.experiment, self.lane.problem.teachers
        tasks, outputs, *_ = teachers.shape
        weights = experiment.curriculum.task_weights(self.lane.schedule, step, self.lane.problem.key, (tasks, outputs))
        return weights, self.lane.dynamics.target(teachers, weights)

    def penalised(self, step: Array) -> Array | None:
        """Which runs are under their penalties at a step; None where all are, always."""
        release = self.lane.schedule.release
        return None if release is None else step < release

    @property
    def group(self) -> int:
        """How many steps one draw of inputs serves."""
        return self.lane.dynamics.experiment.inputs.steps_per_draw(self.lane.dynamics.network.inputs)

    def draw(self, group: Array) -> Any:
        """The random numbers of the inputs of a group of steps."""
        lane, inputs = self.lane, self.lane.dynamics.network.inputs
        return lane.dynamics.experiment.inputs.draw(lane.problem.key, group.astype(jnp.uint32), inputs, lane.examples)

    def factor(self, drawn: Any, step: Array) -> Any:
        """What a step sees of its inputs."""
        return self.lane.dynamics.experiment.inputs.factor(drawn, step % self.group)

    def snapshot(self, carry: _Carry, step: Array) -> Snapshot:
        """The lane before a step. The end of the run is seen with the task of its last step."""
        dynamics, teachers = self.lane.dynamics, self.lane.problem.teachers
        task_weights, target = self.target(jnp.minimum(step, self.last_step))
        rows, state = dynamics.rows(carry.state), dynamics.state(carry.state)
        everything = dynamics.experiment.inputs.everything(self.lane.examples)
        loss = dynamics.task_loss(rows, target, everything)

        # To trace a step takes as long as all the rest of a save, and few observables ask for it.
        @functools.cache
        def ahead() -> tuple[State, Array]:
            factor = self.factor(self.draw(step // self.group), step)
            after, _, batch_loss = dynamics.step(rows, carry.memory, target, factor, self.penalised(step))
            change = jax.tree.map(lambda after, before: after - before, dynamics.network.join(after), state)
            return jax.tree.map(lambda each: each / dynamics.experiment.dt, change), batch_loss

        return Snapshot(dynamics, state, teachers, task_weights, self.lane.basis, loss, step, everything, ahead)

    def advance(self, carry: _Carry, start: Array, stop: Array) -> _Carry:
        """The lane at step `stop`, from that at `start`."""
        curriculum, schedule = self.lane.dynamics.experiment.curriculum, self.lane.schedule

        def segment(at: tuple[Array, _Carry]) -> tuple[Array, _Carry]:
            step, carry = at
            end = jnp.minimum(stop, curriculum.next_change(schedule, step))
            _, target = self.target(step)
            block = curriculum.block(schedule, step)
            current = eqx.tree_at(
                lambda carry: carry.folds,
                carry,
                {name: _of_block(values, block) for name, values in carry.folds.items()},
            )
            current = self.stretch(current, step, end, target)
            merged = {name: _with_block(values, block, current.folds[name]) for name, values in carry.folds.items()}
            return end, eqx.tree_at(lambda carry: carry.folds, current, merged)

        return jax.lax.while_loop(lambda at: at[0] < stop, segment, (start, carry))[1]

    def stretch(self, carry: _Carry, start: Array, end: Array, target: Blocks) -> _Carry:
        """The lane at step `end`, from that at `start`, with one target all the while: draw by draw, step by step."""

        def one_draw(at: tuple[Array, _Carry]) -> tuple[Array, _Carry]:
            step, carry = at
            drawn = self.draw(step // self.group)
            last = jnp.minimum(end, (step // self.group + 1) * self.group)
            return last, jax.lax.fori_loop(
                step, last, lambda step, carry: self.step(carry, step, target, self.factor(drawn, step)), carry
            )

        return jax.lax.while_loop(lambda at: at[0] < end, one_draw, (start, carry))[1]

    def step(self, carry: _Carry, step: Array, target: Blocks, factor: Any) -> _Carry:
        """The lane one step later; the folds of `carry` are those of the current block."""
        dynamics = self.lane.dynamics
        before = dynamics.rows(carry.state)
        after, memory, loss = dynamics.step(before, carry.memory, target, factor, self.penalised(step))
        moment = Moment(dynamics, loss, before, after, target, factor)
        clock = self.clock(step)

        def value(each: Observable) -> Array:
            return each.checked(each.function(moment), (), {"runs": loss.shape[-1]}.get)

        return _Carry(
            dynamics.carried(after),
            memory,
            carry.finite + self.finite(carry),
            {
                each.name: each.fold.update(carry.folds[each.name], value(each), clock)
                for each in self.folded
                if each.fold
            },
            {each.name: carry.traces[each.name].at[step].set(value(each)) for each in self.traced},
        )

    def finite(self, carry: _Carry) -> Array:
        """Whether each run is still among the finite numbers, (runs,).

        Gates overflow first, since their slope is a product of two quantities that grow, and what is lost stays lost.
        """
        gates = self.lane.dynamics.rows(carry.state).gates
        return jnp.isfinite(total(tuple(gate for path in gates for gate in path)))

    def taken(self, carry: _Carry) -> Array:
        """The number of steps that each run took and ended with finite parameters, (runs,)."""
        return carry.finite - 1 + self.finite(carry)

    def clock(self, step: Array) -> BlockClock:
        """Where each run is in its blocks."""
        curriculum, schedule = self.lane.dynamics.experiment.curriculum, self.lane.schedule
        return BlockClock(curriculum.step_in_block(schedule, step), schedule.block_steps)

    def finished(self, each: Observable, carry: _Carry) -> Array:
        """The result of a fold, NaN for blocks that a run did not reach or did not leave with finite numbers."""
        assert each.fold is not None
        kept = carry.folds[each.name]
        length = self.lane.schedule.block_steps
        block = jnp.arange(kept.shape[0])[:, None]
        reached = block <= self.last_step // length
        first = jnp.where(reached, block, 0) * length  # blocks far beyond the end would overflow
        last = jnp.minimum(first + length, self.last_step + 1)
        result = each.fold.finish(kept, last - first, self.clock(first), self.lane.dynamics)
        sizes = {"block": kept.shape[0], "runs": kept.shape[-1]}
        result = each.checked(result, ("block", *each.dims), sizes.get)
        known = reached & (last <= self.taken(carry))
        # The same for all numbers of a block.
        return jnp.where(known.reshape(known.shape[0], *(1,) * (result.ndim - 2), -1), result, jnp.nan)


def evolve(lane: Lane, save: Save, blocks: int) -> dict[str, Array]:
    """Run a lane through all its steps.

    Returns the observables by name, each with its `all_dims` and the runs last, and for every run the result code and
    the number of steps that it took with finite parameters. `blocks` is the size of the dimension "block"; blocks
    that a run does not reach are NaN, and so is everything of a run from the step on at which it is no longer finite.
    """
    steps = lane.dynamics.experiment.steps
    saves = steps // save.every
    chosen = {when: tuple(each for each in save.chosen if each.when == when) for when in get_args(When)}
    loop = _Loop(lane, chosen["blocks"], chosen["steps"], steps - 1)
    first_of_end = saves + 1 - max(1, round((saves + 1) / 10))

    def one_save(carry: tuple[_Carry, dict[str, Array]], index: Array) -> tuple[Any, tuple[dict[str, Array], Array]]:
        moving, ends = carry
        start = index * save.every
        snapshot = loop.snapshot(moving, start)
        alive = loop.taken(moving) == start

        def value(each: Observable) -> Array:
            values = each.checked(each.function(snapshot), each.dims, snapshot.size_of)
            return jnp.where(alive, values, jnp.nan if jnp.issubdtype(values.dtype, jnp.floating) else -1)

        ends = {
            each.name: ends[each.name] + jnp.where(index < first_of_end, 0.0, value(each) / (saves + 1 - first_of_end))
            for each in chosen["end"]
        }
        moving = loop.advance(moving, start, jnp.minimum(start + save.every, steps))
        values = {each.name: value(each) for each in chosen["saves"]}
        return (moving, ends), (values, flat(snapshot.state) if chosen["history"] else jnp.zeros(0))

    def past(each: Observable, history: History) -> Array:
        sizes = {"step": saves + 1, "runs": history.states.shape[-1]}
        return each.checked(each.function(history), ("step", *each.dims), sizes.get)

    zeros = {each.name: jnp.zeros_like(lane.problem.state.weights[0, 0, 0]) for each in chosen["end"]}
    indices = jnp.arange(saves + 1, dtype=jnp.int32)
    (carry, ends), (saved, states) = jax.lax.scan(one_save, (loop.start(blocks), zeros), indices)
    taken = loop.taken(carry)
    alive = indices[:, None] * save.every <= taken
    results = {
        **saved,
        **ends,
        **{
            each.name: jnp.where(alive, past(each, History(states, lane.schedule.block_steps, save.every)), jnp.nan)
            for each in chosen["history"]
        },
        **{each.name: loop.finished(each, carry) for each in chosen["blocks"]},
        **{
            name: jnp.where(jnp.arange(steps)[:, None] < carry.finite, values, jnp.nan)
            for name, values in carry.traces.items()
        },
        RESULT: jnp.where(taken == steps, COMPLETED, DIVERGED).astype(jnp.int8),
        RESULT_STEP: taken,
    }
    save.check_sizes({name: values.shape for name, values in results.items()})
    return results


def _of_block(values: Array, block: Array) -> Array:
    """Each run's entry of its block: (blocks, ..., runs) and (runs,) → (..., runs)."""
    index = jnp.broadcast_to(block, (1, *values.shape[1:]))
    return jnp.take_along_axis(values, index, axis=0)[0]


def _with_block(values: Array, block: Array, entry: Array) -> Array:
    """The inverse of `_of_block`: the same values with each run's entry of its block replaced."""
    number = jnp.arange(values.shape[0]).reshape(-1, *(1,) * (values.ndim - 1))
    return jnp.where(number == block, entry, values)
