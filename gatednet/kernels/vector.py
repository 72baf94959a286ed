"""`advanced`: a loop over steps as a kernel of vector instructions, for processors.

LLVM compiles the module of a loop in a tenth of the time that XLA takes, and the state of the runs of a vector stays in
registers from the first step of a call to the last. Kernels are kept for as long as the process lasts, since programs
of XLA hold their addresses.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal
from llvmlite import binding, ir

from gatednet.kernels.emitter import LARGEST, Emitter, Memory, Version, needed, written
from gatednet.kernels.handler import NULL, Frame, register
from gatednet.kernels.kernel import PLATFORM, WIDTH
from gatednet.kernels.moves import RUNS, filled
from gatednet.kernels.operations import UnsupportedError, stored_type

Carried = TypeVar("Carried")

# Bytes of a vector: those of the largest registers there are; smaller ones take two or four for it.
_VECTOR = 64
_FUNCTION = "kernel"
_lock = threading.Lock()


def advanced(function: Callable[..., Carried], carried: Carried, *given: Any) -> Carried:
    """`function(carried, *given)`, which returns what it carries, by a kernel.

    On other platforms the function is called itself. Arrays have the runs last, as the first carried one has, or are
    shared by all runs.

    **Raises** `UnsupportedError` where the function does what kernels cannot do.
    """
    everything, rest = eqx.partition((carried, *given), eqx.is_array)
    leaves, tree = jax.tree.flatten(everything)
    moving = len(jax.tree.leaves(everything[0]))
    runs = leaves[0].shape[-1]
    if runs % WIDTH:
        raise UnsupportedError(f"lanes of {runs} runs")

    def flat(*leaves: Any) -> list[Any]:
        after = function(*eqx.combine(jax.tree.unflatten(tree, leaves), rest))
        return jax.tree.leaves(eqx.filter(after, eqx.is_array))

    def traced_as(leaf: Any) -> jax.ShapeDtypeStruct:
        is_per_run = leaf.ndim and leaf.shape[-1] == runs
        return jax.ShapeDtypeStruct((*leaf.shape[:-1], RUNS) if is_per_run else leaf.shape, leaf.dtype)

    try:
        jaxpr = jax.make_jaxpr(flat)(*map(traced_as, leaves))
    except Exception as error:
        # A fault of the function itself comes again where XLA traces it.
        raise UnsupportedError("functions", f"that fail for other numbers of runs ({type(error).__name__})") from error
    kernel = Kernel(jaxpr, moving)
    name = kernel.registered()
    aliases = {kernel.used.index(place): place for place in kernel.in_memory}
    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves[:moving]]
    call = jax.ffi.ffi_call(name, shapes, input_output_aliases=aliases)

    def by_kernel(*leaves: Any) -> list[Any]:
        return list(call(*(leaves[place] for place in kernel.used)))

    results = jax.lax.platform_dependent(*leaves, **{PLATFORM: by_kernel}, default=flat)
    after = jax.tree.unflatten(jax.tree.structure(everything[0]), results)
    return eqx.combine(after, rest[0])


def try_out() -> None:
    """Compile and register the smallest kernel; whatever goes wrong there is raised."""
    aval = jax.ShapeDtypeStruct((RUNS,), np.float32)
    Kernel(jax.make_jaxpr(lambda value: [value + value])(aval), 1).registered()


class Kernel:
    """A traced function whose first `moving` arguments are what it returns anew."""

    def __init__(self, jaxpr: ClosedJaxpr, moving: int) -> None:
        self.jaxpr, self.moving = jaxpr, moving
        inside = jaxpr.jaxpr
        if [v.aval for v in inside.invars[:moving]] != [v.aval for v in inside.outvars]:
            raise UnsupportedError("functions", "that change the shapes of what they carry")
        read = {atom for equation in needed(inside) for atom in equation.invars if not isinstance(atom, Literal)}
        read.update(atom for atom in inside.outvars if not isinstance(atom, Literal))
        set_in_parts = written(inside)
        self.in_memory = [
            place
            for place, variable in enumerate(inside.invars[:moving])
            if variable in set_in_parts or self._entries(place) > LARGEST
        ]
        self.used = [
            place for place, variable in enumerate(inside.invars) if variable in read or place in self.in_memory
        ]
        sizes = [variable.aval.dtype.itemsize for variable in inside.invars if RUNS in variable.aval.shape]
        self.width = min(WIDTH, _VECTOR // max(sizes))

    def _entries(self, place: int) -> int:
        return int(np.prod(self.jaxpr.jaxpr.invars[place].aval.shape[:-1], dtype=np.int64))

    def registered(self) -> str:
        """The name by which XLA calls this kernel, compiled at the first request."""
        with _lock:
            return _registered(str(self.module()))

    def module(self) -> ir.Module:
        """The module of this kernel: a handler of XLA's calls that goes through the runs, vector by vector."""
        module = ir.Module("kernel")
        module.triple = binding.get_process_triple()
        pointer = ir.PointerType()
        function = ir.Function(module, ir.FunctionType(pointer, [pointer]), _FUNCTION)
        function.attributes.add("nounwind")
        frame = Frame(function)
        builder = frame.builder
        inside = self.jaxpr.jaxpr
        inputs = {place: frame.argument(number) for number, place in enumerate(self.used)}
        outputs = [frame.result(place) for place in range(self.moving)]
        first = next(place for place in self.used if RUNS in inside.invars[place].aval.shape)
        row = frame.last_size(self.used.index(first))
        shared = {
            place: self._shared(builder, inputs[place], inside.invars[place].aval)
            for place in self.used
            if RUNS not in inside.invars[place].aval.shape
        }
        before = builder.block
        head, body, after = (builder.append_basic_block(name) for name in ("runs", "vector", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        run = builder.phi(ir.IntType(64))
        run.add_incoming(ir.IntType(64)(0), before)
        builder.cbranch(builder.icmp_unsigned("<", run, row), body, after)
        builder.position_at_end(body)
        emitter = Emitter(builder, self.width, row)

        def at_run(address: Any, dtype: np.dtype) -> Any:
            return builder.gep(address, [run], source_etype=stored_type(dtype))

        given: list[Any] = []
        for place, variable in enumerate(inside.invars):
            dtype = np.dtype(variable.aval.dtype)
            if place not in inputs or place in shared:
                given.append(shared.get(place))
            elif place in self.in_memory:
                given.append(Version(Memory(at_run(outputs[place], dtype), dtype), 0))
            else:
                address = at_run(inputs[place], dtype)
                shape = tuple(variable.aval.shape[:-1])
                values = [emitter.load(address, entry, dtype) for entry in range(int(np.prod(shape, dtype=np.int64)))]
                given.append(filled((*shape, 1), values))
        for place, result in enumerate(emitter.closed(self.jaxpr, given)):
            dtype = np.dtype(inside.outvars[place].aval.dtype)
            if isinstance(result, Version):
                if place not in self.in_memory:
                    raise UnsupportedError("functions", "that return arrays of steps in other places")
                continue
            address = at_run(outputs[place], dtype)
            for entry, value in enumerate(result.ravel()):
                emitter.store(address, ir.IntType(64)(entry), value, dtype)
        run.add_incoming(builder.add(run, ir.IntType(64)(self.width)), builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        builder.ret(NULL)
        return module

    def _shared(self, builder: ir.IRBuilder, address: Any, aval: Any) -> Any:
        """What all runs share, as scalars."""
        dtype = np.dtype(aval.dtype)
        kind = stored_type(dtype)
        size = int(np.prod(aval.shape, dtype=np.int64))
        if size > LARGEST:
            raise UnsupportedError("arrays", f"of {size} entries that all runs share")
        values = []
        for entry in range(size):
            value = builder.load(builder.gep(address, [ir.IntType(64)(entry)], source_etype=kind), typ=kind)
            values.append(builder.trunc(value, ir.IntType(1)) if dtype == np.bool_ else value)
        return filled(aval.shape, values)


@functools.cache
def _registered(text: str) -> str:
    name = f"gatednet_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    machine, engine = _processor()
    module = binding.parse_assembly(text.replace(f'@"{_FUNCTION}"', f'@"{name}"'))
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=3)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine.add_module(module)
    engine.finalize_object()
    register(name, engine.get_function_address(name))
    return name


@functools.cache
def _processor() -> tuple[binding.TargetMachine, binding.ExecutionEngine]:
    """A compiler for this processor, and where its functions are."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    machine = binding.Target.from_default_triple().create_target_machine(
        binding.get_host_cpu_name(), features, opt=3, jit=True
    )
    return machine, binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
