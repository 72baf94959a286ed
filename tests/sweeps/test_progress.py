"""Progress reports while a sweep runs."""

import io
import re

import pytest
from rich.console import Console

from gatednet.sweeps import progress
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.progress import Lines, LiveLine, Meter, Silent, clock, progress_for
from tests.sweeps.tools import grid


@pytest.fixture
def time_now(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


def test_the_meter_counts_compilations_apart(time_now):
    meter = Meter()
    meter.begin(runs=300, done=100, steps=2_000_000)
    assert meter.text() == "100 of 300 runs"
    time_now[0] = 3.0
    meter.compiled(3.0)
    assert meter.text() == "100 of 300 runs · compiled in 3.0 s"
    time_now[0] = 5.0
    meter.stored(50, 500_000)
    assert meter.text() == "150 of 300 runs · 2.5e+05 steps/s · 6 s left · compiled in 3.0 s"
    meter.is_compiling = True
    assert "compiling" in meter.text()


def test_plain_lines_come_now_and_then_and_at_the_end(time_now):
    stream = io.StringIO()
    lines = Lines("fig", stream, interval=5.0)
    lines.begin(40, 0, 4000)
    for moment in range(1, 5):
        time_now[0] = 2.0 * moment
        lines.stored(10, 1000)
    lines.end()
    assert [line.split(" ·")[0] for line in stream.getvalue().splitlines()] == [
        "fig: 0 of 40 runs",
        "fig: 30 of 40 runs",
        "fig: 40 of 40 runs",
    ]


def test_a_terminal_gets_one_line_that_moves():
    stream = io.StringIO()
    live = LiveLine("fig", Console(file=stream, force_terminal=True, width=120))
    live.end()
    live.begin(4, 0, 40)
    live.compiling()
    live.compiled(1.0)
    live.stored(4, 40)
    live.end()
    assert "4 of 4 runs" in stream.getvalue()
    assert "compiled in 1.0 s" in stream.getvalue()


def test_what_is_no_terminal_gets_lines():
    assert isinstance(progress_for("fig", io.StringIO()), Lines)
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    assert isinstance(progress_for("fig", terminal), LiveLine)


def test_why_nothing_goes_on_is_told_until_it_does(time_now):
    stream = io.StringIO()
    lines = Lines("fig", stream)
    lines.waiting("waiting for another process")
    lines.begin(4, 0, 40)
    lines.waiting("waiting for workers")
    time_now[0] = 1.0
    lines.stored(4, 40)
    assert [re.split(r" · \d", line)[0] for line in stream.getvalue().splitlines()] == [
        "fig: waiting for another process",
        "fig: 0 of 4 runs",
        "fig: 0 of 4 runs · waiting for workers",
        "fig: 4 of 4 runs",
    ]


def test_a_terminal_shows_why_nothing_goes_on():
    stream = io.StringIO()
    live = LiveLine("fig", Console(file=stream, force_terminal=True, width=120))
    live.waiting("waiting for another process")
    assert "fig: waiting for another process" in stream.getvalue()
    live.begin(4, 0, 40)
    live.waiting("waiting for workers")
    live.end()
    assert "0 of 4 runs · waiting for workers" in stream.getvalue()


def test_nothing_is_told_where_there_is_no_stream(monkeypatch):
    monkeypatch.setattr(progress.sys, "stderr", None)
    assert isinstance(progress_for("fig"), Silent)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (42, "42 s"), (59.7, "1 min 00 s"), (185, "3 min 05 s"), (7800, "2 h 10 min")],
)
def test_lengths_of_time_for_people(seconds, text):
    assert clock(seconds) == text


@pytest.mark.usefixtures("numbered")
def test_a_sweep_tells_of_every_run_once_and_of_its_end_in_any_case(tmp_path):
    told: list[tuple] = []

    class Listening(Silent):
        def begin(self, runs, done, steps):
            told.append(("begin", runs, done, steps))

        def stored(self, runs, steps):
            told.append(("stored", runs, steps))
            if stopping and len(told) == 3:
                raise KeyboardInterrupt

        def end(self):
            told.append(("end",))

    stopping = True
    with pytest.raises(KeyboardInterrupt):
        run_sweep(grid(), tmp_path / "store", chunk_runs=4, progress=Listening())
    assert [each[0] for each in told] == ["begin", "stored", "stored", "end"]
    assert told[0] == ("begin", 12, 0, 480)
    done = sum(each[1] for each in told[1:3])
    told.clear()
    stopping = False
    run_sweep(grid(), tmp_path / "store", progress=Listening())
    assert told[0] == ("begin", 12, done, 480 - done * 40)
    assert sum(each[1] for each in told[1:-1]) == 12 - done
    assert told[-1] == ("end",)
