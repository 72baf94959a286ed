"""Control 1: tasks in random order, a new one at every step, in place of blocks (paper, text on Figure 2)."""

from __future__ import annotations

from gatednet.curricula.interleaved import Interleaved
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.fig02 import EVERY, regime
from gatednet.sweeps.sweep import Sweep

# What is compared with the blocks of Figure 2.
SAVED = ("loss", "gates", "alignment", "total_alignment", "specialization")


def interleaved() -> Experiment:
    """The flexible network of Figure 2, with a task drawn at random at every step."""
    return with_values(regime("flexible"), {"curriculum": Interleaved()})


EXPERIMENTS = (Entry("control1", "Control 1: Figure 2's flexible network, tasks interleaved", interleaved),)
SWEEPS = (
    Entry(
        "control1",
        "Control 1: tasks interleaved, ten seeds",
        # The seeds, and so the teachers and the starts, are those of Figure 2, and so are the times of saves.
        lambda: {"control1": Sweep(interleaved(), (Axis.seeds(10),), Save(SAVED, EVERY))},
    ),
)
