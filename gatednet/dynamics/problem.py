"""`draw`: everything that is random at the start of a run, made explicit as arrays."""

from __future__ import annotations

import equinox as eqx
import jax
from jax import Array
from jaxtyping import Float, UInt32

from gatednet.arrays.state import State
from gatednet.experiment import Experiment
from gatednet.shield import GENERATOR

# Purposes of random numbers, folded into the key of the seed. Stored results depend on them: never renumber.
INITIAL, TEACHERS, DATA = 0, 1, 2
# The seed of teachers that all seeds share.
SHARED_SEED = 0


class Problem(eqx.Module):
    """One run before its first step.

    `state` holds the initial weights and gates, `teachers` is (tasks, outputs, inputs), `key` holds the two words of
    the key of the data, (2,). In a lane all have the runs as a further, last axis. A reduced problem has other
    outputs and inputs. Chosen states enter here: replace `state` or `teachers` with `equinox.tree_at`.
    """

    state: State
    teachers: Float[Array, "tasks outputs columns *runs"]
    key: UInt32[Array, " 2 *runs"]


def draw(experiment: Experiment, seed: int | Array = 0, stream: int | Array = 0) -> Problem:
    """The problem of one seed, as a pure function; `gatednet.draw` is the one that gives the bits of a simulation.

    A seed gives the same random numbers whatever else is in the experiment, so that experiments of one seed are paired.
    Another `stream` gives the same seed independent ones. Floats of the experiment may be traced.
    """

    def key(of: int | Array, purpose: int) -> Array:
        return jax.random.fold_in(jax.random.fold_in(jax.random.key(of, impl=GENERATOR), purpose), stream)

    teacher_seed = SHARED_SEED if experiment.teachers.shared else seed
    initial_seed = SHARED_SEED if experiment.initial.shared else seed
    teachers = experiment.teachers.draw(key(teacher_seed, TEACHERS), experiment.network)
    return Problem(
        experiment.initial.draw_for(initial_seed, key(initial_seed, INITIAL), experiment.network, teachers),
        teachers,
        jax.random.key_data(key(seed, DATA)),
    )
