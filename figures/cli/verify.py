"""`gatednet verify`: every digest of a store."""

from __future__ import annotations

from gatednet.figures.cli.options import StoreFolder


def verify(store: StoreFolder) -> None:
    """Compare every file of a store with its digest."""
    from gatednet.sweeps.devices import use_one_core

    use_one_core()
    from gatednet.sweeps.store.verify import verify as check

    found = check(store)
    done, chunks = len(found.done), len(found.grid)
    state = "finished" if found.finished else f"not finished, {done} of {chunks} chunks are done"
    print(f"{store}: every file agrees with its digest; {found.grid.runs:,} runs in {chunks} chunks, {state}")
