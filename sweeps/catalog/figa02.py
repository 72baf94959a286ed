"""Figure A2: how fast gates change, for teachers of several ranks (paper, appendix on dimensionality, Figure A2)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.gaussian import Gaussian
from gatednet.inputs.population import Population
from gatednet.networks.gated_linear import GatedLinear
from gatednet.objectives.base import Objective
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.sweep import Sweep
from gatednet.teachers.spectral import SpectralTeachers
from gatednet.timescales import Timescales

SIZE, TASKS = 30, 2
# Singular values of a teacher; those of different teachers have singular vectors of their own.
MODES = SIZE // TASKS
RANKS = (2, 5, 8, 11, 14, 15)
# Singular values of the published picture, and of the authors' released code.
SINGULAR_VALUES = (1.0, SIZE**-0.5)
PATHS = tuple(f"teachers.values.{mode}" for mode in range(MODES))
# Once a block: the network at the end of it.
EVERY = 1000


def spectrum(rank: int, singular_value: float) -> tuple[float, ...]:
    """The singular values of a teacher: `rank` equal ones, then zeros, as in the released code."""
    return (singular_value,) * rank + (0.0,) * (MODES - rank)


def ranked() -> Experiment:
    """Two teachers of the first rank, in blocks, until long after specialization.

    The population stands for batches of 200: a gate's speed is that of the network, without the largest chance
    fluctuation of a block.
    """
    return Experiment(
        network=GatedLinear(inputs=SIZE, outputs=SIZE),
        teachers=SpectralTeachers(tasks=TASKS, values=spectrum(RANKS[0], 1.0)),
        inputs=Population(),
        objective=Objective(norm=0.909, nonnegativity=0.0909),
        timescales=Timescales(weights=0.5, gates=0.1),
        dt=1e-3,
        steps=100_000,
    )


def ranks() -> Sweep:
    """All ranks with both singular values, by the sum of a teacher's squared singular values."""
    kinds = [(rank, value) for value in SINGULAR_VALUES for rank in RANKS]
    strengths = tuple(round(rank * value**2, 12) for rank, value in kinds)
    axis = Axis("strength", PATHS, tuple(spectrum(*kind) for kind in kinds), strengths)
    return Sweep(ranked(), (axis, Axis.seeds(100)), Save(("gate_speed", "path_norm", "gates"), EVERY))


def with_batches() -> Sweep:
    """Unit singular values and Gaussian batches, and every step: the published speeds are the largest of a noisy run.

    They are of a single run for each rank. The mean of ten of ours has an error of less than a third of the deviation
    of single runs, and so of what the claims allow.
    """
    experiment = with_values(ranked(), {"inputs": Gaussian()})
    axis = Axis("rank", PATHS, tuple(spectrum(rank, 1.0) for rank in RANKS), RANKS)
    return Sweep(experiment, (axis, Axis.seeds(10)), Save(("gates", "path_norm"), 1))


EXPERIMENTS = (Entry("figa2", "Figure A2: teachers of rank 2 with unit singular values", ranked),)
SWEEPS = (
    Entry(
        "figa2",
        "Figure A2: ranks of the teachers, two singular values, and Gaussian batches",
        lambda: {"figa2": ranks(), "figa2-batches": with_batches()},
    ),
)
