"""Kernels as an operation of JAX: they are compiled meanwhile, and what goes wrong is told where they are used."""

import os
import subprocess
import sys
import textwrap
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet.kernels import library
from gatednet.kernels.moves import RUNS
from gatednet.kernels.parts import part, parts_by
from gatednet.kernels.program import Program
from gatednet.kernels.vector import call_new, module_of

GIVEN = jnp.arange(16.0)[None]


def times(factor):
    """The program of a part that multiplies by a number."""

    def looped(result, given):
        return [jax.lax.dynamic_update_slice(result, factor * given, (0, 0))]

    shape = jax.ShapeDtypeStruct((1, RUNS), np.float32)
    return Program(jax.make_jaxpr(looped)(shape, shape), 1, new=True)


def test_a_kernel_is_compiled_once_for_each_way_to_compile_it(monkeypatch):
    compiled = []
    compile_it = library._compile
    monkeypatch.setattr(library, "_compile", lambda *given: compiled.append(given[-1]) or compile_it(*given))
    text = str(module_of(times(3.5)))
    names = {library.begin(text, once) for once in (True, False, True, False)}
    for name in names:
        library.finish(name)
    assert len(names) == 2
    assert sorted(compiled) == [False, True]


def test_a_trace_does_not_wait_for_its_kernel(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    compile_it = library._compile

    def slow(text, name, once):
        begun.set()
        assert go_on.wait(60)
        compile_it(text, name, once)

    monkeypatch.setattr(library, "_compile", slow)
    program = times(4.5)
    traced = jax.jit(lambda given: call_new(program, [given], lambda given: given)).trace(GIVEN)
    assert begun.wait(60)
    go_on.set()
    np.testing.assert_array_equal(traced.lower().compile()(GIVEN), 4.5 * GIVEN)


def test_what_goes_wrong_is_told_to_the_program_that_has_the_kernel_and_tried_again(monkeypatch):
    def broken(*_):
        raise RuntimeError("no such register")

    wrong, other = times(5.5), times(6.5)
    by_wrong, by_other = (
        jax.jit(lambda given, program=program: call_new(program, [given], lambda given: given)[0])
        for program in (wrong, other)
    )
    with monkeypatch.context() as patched:
        patched.setattr(library, "_compile", broken)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="no such register"):
                by_wrong(GIVEN)
    np.testing.assert_array_equal(by_other(GIVEN), 6.5 * GIVEN[0])
    np.testing.assert_array_equal(by_wrong(GIVEN), 5.5 * GIVEN[0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_of_a_process_that_compiled_kernels_has_a_compiler_of_its_own():
    """Before JAX starts a process may still fork, as `multiprocessing` does."""
    script = """
        import os
        from gatednet.kernels.choice import here
        assert here("vector") == "vector"
        child = os.fork()
        if child == 0:
            from gatednet import Experiment, Population, Save, simulate, with_values
            tried = with_values(Experiment(), {"inputs": Population(), "steps": 1000})
            done = simulate(tried, Save(("loss",), 1000), kernel="vector")
            os._exit(int(done.result))
        raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)], check=True, timeout=120)


def test_a_kernel_is_called_outside_of_programs_too():
    def looped(result, given):
        return jax.lax.dynamic_update_slice(result, given + 1, (0, 0))

    with parts_by("vector"):
        np.testing.assert_array_equal(part(lambda given: given + 1, looped, GIVEN), GIVEN + 1)
