"""`Network`: parameters, and the linear map that is computed from them (paper, section 2)."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

from jax import Array

from gatednet.arrays.frames import Frame
from gatednet.arrays.rows import Blocks, Cut, Rows
from gatednet.arrays.state import State
from gatednet.declarations import Declaration
from gatednet.settings import Setting


class Network(Setting):
    """A network that computes a linear map of shape (`outputs`, `inputs`) from weights and gates."""

    DECLARATIONS: ClassVar[Mapping[str, Declaration]] = {
        "frame": Declaration(("effective_map", "split", "join", "with_maps")),
        "cut": Declaration(("effective_map", "split", "join")),
        "summary": Declaration(("effective_map",), Setting.summary),
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
    def weight_shape(self) -> tuple[int, ...]:
        """The shape of the weights of one run."""

    @property
    @abc.abstractmethod
    def gate_shape(self) -> tuple[int, ...]:
        """The shape of the gates of one run."""

    @property
    def frame(self) -> Frame | None:
        """In which coordinates the weights stay few; None where in no others, or where a kind says nothing."""
        return None

    def cut(self, exact: bool) -> Cut:
        """How its parameters are cut into blocks; inputs that are not `exact` mix the columns of maps.

        They are whole maps unless a kind says that it works on others.
        """
        del exact
        return Cut.MAPS

    @property
    def gates_are_weights(self) -> bool:
        """Whether what plays the part of the gates is a layer of weights, and so starts as one."""
        return False

    @abc.abstractmethod
    def with_maps(self, outputs: int, inputs: int) -> Network:
        """The same network for maps of another shape."""

    @abc.abstractmethod
    def split(self, state: State, cut: Cut) -> Rows:
        """The parameters of a lane as blocks."""

    @abc.abstractmethod
    def join(self, rows: Rows) -> State:
        """The inverse of `split`."""

    @abc.abstractmethod
    def effective_map(self, rows: Rows) -> Blocks:
        """The linear map that the network computes, in the blocks of `rows.split`."""

    @abc.abstractmethod
    def as_paths(self, state: State, teachers: Array) -> State:
        """The network seen as one of paths with gates.

        `teachers` are (tasks, outputs, inputs, runs). Returns weights (paths, outputs, inputs, runs) and gates (paths,
        runs) or (paths, outputs, runs).
        """

    @abc.abstractmethod
    def layers(self, state: State) -> tuple[Array, Array]:
        """The network seen as one of two layers: (units, inputs, runs) and (outputs, units, runs).

        Units come in the network's own order; where it has paths, path by path, and in a path output by output.
        """

    def as_layers(self, state: State, teachers: Array) -> tuple[Array, Array]:
        """The same with the units path by path, and in a path output by output.

        `teachers` are (tasks, outputs, inputs, runs).
        """
        del teachers
        return self.layers(state)
