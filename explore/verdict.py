"""`Verdict`: what regime a cell is in, in a word, with the numbers that decide."""

from __future__ import annotations

import dataclasses

import numpy as np

from explore.curves import Curves
from figures.specialization import SPECIALIZED
from figures.statistics import mean_and_error

# Below half of what counts as specialized a network is forgetful.
FORGETFUL = SPECIALIZED / 2
_LATE_BLOCKS = 2


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A word, and a sentence with the numbers behind it."""

    word: str
    reason: str


def verdict_of(curves: Curves) -> Verdict:
    """The regime of the runs of a cell."""
    data = curves.data
    if "result" in data:
        diverged = int(np.sum(data.result.values != 0))
        if diverged:
            first = int(data.result_step.values[data.result.values != 0].min())
            return Verdict(
                "diverged",
                f"{diverged} of {data.sizes['seed']} runs left the finite numbers, the first after {first} steps: "
                "a shorter step dt, or longer time constants, help",
            )
    if "specialization" not in data:
        return Verdict("unknown", "the store has no specialization, which decides")
    if curves.experiment.network.inputs == 1 and curves.in_plane:
        # Rows of a single input are parallel to each other, and there is no angle to tell them apart by.
        values, what = np.abs(curves.plane()[1][-1:]), "specialization of the weights w̄"
    else:
        values, what = data.specialization.values, "specialization"
    mean, error = (float(each) for each in mean_and_error(values))
    word = "flexible" if mean >= SPECIALIZED else "forgetful" if mean < FORGETFUL else "in between"
    spread = f" ± {error:.2f}" if np.isfinite(error) else ""
    seeds = data.sizes["seed"]
    reason = (
        f"{what} {mean:.2f}{spread} over {seeds} seed{'s' if seeds > 1 else ''} ({SPECIALIZED:.2f} and more is "
        f"flexible, less than {FORGETFUL:.2f} forgetful)"
    )
    if "loss" in data:
        experiment = curves.experiment
        late = curves.time > experiment.duration - _LATE_BLOCKS * experiment.curriculum.block_length
        reason += f"; loss over the last two blocks {float(data.loss.values[:, late].mean()):.3g}"
    return Verdict(word, reason)
