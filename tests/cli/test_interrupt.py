"""A sweep that is interrupted leaves with exit code 130, and the same command goes on to the same bits."""

import time

import pytest

from tests.cli.tools import SIGNALS, SPEC, TIMEOUT, contents, start, together, wait_for_a_chunk
from tests.slow import but_slow

PROMPT = 30  # seconds within which an interrupted command is gone, on a machine with other things to do
# Every one of the three static values compiles for itself, so that the store has chunks to be interrupted between.
THREE = (
    SPEC.replace("[axes]\n", '[axes]\nwidth = { path = "network.paths", values = [1, 2, 3] }\n')
    .replace('"inputs.batch" = 5', 'inputs = { kind = "Population" }')
    .replace('"loss", "weights"', '"loss"')
)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The arrays of a sweep that was not interrupted."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    (folder / "mine.toml").write_text(THREE)
    (answer,) = together([(folder, ["sweep", "mine.toml"])])
    assert answer[:2] == (0, "runs/mine: done, 12 runs\n"), answer
    return contents(folder / "runs" / "mine" / "arrays.zarr")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_sweep_goes_on_where_it_was_interrupted(number, expected, tmp_path):
    (tmp_path / "mine.toml").write_text(THREE)
    process = start("-m", "gatednet", "sweep", "mine.toml", folder=tmp_path)
    wait_for_a_chunk(tmp_path, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (130, ""), err
    *progress, last = err.splitlines()
    assert all(line.startswith("mine: ") for line in progress), err
    assert last == "gatednet: interrupted; the same command again continues it"

    left, again, found = together([
        (tmp_path, ["verify", "runs/mine"]), (tmp_path, ["sweep", "mine.toml"]), (tmp_path, ["verify", "runs/mine"]),
    ])  # fmt: skip
    assert left.code == 0
    assert "12 runs in 3 chunks, not finished, " in left.out
    assert again[:2] == (0, "runs/mine: done, 12 runs\n")
    done = int(left.out.split("not finished, ")[1].split()[0])
    assert again.err.startswith(f"mine: {4 * done} of 12 runs\n")
    assert found.out.endswith("finished\n")
    assert contents(tmp_path / "runs" / "mine" / "arrays.zarr") == expected
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["mine"]


# A command that says when its runs are under way, right before it waits for their results.
TOLD = """
import sys
import gatednet.sweeps.devices

gatednet.sweeps.devices.use_all_cores()
import gatednet.simulation
from gatednet.figures.cli.main import main
from gatednet.sweeps.execution.executor import Running

def told(wait):
    def waiting(*arguments):
        print("running", flush=True)
        return wait(*arguments)
    return waiting

gatednet.simulation.unpack = told(gatednet.simulation.unpack)
Running.fetch = told(Running.fetch)
main(sys.argv[1:])
"""
# Enough steps to take hours.
STEPS = 1_000_000_000
LONG = {
    "simulate": ("fig2-flexible", "--set", f"steps={STEPS}", "--every", str(STEPS)),
    "sweep": ("long.toml",),
}


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", LONG)
def test_a_long_run_stops_at_once(command, number, tmp_path):
    (tmp_path / "long.toml").write_text(
        SPEC.replace("every = 20", f"every = {STEPS}").replace("steps = 40", f"steps = {STEPS}")
    )
    process = start("-c", TOLD, command, *LONG[command], folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    time.sleep(1)  # to be in the middle of the wait
    process.send_signal(number)
    sent = time.monotonic()
    _, err = process.communicate(timeout=TIMEOUT)
    assert time.monotonic() - sent < PROMPT
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith("gatednet: interrupted")
    assert not (tmp_path / "pictures").exists()
    assert not list(tmp_path.glob("runs/*/done/[0-9]*.json"))


# A command that is interrupted in a callback of the garbage collector, out of which nothing can be raised.
COLLECTING = """
import gc
import signal
import sys
import time
import gatednet.figures.toolkit.files
from gatednet.figures.cli.main import main

def collecting(folder):
    def callback(phase, info):
        gc.callbacks.remove(callback)
        signal.raise_signal(getattr(signal, name))

    gc.callbacks.append(callback)
    gc.collect()
    time.sleep(60)

name, times = sys.argv[1].split()
if times == "twice":
    # Also while it is arranged that it comes again.
    def interrupted(*arguments):
        signal.setitimer = again
        signal.raise_signal(getattr(signal, name))
        return again(*arguments)

    again, signal.setitimer = signal.setitimer, interrupted
if name == "SIGTERM":
    # As it is in a job in the background of a shell.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
gatednet.figures.toolkit.files.check_writable = collecting
main(sys.argv[2:])
"""


MOMENTS = ("SIGINT once", "SIGTERM once", "SIGINT twice")


@pytest.mark.parametrize("name", but_slow(MOMENTS, *MOMENTS[1:]))
def test_an_interruption_is_not_lost_in_a_callback(name, tmp_path):
    (tmp_path / "mine.toml").write_text(THREE)
    process = start("-c", COLLECTING, name, "sweep", "mine.toml", folder=tmp_path)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (130, "")
    assert err == "gatednet: interrupted; the same command again continues it\n"
    assert not (tmp_path / "runs").exists()
