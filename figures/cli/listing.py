"""`gatednet list`: everything that has a name."""

from __future__ import annotations


def listing() -> None:
    """List experiments, sweeps and figures, with one line about each."""
    from gatednet.figures.registry import FIGURES
    from gatednet.sweeps.catalog import EXPERIMENTS, SWEEPS

    groups = {"experiments": EXPERIMENTS, "sweeps": SWEEPS, "figures": FIGURES}
    width = max(len(name) for group in groups.values() for name in group)
    for title, group in groups.items():
        print(title)
        for name, entry in group.items():
            print(f"  {name:<{width}}  {entry.summary}")
