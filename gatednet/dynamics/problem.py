"""`draw`: everything that is random at the start of a run, made explicit as arrays."""

from __future__ import annotations

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, UInt32

from gatednet.arrays.state import State
from gatednet.experiment import Experiment
from gatednet.networks.base import Network
from gatednet.random.threefry import folded_in
from gatednet.shield import GENERATOR
from gatednet.starts.base import InitialState
from gatednet.teachers.base import TeacherSet

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


class Origin(eqx.Module):
    """The parts of an experiment that the start of a run depends on."""

    initial: InitialState
    teachers: TeacherSet
    network: Network

    @classmethod
    def of(cls, experiment: Experiment) -> Origin:
        """The parts of one experiment, or of one of its halves."""
        return cls(experiment.initial, experiment.teachers, experiment.network)


# The names of these parts: runs that agree in them and in their seed share one draw.
DRAWN_FROM = tuple(each.name for each in dataclasses.fields(Origin))


def draw(origin: Origin, seed: int | Array = 0, stream: int | Array = 0) -> Problem:
    """The problem of one seed, as a pure function; `gatednet.draw` is the one that gives the bits of a simulation.

    A seed gives the same random numbers whatever else is in the experiment, so that experiments of one seed are paired.
    Another `stream` gives the same seed independent ones. Floats of the origin may be traced.
    """
    seeds = {
        INITIAL: SHARED_SEED if origin.initial.shared else seed,
        TEACHERS: SHARED_SEED if origin.teachers.shared else seed,
        DATA: seed,
    }
    folded = seeds.values(), seeds, [stream] * len(seeds)
    words = folded_in(*(jnp.stack([jnp.asarray(each, jnp.uint32) for each in column]) for column in folded))
    key = dict(zip(seeds, jax.random.wrap_key_data(words, impl=GENERATOR), strict=True))
    teachers = origin.teachers.draw(key[TEACHERS], origin.network)
    return Problem(
        origin.initial.draw_for(seeds[INITIAL], key[INITIAL], origin.network, teachers),
        teachers,
        jax.random.key_data(key[DATA]),
    )
