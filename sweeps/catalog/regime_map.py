"""Maps over block lengths and one more setting, for Figures 5 and A7."""

from __future__ import annotations

from collections.abc import Callable

from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.conventions import conventions
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.sweep import Sweep

# A published cell is a mean of ten runs. A mean of n of ours has a standard error of s/√n, and the predictive interval
# of theirs a half-width of about 2 s √(1/10 + 1/n), whatever the deviation s of runs is: the first is at most a third
# of the second from n = 13 on. Twenty are taken.
SEEDS = 20


def coarse(
    experiment: Experiment,
    blocks: tuple[float, ...],
    columns: Axis,
    saved: tuple[str, ...],
    every: int,
) -> Sweep:
    """A published map in both conventions, block lengths by columns, saved every so many steps.

    Blocks have as many steps as in the authors' released code: 999 for 1 at dt = 1e-3, and 599 for .6, while .8, .4 and
    .1 have what one expects.
    """
    lengths = Axis("block_length", "curriculum.block_length", blocks)
    axes = (conventions(), lengths, columns, Axis.seeds(SEEDS))
    return Sweep(with_values(experiment, {"curriculum.rounding": "floor"}), axes, Save(saved, every))


def timescale_axis(values: tuple[float, ...]) -> Axis:
    """Columns with time constants of the gates."""
    return Axis("gate_timescale", "timescales.gates", values)


def strength_axis(values: tuple[float, ...], penalties: Callable[[float], tuple[float, float]]) -> Axis:
    """Columns with common strengths of the constraints; `penalties` of one are those on norm and negative gates."""
    return Axis("strength", PENALTIES, tuple(penalties(value) for value in values), values)
