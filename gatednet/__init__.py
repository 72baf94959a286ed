"""Gated linear networks that learn to switch tasks, simulated many runs at once (arXiv 2411.03840)."""

from gatednet.batch import Batch, Packing, Recipe, jitted, pack, recipe, run_batch, unpack
from gatednet.cross_entropy import CrossEntropy
from gatednet.curricula import Blocked, Curriculum, Interleaved, Phase, Phases, Smooth
from gatednet.dynamics import Dynamics
from gatednet.examples import Examples, examples_of
from gatednet.experiment import Experiment, paths, static_half, trace, with_values
from gatednet.features import Features, Imbalanced
from gatednet.initial import ChosenInitial, Initial, InitialState, InTeacherSpace
from gatednet.inputs import Fixed, Gaussian, Inputs, Population
from gatednet.lane import Lane, Save, evolve
from gatednet.networks import DeepLinear, GatedLinear, Network
from gatednet.objectives import Objective, Released
from gatednet.observables import REGISTRY, Observable, observable
from gatednet.permutations import Permutations, ceiling
from gatednet.problem import Problem, draw
from gatednet.reduction import lift, obstacle, reduce, reduced_network
from gatednet.restart import restart
from gatednet.rows import Rows, State
from gatednet.rules import Euler, Optax, Options, Proximal, Rule
from gatednet.settings import Setting, SettingError
from gatednet.simulation import simulate
from gatednet.stability import StiffnessWarning
from gatednet.targets import RowsInTurn, Sum, Target, Task
from gatednet.teachers import ChosenTeachers, IndependentTeachers, SpectralTeachers, Teachers, TeacherSet
from gatednet.timescales import Timescales
from gatednet.toml import from_toml, to_toml
from gatednet.version import __version__

__all__ = [
    "REGISTRY",
    "Batch",
    "Blocked",
    "ChosenInitial",
    "ChosenTeachers",
    "CrossEntropy",
    "Curriculum",
    "DeepLinear",
    "Dynamics",
    "Euler",
    "Examples",
    "Experiment",
    "Features",
    "Fixed",
    "GatedLinear",
    "Gaussian",
    "Imbalanced",
    "InTeacherSpace",
    "IndependentTeachers",
    "Initial",
    "InitialState",
    "Inputs",
    "Interleaved",
    "Lane",
    "Network",
    "Objective",
    "Observable",
    "Optax",
    "Options",
    "Packing",
    "Permutations",
    "Phase",
    "Phases",
    "Population",
    "Problem",
    "Proximal",
    "Recipe",
    "Released",
    "Rows",
    "RowsInTurn",
    "Rule",
    "Save",
    "Setting",
    "SettingError",
    "Smooth",
    "SpectralTeachers",
    "State",
    "StiffnessWarning",
    "Sum",
    "Target",
    "Task",
    "TeacherSet",
    "Teachers",
    "Timescales",
    "__version__",
    "ceiling",
    "draw",
    "evolve",
    "examples_of",
    "from_toml",
    "jitted",
    "lift",
    "observable",
    "obstacle",
    "pack",
    "paths",
    "recipe",
    "reduce",
    "reduced_network",
    "restart",
    "run_batch",
    "simulate",
    "static_half",
    "to_toml",
    "trace",
    "unpack",
    "with_values",
]
