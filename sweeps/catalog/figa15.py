"""Figure A15: pieces of clothing, their labels in turn with labels sorted by wear or by warmth (paper, appendix)."""

from __future__ import annotations

from sweeps.catalog.entry import Entry
from sweeps.catalog.images import both, head

TASKS = ("upper_lower", "warm_cool")
EXPERIMENTS = tuple(
    Entry(
        f"figa15-{task.replace('_', '-')}",
        f"Figure A15: Fashion-MNIST, labels in turn with {task.replace('_', ' and ')}",
        lambda task=task: head("fashion_mnist", task),
    )
    for task in TASKS
)
SWEEPS = (
    Entry(
        "figa15",
        "Figure A15: Fashion-MNIST, two pairs of tasks, both regimes, ten seeds",
        lambda: {"figa15": both("fashion_mnist", TASKS)},
    ),
)
