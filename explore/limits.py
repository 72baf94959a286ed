"""What a page may ask for: numbers that are there while one looks, of a size that a browser draws."""

from __future__ import annotations

from gatednet import Experiment, SettingError
from gatednet.explore.curves import save_of
from gatednet.kernels.kernel import Kernel
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.planning.speed import expected_speed
from gatednet.sweeps.sweep import Sweep

# Of one run: its steps, the entries of its maps and of its teachers, its blocks, and lines of its plots.
MOST_STEPS, MOST_ENTRIES, MOST_BLOCKS, MOST_LINES = 10**6, 10**5, 10**4, 256
# Seconds that runs may be expected to take: those of a cell, and those of the coarsest diagram.
CURVES_S, DIAGRAM_S = 10.0, 60.0


def check_size(experiment: Experiment) -> None:
    """Refuse an experiment that is too large for a page, before anything of its size is made.

    **Raises** `SettingError` with what is too large, and what is allowed.
    """
    if not experiment.inputs.exact:
        raise SettingError("inputs are not the population, which is what a page has")
    network, teachers = experiment.network, experiment.teachers
    _check("steps", experiment.steps, MOST_STEPS)
    _check("the number of parameters", network.parameters, MOST_ENTRIES)
    _check("the number of entries of the teachers", teachers.number * network.inputs * network.outputs, MOST_ENTRIES)
    _check("teachers times paths", teachers.number * network.paths_of(teachers.number), MOST_LINES)


def check_blocks(experiment: Experiment) -> None:
    """Refuse an experiment with more blocks than a page shows.

    **Raises** `SettingError` with their number, and what is allowed.
    """
    _check("the number of blocks", experiment.blocks, MOST_BLOCKS)


def check_time(experiment: Experiment, seeds: int, cells: int, kernel: Kernel = "auto") -> None:
    """Refuse runs that one would wait for too long: those of one cell, or of as many as a coarse diagram has.

    **Raises** `SettingError` with the seconds that they would take, and what is allowed, and for a kernel that the runs
    cannot have.
    """
    sweep = Sweep(experiment, (Axis.seeds(seeds),), save_of(experiment), kernel=kernel)
    seconds = seeds * experiment.steps / expected_speed(sweep, ())
    for what, number, most in (("curves", 1, CURVES_S), ("coarsest diagram", cells, DIAGRAM_S)):
        if number * seconds > most:
            raise SettingError(
                f"the {what} would take about {number * seconds:.3g} s, allowed on a page are {most:g} s: fewer steps, "
                "fewer seeds or a smaller network take less"
            )


def _check(what: str, value: float, most: int) -> None:
    if value > most:
        # Of whole numbers without end, too.
        shown = f"{value:.10g}" if value < 1e15 else "more than 10^15"
        raise SettingError(f"{what} is {shown}, allowed on a page are {most:,} at most")
