"""`Network`: groups of parameters, and the outputs that are computed from them (paper, section 2)."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from gatednet.arrays.frames import Frame
from gatednet.arrays.product import product
from gatednet.arrays.rows import Blocks, Cut, Rows, join
from gatednet.arrays.state import State
from gatednet.declarations import Declaration
from gatednet.settings import Setting, SettingError


class Group(NamedTuple):
    """A group of parameters that learn with one time constant.

    `shape` is that of one run; `timescale` names the time constant, a field of `Experiment.timescales`; `fan_in` is the
    number of inputs of a unit whose weights they are, and None for gates, which start at a value of their own.
    """

    shape: tuple[int, ...]
    timescale: str
    fan_in: int | None = None


class Network(Setting):
    """A network of `outputs` outputs and `inputs` inputs.

    A network of one's own needs `inputs`, `outputs`, `groups` and `respond`; all else says how it can be simulated
    faster or what more can be measured, and is assumed of no network that does not declare it. One that computes a
    linear map is a `LinearNetwork`.
    """

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "linear": Declaration(("respond",)),
        "frame": Declaration(("respond", "effective_map", "split", "join", "with_maps")),
        "cut": Declaration(("respond", "effective_map", "split", "join")),
        "overflows_first": Declaration(("respond", "effective_map", "groups")),
        "summary": Declaration(("respond", "effective_map"), Setting.summary),
    }

    @property
    @abc.abstractmethod
    def inputs(self) -> int:
        """The dimension of the inputs."""

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """The dimension of the outputs."""

    @property
    @abc.abstractmethod
    def groups(self) -> Mapping[str, Group]:
        """Its groups of parameters, by name and in order."""

    @abc.abstractmethod
    def respond(self, rows: Rows, inputs: Float[Array, "inputs batch runs"]) -> Float[Array, "outputs batch runs"]:
        """The outputs for a batch of inputs."""

    @property
    def linear(self) -> bool:
        """Whether the outputs are a linear map of the inputs, so that a batch is felt through its second moment."""
        return False

    def timed_as(self, timescale: str) -> tuple[str, ...]:
        """The groups that have a time constant: those that constraints on "weights" or on "gates" are about."""
        return tuple(name for name, group in self.groups.items() if group.timescale == timescale)

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return sum(math.prod(group.shape) for group in self.groups.values())

    @property
    def units(self) -> int:
        """The number of units that observables see, 0 where it has none."""
        return 0

    def paths_of(self, tasks: int) -> int:
        """The number of paths that observables see with a number of `tasks`, 0 where it has none."""
        return 0

    @property
    def paths_by_teachers(self) -> bool:
        """Whether its paths are found by a match with the teachers' maps."""
        return False

    @property
    def overflows_first(self) -> str | None:
        """The group whose entries overflow before all others where a run diverges; None where that is not known."""
        return None

    @property
    def frame(self) -> Frame | None:
        """The coordinates in which the group "weights" stays few, whatever its numbers are; None where it has none."""
        return None

    def cut(self, exact: bool) -> Cut:
        """How its parameters are cut into blocks; inputs that are not `exact` mix the columns of maps."""
        return Cut.MAPS

    def with_maps(self, outputs: int, inputs: int) -> Network:
        """The same network for maps of another shape. Only of a network with a `frame`."""
        raise NotImplementedError(f"{type(self).__name__} has a frame, and no network in its coordinates")

    def split(self, state: State, cut: Cut) -> Rows:
        """The parameters of a lane as blocks: by default one for each group."""
        return Rows(**{name: ((array,),) for name, array in state})

    def join(self, rows: Rows) -> State:
        """The inverse of `split`."""
        return State(**{name: parts[0][0] for name, parts in rows})

    def error(self, rows: Rows, target: Blocks, evidence: Any) -> Blocks:
        """The difference to the outputs of the map `target`, in blocks: its squares sum to the mean squared error.

        `evidence` is what the step sees of its inputs, here a batch of them, (inputs, batch, runs).
        """
        inputs = evidence.astype(target[0].dtype)
        wanted = product(join(target, (self.outputs, self.inputs, inputs.shape[-1])), inputs)
        return ((self.respond(rows, inputs) - wanted) / math.sqrt(inputs.shape[1]),)

    def classify(self, rows: Rows, examples: Any) -> Float[Array, "*runs outputs batch"]:
        """The outputs for a batch of labelled examples, see `gatednet.inputs.examples.Minibatch`."""
        return jnp.moveaxis(self.respond(rows, examples.columns(rows.blocks()[0].shape[-1])), -1, 0)

    def as_paths(self, state: State, teachers: Float[Array, "tasks outputs columns runs"]) -> State:
        """The network seen as one of paths with gates.

        Returns weights (paths, outputs, inputs, runs) and gates (paths, runs) or (paths, outputs, runs).

        **Raises** `SettingError` where the network has none.
        """
        raise SettingError(f"network {type(self).__name__} has no paths, which an observable needs")

    def layers(self, state: State) -> tuple[Float[Array, "units inputs runs"], Float[Array, "outputs units runs"]]:
        """The network seen as one of two layers.

        Units come in the network's own order; where it has paths, path by path, and in a path output by output.

        **Raises** `SettingError` where the network has none.
        """
        raise SettingError(f"network {type(self).__name__} is not one of two layers, which an observable needs")

    def as_layers(
        self, state: State, teachers: Float[Array, "tasks outputs columns runs"]
    ) -> tuple[Float[Array, "units inputs runs"], Float[Array, "outputs units runs"]]:
        """The same with the units path by path, and in a path output by output."""
        return self.layers(state)


class LinearNetwork(Network):
    """A network that computes a linear map, of shape (`outputs`, `inputs`)."""

    @property
    def linear(self) -> bool:
        return True

    @abc.abstractmethod
    def effective_map(self, rows: Rows) -> Blocks:
        """The linear map that the network computes, in the blocks of `gatednet.arrays.rows.split`."""

    def respond(self, rows: Rows, inputs: Float[Array, "inputs batch runs"]) -> Float[Array, "outputs batch runs"]:
        shape = (self.outputs, self.inputs, inputs.shape[-1])
        return product(join(self.effective_map(rows), shape), inputs)

    def error(self, rows: Rows, target: Blocks, evidence: Float[Array, "inputs columns runs"] | None) -> Blocks:
        """The difference to the map `target` times the factor of the inputs' second moment, `evidence`.

        None is the factor of the identity.
        """
        if not self.linear:
            return super().error(rows, target, evidence)
        shown = tuple(effective - wanted for effective, wanted in zip(self.effective_map(rows), target, strict=True))
        if evidence is None:
            return shown
        (block,) = shown
        return (product(block, evidence.astype(block.dtype)),)

    def classify(self, rows: Rows, examples: Any) -> Float[Array, "*runs outputs batch"]:
        if not self.linear:
            return super().classify(rows, examples)
        (linear,) = self.effective_map(rows)
        return examples.outputs(linear)
