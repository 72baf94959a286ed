"""Figure A16: learning from a single sample a step (paper, appendix on few-shot learning, Figure A16)."""

from __future__ import annotations

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.starts.published import PublishedInitial
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.equivalent import equivalent
from gatednet.sweeps.catalog.fig02 import regime
from gatednet.sweeps.catalog.published import as_published_once
from gatednet.sweeps.sweep import Sweep

# The time of a step, the number of samples in a block, and that of blocks.
STEP, SAMPLES, BLOCKS = 0.03, 33, 20


def single_samples() -> Experiment:
    """The flexible regime of Figure 2 with long steps, each of which sees one sample: 33 in a block."""
    # The length of a block as it is realised, in whole steps.
    changes = {"inputs.batch": 1, "dt": STEP, "curriculum.block_length": SAMPLES * STEP, "steps": BLOCKS * SAMPLES}
    return with_values(regime("flexible"), changes)


def published() -> Experiment:
    """The same from one start, which all runs of the released code share; which one is not recorded.

    It is the one that the key of the other figures gives a single run.
    """
    # Blocks are whole steps by themselves: a length of 1 has 33, rounded down or to the nearest.
    return as_published_once(with_values(single_samples(), {"curriculum.block_length": 1.0}), PublishedInitial().key)


def full(experiment: Experiment) -> Sweep:
    """The full model, saved at each sample."""
    saved = ("loss", "gates", "teacher_component", "singular_values")
    return Sweep(experiment, (Axis.seeds(100),), Save(saved, 1))


def two_dimensional() -> Sweep:
    """The two-dimensional model, which sees the population."""
    saved = ("loss", "gates", "teacher_component")
    # Nothing is random in it.
    return Sweep(equivalent(single_samples()), (Axis.seeds(1),), Save(saved, 1))


EXPERIMENTS = (Entry("figa16", "Figure A16: a single sample a step", single_samples),)
SWEEPS = (
    Entry(
        "figa16",
        "Figure A16: a single sample a step, and the equivalent two-dimensional model",
        lambda: {"figa16": full(single_samples()), "figa16-equivalent": two_dimensional()},
    ),
    Entry(
        "figa16-published",
        "Figure A16 with one start for all runs, as the released code has it",
        lambda: {"figa16-published": full(published())},
    ),
    Entry(
        "figa16-equivalent", "Figure A16: the two-dimensional model", lambda: {"figa16-equivalent": two_dimensional()}
    ),
)
