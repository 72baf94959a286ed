"""Which part of a sweep has constraints that are too stiff for its steps."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from gatednet.dynamics.stability import Instability, StiffnessWarning, advice, instability

if TYPE_CHECKING:
    from gatednet.sweeps.sweep import Sweep

# The parts of an experiment that stability depends on, beside what is compiled.
_PARTS = ("dt", "objective", "rule", "timescales")


def stiffness_of(sweep: Sweep) -> str | None:
    """The line that says in how many cells steps are too long for a constraint; None where they are not in any.

    Cells are counted without seeds, and by arrays over the axes that matter, so that large grids take no time.
    """
    axes = [
        place
        for place, axis in enumerate(sweep.axes)
        if not axis.is_seed
        and place not in sweep.static_places
        and any(path.partition(".")[0] in _PARTS for path in axis.paths)
    ]
    others = math.prod(
        len(axis)
        for place, axis in enumerate(sweep.axes)
        if not axis.is_seed and place not in axes and place not in sweep.static_places
    )
    values = {
        path: np.asarray(sweep.axes[place].column(path)).reshape(-1, *(1,) * (len(axes) - number - 1))
        for number, place in enumerate(axes)
        for path in sweep.axes[place].paths
    }
    search = sweep.search
    # A run is too stiff where it is at an end of its search.
    ends = ({},) if search is None else ({search.path: np.asarray(end)} for end in (search.low, search.high))
    found: list[Instability] = []
    for end, group in itertools.product(ends, sweep.groups()):
        each = instability(sweep.group(group), {**values, **end})
        if each is not None:
            found.append(each)
    if not found:
        return None
    worst = min(found, key=lambda each: each.largest)
    cells = others * sum(each.cells for each in found if each.setting == worst.setting)
    total = math.prod(len(axis) for axis in sweep.axes if not axis.is_seed)
    return advice(sweep.experiment, worst, f"in {cells:,} of {total:,} cells")


def warn_of_stiffness(sweep: Sweep) -> None:
    """Warn of cells in which steps are too long for a constraint."""
    line = stiffness_of(sweep)
    if line is not None:
        warnings.warn(line, StiffnessWarning, stacklevel=3)
