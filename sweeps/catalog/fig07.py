"""Figure 7: handwritten digits and their labels sorted by parity, in turn (paper, section 7)."""

from __future__ import annotations

from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.images import both, head

EXPERIMENTS = (
    Entry("fig7-flexible", "Figure 7: MNIST, fast, bounded, nonnegative gates", lambda: head("mnist", "parity")),
    Entry(
        "fig7-forgetful",
        "Figure 7: MNIST, gates as slow as the weights, without constraints",
        lambda: head("mnist", "parity", "forgetful"),
    ),
)
SWEEPS = (
    Entry(
        "fig7",
        "Figure 7: MNIST, both regimes and heads, three networks with five heads each",
        lambda: {"fig7": both("mnist", ["parity"])},
    ),
)
