"""What `simulate` does while XLA compiles changes nothing but the time that it takes."""

import signal
import threading
import time

import jax

from gatednet.engine.batch import run_lanes
from gatednet.figures.cli.meanwhile import meanwhile
from tests.cli.tools import TIMEOUT, contents, gatednet, python, start

SMALL = ("simulate", "fig4-symmetric", "--set", "steps=20", "--set", "curriculum.block_length=0.01", "--every", "2")
DRAWING = ("matplotlib", "xarray", "zarr")
PROMPT = 30  # seconds within which an interrupted command is gone, on a machine with other things to do

# Runs a command without what it does meanwhile.
ALONE = """
import sys
import gatednet.figures.cli.simulate
gatednet.figures.cli.simulate._get_ready = lambda formats: None
from gatednet.figures.cli.main import main
main(sys.argv[1:])
"""
# Says what is imported of what draws and stores when a run is checked, when its thread begins, and when it computes.
WATCHED = f"""
import sys
import threading
import gatednet.simulation
import gatednet.figures.cli.simulate
from gatednet.figures.cli.main import main

def said(name, function):
    def saying(*arguments, **named):
        there = [each for each in {DRAWING} if each in sys.modules]
        print(name, threading.current_thread().name, *there, flush=True)
        return function(*arguments, **named)
    return saying

commands = gatednet.figures.cli.simulate
gatednet.simulation.pack = said("packs", gatednet.simulation.pack)
commands._get_ready = said("gets ready", commands._get_ready)
main(sys.argv[1:])
"""
# Every command on a line of its own; says at the end what is imported of what draws and stores.
REFUSED = f"""
import sys
import threading
from gatednet.figures.cli.app import code_of
codes = [code_of(line.split()) for line in sys.stdin.read().splitlines()]
print(codes, threading.active_count(), [each for each in {DRAWING} if each in sys.modules])
"""
# Says when it begins what takes long.
SLOW = """
import sys
import time
import gatednet.figures.cli.simulate
from gatednet.figures.cli.main import main

def slow(formats):
    print("getting ready", flush=True)
    time.sleep(600)

gatednet.figures.cli.simulate._get_ready = slow
main(sys.argv[1:])
"""


def test_files_are_the_same_with_and_without_it(tmp_path):
    with_it = gatednet(*SMALL, "--out", "with", folder=tmp_path)
    without = python("-c", ALONE, *SMALL, "--out", "without", folder=tmp_path)
    assert (with_it.code, without.code) == (0, 0), (with_it.err, without.err)
    assert with_it.out == without.out.replace("without", "with")
    assert with_it.err == without.err
    found = contents(tmp_path / "with")
    assert {name.rpartition(".")[2] for name in found if name.startswith("fig4")} == {"pdf", "png", "svg", "zip", "md"}
    assert found == contents(tmp_path / "without")


def test_what_draws_is_imported_in_a_thread_once_all_is_traced(tmp_path):
    answer = python("-c", WATCHED, *SMALL, folder=tmp_path)
    assert answer.code == 0, answer.err
    assert answer.out.splitlines()[:2] == ["packs MainThread", "gets ready meanwhile"]


def test_refusals_wait_for_nothing_that_draws(tmp_path):
    (tmp_path / "file").write_text("")
    calls = [
        "simulate fig4-symmetri",
        "simulate fig4-symmetric --format pngg",
        "simulate fig4-symmetric --out file/below",
        "simulate fig4-symmetric --seed -1",
        "simulate fig4-symmetric --every 7",
        "simulate fig4-symmetric --set steps=0",
        "simulate fig2-flexible --kernel pallas",
        "simulate fig4-symmetric --save los",
    ]
    before = contents(tmp_path)
    answer = python("-c", REFUSED, folder=tmp_path, text="\n".join(calls))
    assert answer.code == 0, answer.err
    assert answer.out == f"{[2] * len(calls)} 1 []\n", answer.err
    assert answer.err.count("gatednet: ") == len(calls) == answer.err.count("\n")
    assert contents(tmp_path) == before


def test_an_interruption_does_not_wait_for_it(tmp_path):
    process = start("-c", SLOW, *SMALL, folder=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "getting ready\n"
    process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    _, err = process.communicate(timeout=TIMEOUT)
    assert time.monotonic() - sent < PROMPT
    assert (process.returncode, err) == (130, "gatednet: interrupted\n")
    assert not (tmp_path / "pictures").exists()


def compiled(function, name=run_lanes.__name__):
    """Have XLA compile a function under a name."""
    function.__name__ = name
    return jax.jit(function).lower(1.0).compile()


def test_it_begins_with_the_first_program_of_runs_and_ends_before_what_follows():
    done = []
    with meanwhile(lambda: (time.sleep(0.2), done.append("once"))) as thread:
        compiled(lambda value: value + 1, "other")
        assert thread.ident is None
        compiled(lambda value: value + 2)
        assert thread.ident is not None
        compiled(lambda value: value + 3)
    assert done == ["once"]
    compiled(lambda value: value + 4)
    assert done == ["once"]


def test_without_a_program_nothing_is_done():
    done = []
    with meanwhile(lambda: done.append("once")) as thread:
        pass
    assert (done, thread.ident) == ([], None)


def test_what_goes_wrong_in_it_is_left_to_what_follows(capsys):
    def failing():
        raise ImportError("there is no such module")

    with meanwhile(failing):
        compiled(lambda value: value + 5)
    assert capsys.readouterr() == ("", "")


def test_an_error_does_not_wait_for_it():
    release = threading.Event()
    context = meanwhile(lambda: release.wait(TIMEOUT))
    thread = context.__enter__()
    compiled(lambda value: value + 6)
    error = ValueError("now")
    assert not context.__exit__(ValueError, error, None)
    assert thread.is_alive()
    release.set()
    thread.join()
