"""A program that ends while its devices compute: Python waits for these, and nothing aborts."""

import signal

from tests.cli.tools import TIMEOUT, python, start, wait_for_a_chunk

# Chunks that each take a while to compute.
SWEEP = """
import sys
from gatednet import Experiment, GatedLinear, Gaussian, Save
from gatednet.sweeps import Axis, Sweep, run_sweep

small = Experiment(network=GatedLinear(inputs=4, outputs=2), inputs=Gaussian(5), steps=int(sys.argv[1]))
sweep = Sweep(small, (Axis.seeds(4),), Save(("loss",), small.steps), kernel="xla")
"""
SCRIPT = (
    SWEEP
    + """
run_sweep(sweep, "runs/mine", chunk_runs=1)
print("done")
"""
)
UNFETCHED = (
    SWEEP
    + """
import jax, numpy
from gatednet.sweeps.execution.executor import Executors
from gatednet.sweeps.planning.plan import plan_of
from gatednet.sweeps.progress import Silent

plan = plan_of(sweep, 1)
chunks = list(plan.chunks())
executors = Executors(plan, jax.devices(), numpy.float32, Silent())
first, second = (executors.start(chunk) for chunk in chunks[:2])
print(first.fetch()["loss"].shape)
"""
)
STEPS = "40000"


def test_an_interrupted_script_ends_as_one(tmp_path):
    process = start("-c", SCRIPT, STEPS, folder=tmp_path)
    wait_for_a_chunk(tmp_path, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (-signal.SIGINT, ""), err
    assert err.endswith("\nKeyboardInterrupt\n")
    assert err.count("Traceback") == 1


def test_a_script_ends_that_does_not_fetch_what_it_started(tmp_path):
    assert python("-c", UNFETCHED, STEPS, folder=tmp_path) == (0, "(1, 2)\n", "")
