"""`Experiment`: everything that defines one kind of run, in plain Python values."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np

from gatednet.curricula.base import Curriculum, Schedule
from gatednet.curricula.blocked import Blocked
from gatednet.declarations import unsaid, withdrawn
from gatednet.inputs.base import Inputs
from gatednet.inputs.gaussian import Gaussian
from gatednet.networks.base import Network
from gatednet.networks.gated_linear import GatedLinear
from gatednet.objectives.base import Objective
from gatednet.refusal import SettingError, nearest, shown
from gatednet.rules.base import Rule
from gatednet.rules.euler import Euler
from gatednet.rules.optax import Options
from gatednet.settings import Instance, Number, Setting, Text, Whole, Word, argument, field, is_traced, part
from gatednet.starts.base import InitialState
from gatednet.starts.gaussian import Initial
from gatednet.teachers.base import TeacherSet
from gatednet.teachers.orthogonal import Teachers
from gatednet.times import MOST_STEPS
from gatednet.timescales import Timescales

# The rule of everything that is counted in steps.
STEPS = Whole(1, MOST_STEPS, "steps are counted in 32 bits")
Part = TypeVar("Part", bound=eqx.Module)


class Experiment(Setting):
    """One kind of run: the network, what it learns and how.

    The defaults are the flexible network of the paper's Figure 2. An experiment is immutable, hashable and equal by
    value; every part is checked when it is built, and `SettingError` names what is wrong, where, and what is allowed.
    """

    network: Network = part(GatedLinear(), Network)
    initial: InitialState = part(Initial(), InitialState)
    teachers: TeacherSet = part(Teachers(), TeacherSet)
    curriculum: Curriculum = part(Blocked(), Curriculum)
    inputs: Inputs = part(Gaussian(), Inputs)
    objective: Objective = part(Objective(), Objective)
    timescales: Timescales = part(Timescales(), Timescales)
    rule: Rule = part(Euler(), Rule)
    dt: float = field(1e-3, Number(0.0, low_allowed=False), "length of a step", "time")
    steps: int = field(20_000, STEPS, "number of steps")

    def __check_init__(self) -> None:
        self._check_labels()
        self._check_network()
        self.inputs.check(self.network)
        self.initial.check(self.network)
        self.teachers.check(self.network)
        self.initial.check_tasks(self.teachers.number)
        self.curriculum.check(self.teachers.number, self.dt)
        self.curriculum.check_outputs(self.network.outputs)
        if self.rule.implicit and not self.objective.knows_constraints:
            raise SettingError(
                f"rule {type(self.rule).__name__} takes constraints implicitly, and objective "
                f"{type(self.objective).__name__} has a penalty of its own without a proximal map"
            )

    @property
    def labelled(self) -> bool:
        """Whether tasks are about labels of examples, which are given to a run beside its experiment."""
        return self.inputs.labelled

    def _check_network(self) -> None:
        kind, groups = type(self.network).__name__, self.network.groups
        times = {each.name for each in dataclasses.fields(self.timescales)}
        for name, group in groups.items():
            if group.timescale not in times:
                raise SettingError(
                    f"the {name} of network {kind} have the time constant {group.timescale!r}, allowed are those of "
                    f"{type(self.timescales).__name__}: {', '.join(sorted(times))}"
                )
        if not self.network.linear and not self.inputs.sampled:
            raise SettingError(
                f"network {kind} is not linear and needs the inputs themselves, and {type(self.inputs).__name__} shows "
                "their second moment alone, allowed is Gaussian with drawn = true"
            )

    def _check_labels(self) -> None:
        parts = {name: getattr(self, name) for name in ("inputs", "objective", "teachers")}
        if len({part.labelled for part in parts.values()}) > 1:
            given = ", ".join(f"{name} {type(part).__name__}" for name, part in parts.items())
            # Of those whose parents have labels, and which may have them too.
            silent = [part for part in parts.values() if withdrawn(type(part), "labelled")]
            remarks = "".join(f"; {unsaid(part, 'labelled')}" for part in silent)
            raise SettingError(f"{given} do not go together, allowed are all with labels or all without{remarks}")
        if self.labelled and self.network.paths_by_teachers:
            raise SettingError(f"{type(self.network).__name__} has no paths, which tasks about labels need")
        if self.labelled and self.initial.of_maps:
            raise SettingError(
                f"{type(self.initial).__name__} has combinations of maps, and the tasks of "
                f"{type(self.teachers).__name__} are about labels"
            )

    @property
    def duration(self) -> float:
        """Length of a run, in units of time."""
        return self.steps * self.dt

    @property
    def block_steps(self) -> int:
        """Steps of a block; of the shortest, where blocks differ."""
        return int(self.curriculum.schedule(self.dt).block_steps)

    @property
    def block_duration(self) -> float:
        """Length of a block in units of time, in whole steps as a run has it."""
        return self.block_steps * self.dt

    @property
    def blocks(self) -> int:
        """Blocks that a run begins, the last of which it may not end."""
        return -(-self.steps // self.block_steps)


PARTS: dict[str, type[Setting]] = {
    each.name: each.metadata["rule"].kind
    for each in dataclasses.fields(Experiment)
    if isinstance(each.metadata["rule"], Instance)
}


def paths(experiment: eqx.Module) -> dict[str, Any]:
    """The values of all leaves of an experiment, or of another tree, by their dotted paths."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(experiment)
    return {_dotted(path): leaf for path, leaf in leaves}


def _dotted(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")


def with_leaves(tree: Any, leaves: Mapping[str, Any]) -> Any:
    """An experiment or another tree with other leaves at some dotted paths, such as arrays; nothing is checked."""
    return jax.tree_util.tree_map_with_path(lambda path, leaf: leaves.get(_dotted(path), leaf), tree)


def field_at(experiment: Setting, path: str, *, in_lists: bool = False) -> dataclasses.Field[Any] | None:
    """The field at a dotted path, with its rule, meaning and units; None where there is none.

    So it is for paths into lists, except with `in_lists`.
    """
    place: Any = experiment
    *above, name = path.split(".")
    for each in above:
        if in_lists and isinstance(place, tuple):
            place = place[int(each)] if each.isdecimal() and int(each) < len(place) else None
        else:
            place = getattr(place, each, None)
    fields = {each.name: each for each in dataclasses.fields(place)} if isinstance(place, Setting) else {}
    return fields.get(name)


def with_values(experiment: Experiment, values: Mapping[str, Any]) -> Experiment:
    """The same experiment with some values changed, by their dotted paths; every check is made again.

    All values are set before the parts are checked against each other. A path may also name a whole part, whose value
    is then the part itself.

    **Raises** `SettingError` for an unknown path, with the nearest known one, and for values that are not allowed.
    """
    argument("values", values, Instance(Mapping))
    for path in values:
        require_path(experiment, path)
        above = itertools.accumulate(path.split(".")[:-1], "{}.{}".format)
        whole = next((other for other in above if other in values), None)
        if whole is not None:
            raise SettingError(f"{path!r} is a part of {whole!r}, allowed is one of the two at a time")
    return _rebuilt(experiment, dict(values))


def require_path(experiment: Experiment, path: Any) -> Any:
    """What is at a dotted path: a value, a part or a list.

    **Raises** `SettingError` where there is nothing, with the nearest path that is known.
    """
    path = argument("path", path, Text("a dotted path"))
    place: Any = experiment
    for name in path.split("."):
        if isinstance(place, tuple) and name in map(str, range(len(place))):
            place = place[int(name)]
        elif isinstance(place, Mapping) and name in place:
            place = place[name]
        elif isinstance(place, Setting) and name in {each.name for each in dataclasses.fields(place)}:
            place = getattr(place, name)
        else:
            known = set(paths(experiment)) | set(PARTS)
            raise SettingError(f"unknown path {shown(path)}: {nearest(path, known)}")
    return place


def _rebuilt(place: Any, values: Mapping[str, Any]) -> Any:
    """`place` rebuilt by its constructor, with the values at dotted paths below it."""
    if "" in values:
        return values[""]
    below: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        name, _, rest = path.partition(".")
        below.setdefault(name, {})[rest] = value
    if isinstance(place, tuple):
        return tuple(_rebuilt(each, below.get(str(i), {})) if str(i) in below else each for i, each in enumerate(place))
    if isinstance(place, Options):
        return Options({name: _rebuilt(place[name], below[name]) if name in below else place[name] for name in place})
    return dataclasses.replace(place, **{name: _rebuilt(getattr(place, name), rest) for name, rest in below.items()})


def check_precision(experiment: Experiment, dtype: Any) -> None:
    """Raise `SettingError` where a float is not allowed any more once it has the precision of a simulation.

    Numbers that are too large become infinite there, and those below the smallest normal one become 0.
    """
    limits = np.finfo(dtype)
    smallest, largest = float(limits.tiny), float(limits.max)
    leaves = (leaf for leaf in jax.tree.leaves(experiment) if type(leaf) is float)
    if all(leaf == 0.0 or smallest <= abs(leaf) <= largest for leaf in leaves):
        return
    for path, leaf in paths(experiment).items():
        if type(leaf) is float and not (leaf == 0.0 or smallest <= abs(leaf) <= largest):
            found = field_at(experiment, path, in_lists=True)
            rule = found.metadata["rule"] if found is not None else Number()
            if not rule.allows(0.0 if abs(leaf) < smallest else math.inf):
                become = "0" if abs(leaf) < smallest else "infinite"
                raise SettingError(
                    f"{path} is {shown(leaf)}, which is {become} in {np.dtype(dtype).name}, allowed is {rule} there"
                )


def static_half(experiment: Experiment) -> Experiment:
    """The experiment without floats and words: hashable, and equal for all experiments that one compilation serves."""
    return eqx.partition(experiment, is_traced)[1]


class Traced(eqx.Module):
    """What a compiled simulation is given of many experiments of one static half, with the runs as last axis.

    `values` is the experiment with NumPy arrays (runs,) for floats, and for words their places among their options,
    and None elsewhere; `schedule` is the curriculum in steps, counted in double precision.
    """

    values: Experiment
    schedule: Schedule


def trace(experiment: Experiment, values: Mapping[str, np.ndarray], runs: int, dtype: Any) -> Traced:
    """The traced half of `runs` experiments that differ from one in the floats and words at some dotted paths.

    This is the only place where they become arrays. `values` are arrays (runs,), of numbers or of words, already
    checked by `with_values`.
    """
    known = [name for name, leaf in paths(experiment).items() if is_traced(leaf)]
    for path in values:
        if path not in known:
            raise SettingError(f"{shown(path)} cannot be traced: {nearest(path, known)}")

    def array(path: Any, leaf: Any) -> Any:
        if not is_traced(leaf):
            return leaf
        given = values.get(_dotted(path), leaf)
        numbers = leaf.places(given) if isinstance(leaf, Word) else np.asarray(given, np.float64)
        return np.broadcast_to(numbers, (runs,))

    exact = jax.tree_util.tree_map_with_path(array, experiment)
    floats = eqx.partition(exact, eqx.is_array)[0]
    return Traced(jax.tree.map(lambda leaf: leaf.astype(dtype), floats), _schedule(exact))


def schedule_of(experiment: Experiment, values: Mapping[str, Any]) -> Schedule:
    """The schedule of experiments that differ from one in the floats at some dotted paths, in double precision.

    `values` are arrays, already checked by `with_values`, that broadcast against each other.
    """
    return _schedule(with_leaves(experiment, values))


def _schedule(exact: Any) -> Schedule:
    return dataclasses.replace(exact.curriculum.schedule(exact.dt), release=exact.objective.ends(exact.dt))


def merge(static: Part, values: Part) -> Part:
    """The experiment, or a part of it, whose floats are arrays: the inverse of cutting it into its halves."""
    return eqx.combine(values, static)
