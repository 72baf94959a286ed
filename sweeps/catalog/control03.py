"""Control 3: Figures 7 and A15 with images that need no download, scikit-learn's digits of 8×8 pixels."""

from __future__ import annotations

from gatednet.sweeps.catalog.entry import Entry
from gatednet.sweeps.catalog.images import both, head

TASKS = ("parity", "warm_cool")
EXPERIMENTS = (
    Entry("control3-flexible", "Control 3: small digits, the flexible network", lambda: head("digits", "parity")),
    Entry(
        "control3-forgetful",
        "Control 3: small digits, the forgetful network",
        lambda: head("digits", "parity", "forgetful"),
    ),
)
SWEEPS = (
    Entry(
        "control3",
        "Control 3: small digits, two pairs of tasks, as Figure 7",
        lambda: {"control3": both("digits", TASKS)},
    ),
)
