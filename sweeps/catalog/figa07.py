"""Figure A7: which blocks, time constants and constraints let two layers specialize (paper, Figure A7)."""

from __future__ import annotations

from gatednet.experiment import Experiment, with_values
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.catalog.fig06 import two_layers
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.catalog.regime_map import coarse, strength_axis, timescale_axis

# The axes of the published maps.
BLOCKS = (0.8, 0.6, 0.4, 0.2, 0.1)
GATE_TIMESCALES = (0.02, 0.015, 0.0125, 0.01, 0.0075)
STRENGTHS = (0.0, 0.2, 0.25, 0.3, 0.35)
# The strength of the map over time constants.
STRENGTH_OF_TIMESCALES = 0.25
# Units are matched to rows afterwards, by their alignment over the run.
SAVED, EVERY = ("unit_alignment",), 200


def penalties(strength: float) -> tuple[float, float]:
    """Both penalties, on the norm and on negative entries, from the published common strength."""
    return strength * 10 / 11, strength * 10 / 11


def base() -> Experiment:
    """What both maps share: the network of Figure 6 with a faster first layer, at a published strength."""
    values = dict(zip(PENALTIES, penalties(STRENGTH_OF_TIMESCALES), strict=True))
    return with_values(two_layers(), {"timescales.weights": 0.04, "steps": 2000, **values})


EXPERIMENTS = (Entry("figa7", "Figure A7: two layers, the second fourfold as fast", base),)
SWEEPS = together(
    "figa7",
    "Figure A7: both maps",
    Entry(
        "figa7-left",
        "Figure A7, left: block length against the second layer's time constant, both conventions",
        lambda: coarse(base(), BLOCKS, timescale_axis(GATE_TIMESCALES), SAVED, EVERY),
    ),
    Entry(
        "figa7-right",
        "Figure A7, right: block length against the strength of the constraints, both conventions",
        lambda: coarse(base(), BLOCKS, strength_axis(STRENGTHS, penalties), SAVED, EVERY),
    ),
)
