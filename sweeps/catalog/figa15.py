"""Figure A15: pieces of clothing, their labels in turn with labels sorted by wear or by warmth (paper, appendix)."""

from __future__ import annotations

from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.images import both, head

TASKS = ("upper_lower", "warm_cool")
EXPERIMENTS = (
    Entry(
        "figa15-upper-lower",
        "Figure A15: Fashion-MNIST, labels in turn with upper and lower",
        lambda: head("fashion_mnist", "upper_lower"),
    ),
    Entry(
        "figa15-warm-cool",
        "Figure A15: Fashion-MNIST, labels in turn with warm and cool",
        lambda: head("fashion_mnist", "warm_cool"),
    ),
)
SWEEPS = (
    Entry(
        "figa15",
        "Figure A15: Fashion-MNIST, two pairs of tasks, as Figure 7",
        lambda: {"figa15": both("fashion_mnist", TASKS)},
    ),
)
