"""`draw`: the start of a run as a simulation has it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from gatednet.dynamics import problem
from gatednet.dynamics.problem import Problem
from gatednet.engine.batch import kernel_of, reduced_by
from gatednet.engine.draws import Drawing, draws_of
from gatednet.engine.programs import drawn
from gatednet.engine.size import draws_held
from gatednet.experiment import Experiment, check_precision, static_half, trace
from gatednet.kernels.kernel import KERNEL, Kernel, check_platform
from gatednet.settings import LARGEST_SEED, SEED, Instance, Whole, argument
from gatednet.shield import shielded

_STREAM = Whole(0, LARGEST_SEED, "streams have 32 bits")


def draw(experiment: Experiment, seed: int | Array = 0, stream: int | Array = 0, *, kernel: Kernel = "auto") -> Problem:
    """The problem of one seed: teachers, initial state and key, all that is random at the start of a run.

    A seed gives the same random numbers whatever else is in the experiment, so that experiments of one seed are paired.
    Another `stream` gives the same seed independent ones.

    The arrays have the precision of JAX, single or with `jax.enable_x64` double, and the bits of the start of
    `simulate` in that precision and by that kernel; the default is what runs of the experiment have, which `simulate`
    reduces where it can. They are compiled as they are there: random numbers are of single precision in both, and their
    last bits depend on what is compiled together. So there are two exceptions, which agree to the rounding of single
    precision. A reduced run saves teachers and weights that went into its basis and back. And where the experiment, the
    seed or the stream is traced, what is drawn becomes a part of the caller's own program.

    **Raises** `SettingError` for seeds and streams that are not whole numbers from 0 to 2³² - 1, and for a kernel that
    is not possible.
    """
    argument("experiment", experiment, Instance(Experiment))
    if any(isinstance(each, Tracer) for each in jax.tree.leaves((experiment, seed, stream))):
        return problem.draw(problem.Origin.of(experiment), seed, stream)
    seed, stream = argument("seed", seed, SEED), argument("stream", stream, _STREAM)
    dtype = jnp.zeros(()).dtype
    with shielded(dtype == np.float64):
        check_precision(experiment, dtype)
        seeds, streams, one = (np.full(1, each, np.int64) for each in (seed, stream, 0))
        draws = draws_of(trace(experiment, {}, 1, dtype).values, seeds, streams, one, draws_held(experiment, 1))
        kernel = argument("kernel", kernel, KERNEL)
        check_platform(kernel, jax.default_backend())
        kernel = kernel_of(experiment, kernel, reduced_by(experiment, None))
        start, _ = drawn(Drawing.of(static_half(experiment), reduced=False, kernel=kernel), draws)
        return jax.tree.map(lambda array: array[0], start)
