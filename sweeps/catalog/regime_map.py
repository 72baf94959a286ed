"""Maps over block lengths and one more setting, for Figures 5 and A7."""

from __future__ import annotations

from collections.abc import Callable

from gatednet.engine.save import Save
from gatednet.experiment import Experiment
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog.conventions import conventions
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.sweep import Sweep


def coarse(
    experiment: Experiment,
    blocks: tuple[float, ...],
    columns: Axis,
    saved: tuple[str, ...],
    *,
    every: int | None = None,
) -> Sweep:
    """A published map in both conventions, block lengths by columns, saved `every` number of steps, or at both ends."""
    lengths = Axis("block_length", "curriculum.block_length", blocks)
    axes = (conventions(), lengths, columns, Axis.seeds(10))
    return Sweep(experiment, axes, Save(saved, every or experiment.steps))


def timescale_axis(values: tuple[float, ...]) -> Axis:
    """Columns with time constants of the gates."""
    return Axis("gate_timescale", "timescales.gates", values)


def strength_axis(values: tuple[float, ...], penalties: Callable[[float], tuple[float, float]]) -> Axis:
    """Columns with common strengths of the constraints; `penalties` of one are those on norm and negative gates."""
    return Axis("strength", PENALTIES, tuple(penalties(value) for value in values), values)
