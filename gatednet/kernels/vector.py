"""A kernel of vector instructions, for processors.

LLVM compiles the module of a loop in a tenth of the time that XLA takes, and the state of the runs of a vector stays in
registers from the first step of a call to the last.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.extend.backend import backends
from llvmlite import ir

from gatednet.kernels import library
from gatednet.kernels.emitter import Emitter, Zero
from gatednet.kernels.handler import NULL, Frame
from gatednet.kernels.kernel import PLATFORM
from gatednet.kernels.memory import Memory, Version
from gatednet.kernels.moves import RUNS, Values, filled
from gatednet.kernels.operations import llvm_type, stored_type
from gatednet.kernels.program import Program

_INDEX = ir.IntType(64)


def call(program: Program, leaves: Sequence[Array], function: Callable[..., list[Array]]) -> Sequence[Array]:
    """What a program carries after its loop, by a kernel on processors, and by the function itself on other platforms.

    Where this process has processors alone, the function is not traced for others.

    **Raises** `UnsupportedError` where the program does what kernels cannot do.
    """
    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves[: program.moving]]
    return _called(program, shapes, leaves, function)


def call_new(program: Program, leaves: Sequence[Array], function: Callable[..., Array]) -> Array:
    """The only result of a program that is given nothing in its place, as `call`; `leaves` are its other arguments."""
    shape = (*program.shape(0)[:-1], leaves[0].shape[-1])
    return _called(program, [jax.ShapeDtypeStruct(shape, program.dtype(0))], leaves, lambda *each: [function(*each)])[0]


def _called(
    program: Program, results: Sequence[Any], leaves: Sequence[Array], function: Callable[..., list[Array]]
) -> Sequence[Array]:
    name = name_of(program)
    first = program.moving if program.new else 0

    def by_kernel(*leaves: Array) -> list[Array]:
        return library.call(name, results, program.aliases, [leaves[place - first] for place in program.used])

    # To trace a step a second time takes a sixth of the time until a program is compiled.
    if _on_processors_alone():
        return by_kernel(*leaves)
    return jax.lax.platform_dependent(*leaves, **{PLATFORM: by_kernel}, default=function)


def _on_processors_alone() -> bool:
    """Whether this process has no other platform."""
    try:
        return set(backends()) == {PLATFORM}
    except RuntimeError:
        # What cannot be started is told where it is needed: shapes can be had without it.
        return False


def try_out() -> None:
    """Compile and register the smallest kernel; whatever goes wrong there is raised."""
    aval = jax.ShapeDtypeStruct((RUNS,), np.float32)
    library.finish(name_of(Program(jax.make_jaxpr(lambda value: [value + value])(aval), 1)))
    library.few_passes()


@functools.lru_cache(16)
def name_of(program: Program) -> str:
    """The name of the kernel of a program in the library of kernels."""
    return library.begin(str(module_of(program)), program.once)


def module_of(program: Program) -> ir.Module:
    """The module of a kernel: a handler of XLA's calls that goes through the runs, vector by vector."""
    module = ir.Module("kernel")
    module.triple = library.triple()
    pointer = ir.PointerType()
    function = ir.Function(module, ir.FunctionType(pointer, [pointer]), library.FUNCTION)
    function.attributes.add("nounwind")
    frame = Frame(function)
    builder = frame.builder
    inputs = {place: frame.argument(number) for number, place in enumerate(program.used)}
    outputs = [frame.result(place) for place in range(program.moving)]
    per_run = [place for place in program.used if program.per_run(place)]
    row = frame.last_size(program.used.index(per_run[0]))
    given: dict[int, Any] = {
        place: _shared(builder, inputs[place], program.shape(place), program.dtype(place))
        for place in program.used
        if place not in per_run
    }
    before: Any = builder.block
    head, body, after = (builder.append_basic_block(name) for name in ("runs", "vectors", "done"))
    builder.branch(head)
    builder.position_at_end(head)
    run = builder.phi(_INDEX)
    run.add_incoming(_INDEX(0), before)
    builder.cbranch(builder.icmp_unsigned("<", run, row), body, after)
    emitter = Emitter(function, *_of_runs(program), row, before)
    emitter.begin(body)

    def at_run(address: Any, place: int) -> Any:
        return emitter.builder.gep(address, [run], source_etype=stored_type(program.dtype(place)))

    for place in program.in_memory:
        address = outputs[place] if place < program.moving else inputs[place]
        given[place] = Version(Memory(at_run(address, place), program.dtype(place)), 0)
    for place in (place for place in per_run if place not in program.in_memory):
        dtype, shape = program.dtype(place), program.shape(place)[:-1]
        address = at_run(inputs[place], place)
        entries = [emitter.load(address, entry, dtype) for entry in range(math.prod(shape))]
        given[place] = filled((*shape, 1), entries)
    following = builder.append_basic_block("next")

    def finish(results: Iterable[tuple[int, Values]]) -> None:
        for place, result in results:
            address = at_run(outputs[place], place)
            for entry, value in enumerate(result.flat):
                emitter.store(address, entry, value, program.dtype(place))
        emitter.end().branch(following)

    _without_zeros(program, emitter, given, finish)
    finish(program.in_registers(emitter, given))
    builder.position_at_end(following)
    run.add_incoming(builder.add(run, _INDEX(emitter.runs)), following)
    builder.branch(head)
    builder.position_at_end(after)
    builder.ret(NULL)
    return module


def _without_zeros(
    program: Program, emitter: Emitter, given: dict[int, Any], finish: Callable[[Iterable[tuple[int, Values]]], None]
) -> None:
    """The program once more, for runs whose strengths that often are zero all are zero, without what they multiply.

    All other runs go on after it, and so do those that are not finite in the end, where zero times something may not
    have been zero: whether a run is alone or among others, it is the same.
    """
    zeros = [place for place in program.often_zero if place in given and program.per_run(place)]
    # What is in memory may have been changed when it turns out that a run has to be computed again.
    if not zeros or program.in_memory:
        return

    def are_finite(results: Iterable[tuple[int, Values]]) -> list[Any]:
        floats = [(program.dtype(place), values) for place, values in results if program.dtype(place).kind == "f"]
        return [emitter.apply(None, "is_finite", dtype, (value,)) for dtype, values in floats for value in values.flat]

    absent, stored, otherwise = map(emitter.function.append_basic_block, ("absent", "stored", "otherwise"))
    zero = {place: Zero(llvm_type(program.dtype(place)), 0.0) for place in zeros}
    conditions = [
        emitter.apply(None, "eq", program.dtype(place), (value, zero[place]))
        for place in zeros
        for value in given[place].flat
    ]
    # To ask here, too, whether runs are finite spared those that diverged, and made the loop a quarter slower.
    emitter.branch(conditions, absent, otherwise)
    emitter.begin(absent)
    without = {place: filled(given[place].shape, [zero[place]] * given[place].size) for place in zeros}
    results = list(program.in_registers(emitter, given | without))
    finite = are_finite(results)
    emitter.branch(finite or conditions, stored, otherwise)
    emitter.begin(stored)
    finish(results)
    emitter.begin(otherwise)


def _of_runs(program: Program) -> tuple[int, int]:
    """How many registers of runs a kernel computes one after the other, and how many runs are in each.

    In a step two registers keep a processor busier than one, whose sums wait for each other; AVX-512 has registers of
    twice the size, and parts of a step have loops that are best left to the compiler (benchmarks/throughput.py).
    """
    features = library.features()
    registers, size = 1, 64
    if not program.new and not features.get("avx512f"):
        registers, size = 2, 32 if features.get("avx") else 16
    return registers, min(program.width // registers, size // program.widest)


def _shared(builder: ir.IRBuilder, address: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """What all runs share, as scalars."""
    kind = stored_type(dtype)
    values = []
    for entry in range(math.prod(shape)):
        value = builder.load(builder.gep(address, [_INDEX(entry)], source_etype=kind), typ=kind)
        values.append(builder.trunc(value, ir.IntType(1)) if dtype == np.bool_ else value)
    return filled(shape, values)
