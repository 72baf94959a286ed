"""Progress reports of a sweep: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol, TextIO


class Progress(Protocol):
    """What `run_sweep` reports, in this order; `end` comes in every case, also after an interruption.

    A subclass ignores what it does not define.
    """

    def begin(self, runs: int, done: int, steps: int) -> None:
        """`runs` in all, of which `done` are stored already, and `steps` of all that are left, in sum."""

    def compiling(self) -> None:
        """A compilation begins."""

    def compiled(self, seconds: float) -> None:
        """It has ended, after `seconds`."""

    def waiting(self, why: str) -> None:
        """The sweep waits, for a reason in a few words."""

    def stored(self, runs: int, steps: int) -> None:
        """`runs` more runs, with `steps` steps in total, are stored."""

    def end(self) -> None:
        """Nothing more comes."""


class Silent(Progress):
    """Reports nothing."""


class Meter:
    """Counts runs and steps, and the time that they take, compilations apart. `counted` is another word for runs."""

    def __init__(self, counted: str = "runs") -> None:
        self.counted = counted
        self.runs = self.done = self.steps = self.steps_done = 0
        self.compile_seconds = 0.0
        self.is_compiling = False
        # Why the sweep waits, where it does.
        self.waits = ""
        self._start = time.perf_counter()

    def begin(self, runs: int, done: int, steps: int) -> None:
        """Start to count."""
        self.runs, self.done, self.steps, self.steps_done = runs, done, steps, 0
        self.waits = ""
        self.compile_seconds = 0.0
        self._start = time.perf_counter()

    def compiled(self, seconds: float) -> None:
        """Count the time of a compilation apart."""
        self.is_compiling = False
        self.compile_seconds += seconds

    def stored(self, runs: int, steps: int) -> None:
        """Count runs and steps."""
        self.done += runs
        self.steps_done += steps
        self.waits = ""

    @property
    def run_seconds(self) -> float:
        """Time since the start without compilations."""
        return max(time.perf_counter() - self._start - self.compile_seconds, 1e-9)

    def text(self) -> str:
        """All of it in one line."""
        parts = [f"{self.done:,} of {self.runs:,} {self.counted}"] if self.runs else []
        if self.steps_done:
            rate = self.steps_done / self.run_seconds
            parts += [f"{rate:.2g} steps/s", f"{clock((self.steps - self.steps_done) / rate)} left"]
        if self.is_compiling:
            parts.append("compiling")
        if self.compile_seconds:
            parts.append(f"compiled in {self.compile_seconds:.1f} s")
        if self.waits:
            parts.append(self.waits)
        return " · ".join(parts)


class Lines(Progress):
    """Plain lines, at most one in `interval` seconds beside the first and the last."""

    def __init__(self, title: str, stream: TextIO | None = None, interval: float = 5.0, counted: str = "runs") -> None:
        self.title, self.stream, self.interval = title, stream or sys.stderr, interval
        self.meter = Meter(counted)
        self._last = -float("inf")

    def begin(self, runs: int, done: int, steps: int) -> None:
        """Write the first line."""
        self.meter.begin(runs, done, steps)
        self._write()

    def compiled(self, seconds: float) -> None:
        """Write how long it took."""
        self.meter.compiled(seconds)
        self._write()

    def waiting(self, why: str) -> None:
        """Write why."""
        self.meter.waits = why
        self._write()

    def stored(self, runs: int, steps: int) -> None:
        """Write a line where the last one is old enough, or all runs are stored."""
        self.meter.stored(runs, steps)
        if self.meter.done == self.meter.runs or time.perf_counter() - self._last >= self.interval:
            self._write()

    def _write(self) -> None:
        self._last = time.perf_counter()
        print(f"{self.title}: {self.meter.text()}", file=self.stream, flush=True)


class LiveLine:
    """One line of a terminal that keeps itself up to date, with a bar."""

    def __init__(self, title: str, console: Any = None, counted: str = "runs") -> None:
        self.title, self.console = title, console
        self.meter = Meter(counted)
        self._bar: Any = None
        self._task: Any = None

    def begin(self, runs: int, done: int, steps: int) -> None:
        """Show the line."""
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        meter = self.meter

        class Counts(TextColumn):
            def render(self, task: Any) -> Any:
                from rich.text import Text

                return Text(meter.text())

        self.meter.begin(runs, done, steps)
        self._bar = Bar(TextColumn("{task.description}"), BarColumn(bar_width=20), Counts(""), console=self.console)
        self._bar.start()
        self._task = self._bar.add_task(self.title, total=runs, completed=done)

    def compiling(self) -> None:
        """Say so in the line."""
        self.meter.is_compiling = True

    def compiled(self, seconds: float) -> None:
        """Show the time that it took."""
        self.meter.compiled(seconds)

    def waiting(self, why: str) -> None:
        """Show why, also before it begins."""
        self.meter.waits = why
        if self._bar is None and self.console is not None:
            self.console.print(f"{self.title}: {why}", highlight=False)

    def stored(self, runs: int, steps: int) -> None:
        """Move the bar."""
        self.meter.stored(runs, steps)
        self._bar.update(self._task, completed=self.meter.done)

    def end(self) -> None:
        """Leave the line as it is."""
        if self._bar is not None:
            self._bar.stop()


def progress_for(title: str, stream: TextIO | None = None, counted: str = "runs") -> Progress:
    """A live line where the stream, by default the standard error, is a terminal, and plain lines elsewhere.

    Nothing where there is no stream, as in a process that was started without one.
    """
    stream = stream or sys.stderr
    if stream is None:
        return Silent()
    if not stream.isatty():
        return Lines(title, stream, counted=counted)
    from rich.console import Console

    return LiveLine(title, Console(file=stream), counted)


def clock(seconds: float) -> str:
    """A length of time for people: "42 s", "3 min 05 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
