"""`Ahead`: compiles what sweeps will need while earlier ones run and are drawn."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from types import TracebackType

from gatednet.simulation import PRECISIONS, precision_of
from gatednet.sweeps.execution.executor import Executors
from gatednet.sweeps.images.labelled import are_prepared
from gatednet.sweeps.planning.devices import devices_for
from gatednet.sweeps.planning.grid import Chunk
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.progress import Silent
from gatednet.sweeps.sweep import Sweep

# How many sweeps ahead: what is compiled is kept in memory until its sweep comes, beside that of earlier ones.
FARTHEST = 12


class Ahead:
    """A thread that compiles the programs of sweeps in their order, from `advance` to `advance` a few sweeps ahead.

    It only saves time: a sweep finds its programs compiled, or under way, or compiles them itself, and then meets what
    went wrong here. As a context it ends with its sweeps: no further compilation is begun then.
    """

    def __init__(self, sweeps: Sequence[Sweep]) -> None:
        self._sweeps = sweeps
        self._begun = 0
        self._changed = threading.Condition()
        self._ended = False
        # No daemon: Python waits for others at its end, and would abort over a daemon that is in XLA then.
        self._thread = threading.Thread(target=self._work, name="compile ahead", daemon=False)

    def __enter__(self) -> Ahead:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def advance(self) -> None:
        """The next of the sweeps begins."""
        with self._changed:
            self._begun += 1
            self._changed.notify_all()

    def _work(self) -> None:
        for place, sweep in enumerate(self._sweeps):
            with self._changed:
                self._changed.wait_for(lambda place=place: self._ended or place < self._begun + FARTHEST)
                if self._ended:
                    return
                # The sweep that runs compiles for itself.
                if place < self._begun:
                    continue
            # Whatever goes wrong goes wrong again in the sweep itself, which tells it.
            with contextlib.suppress(Exception):
                # A network is trained where its progress is seen.
                if are_prepared([sweep]):
                    self._compile(sweep)

    def _compile(self, sweep: Sweep) -> None:
        plan = plan_of(sweep)
        with precision_of(sweep.precision):
            executors = Executors(plan, devices_for(sweep), PRECISIONS[sweep.precision], Silent())
            # Chunks of one group share what is compiled.
            first: dict[tuple[int, ...], Chunk] = {}
            for chunk in plan.chunks():
                first.setdefault(plan.group(chunk), chunk)
            for chunk in first.values():
                if self._ended:
                    return
                executors.compiled(chunk)
