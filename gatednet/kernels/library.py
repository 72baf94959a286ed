"""Kernels as an operation of JAX: a module of LLVM is compiled while the program that calls it is still traced."""

from __future__ import annotations

import concurrent.futures
import functools
import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import jax
from jax import Array
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import mlir
from llvmlite import binding

from gatednet.kernels.handler import register
from gatednet.kernels.kernel import PLATFORM

# What a module calls its function, which gets a name of its own.
FUNCTION = "kernel"
_compiler = concurrent.futures.ThreadPoolExecutor(1, "compile kernels")
_compiled: dict[str, concurrent.futures.Future[None]] = {}
_waiting: dict[str, tuple[str, bool]] = {}
_lock = threading.Lock()


def begin(text: str, once: bool) -> str:
    """The name of the kernel of a module, which begins to be compiled at the first request.

    It is kept for as long as the process lasts, since programs of XLA hold its address. One that is called `once` a run
    is compiled in less time.
    """
    name = f"gatednet_{hashlib.sha256(f'{once} {text}'.encode()).hexdigest()[:32]}"
    with _lock:
        if name not in _compiled:
            _waiting[name] = text, once
            _begin(name)
    return name


def finish(name: str) -> None:
    """Wait until a kernel is there; what goes wrong with it is raised, and tried again at the next request."""
    with _lock:
        future = _compiled.get(name) or _begin(name)
    try:
        future.result()
    except Exception:
        with _lock:
            if _compiled.get(name) is future:
                del _compiled[name]
        raise
    with _lock:
        _waiting.pop(name, None)


def _begin(name: str) -> concurrent.futures.Future[None]:
    text, once = _waiting[name]
    future = _compiler.submit(_compile, text.replace(f'@"{FUNCTION}"', f'@"{name}"'), name, once)
    _compiled[name] = future
    return future


def _before_fork() -> None:
    """Leave nothing half done: no thread goes on in a child, and locks that one held stay held."""
    concurrent.futures.wait(list(_compiled.values()))


def _in_child() -> None:
    global _compiler, _lock
    _compiler, _lock = concurrent.futures.ThreadPoolExecutor(1, "compile kernels"), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)


def call(
    name: str, results: Sequence[jax.ShapeDtypeStruct], aliases: Mapping[int, int], operands: Sequence[Array]
) -> list[Array]:
    """The results of a kernel, of which some are operands that are written to in place: `aliases` are their places."""
    shapes = tuple(ShapedArray(each.shape, each.dtype) for each in results)
    return _primitive.bind(*operands, name=name, results=shapes, aliases=tuple(aliases.items()))


def _lowered(context: mlir.LoweringRuleContext, *operands: Any, name: str, aliases: Any, **_: Any) -> Any:
    # XLA asks for the function when it compiles the call.
    finish(name)
    return jax.ffi.ffi_lowering(name, operand_output_aliases=dict(aliases))(context, *operands)


_primitive = Primitive("gatednet_kernel")
_primitive.multiple_results = True
_primitive.def_abstract_eval(lambda *operands, results, **_: results)
_primitive.def_impl(
    lambda *operands, **parameters: jax.jit(functools.partial(_primitive.bind, **parameters))(*operands)
)
mlir.register_lowering(_primitive, _lowered, platform=PLATFORM)


def _compile(text: str, name: str, once: bool) -> None:
    machine, engine = _processor()
    module = binding.parse_assembly(text)
    module.verify()
    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=3))
    (few_passes() if once else builder.getModulePassManager()).run(module, builder)
    engine.add_module(module)
    engine.finalize_object()
    register(name, engine.get_function_address(name))


def few_passes() -> Any:
    """Those of LLVM's passes without which loops take half as long again; all together take three times as long."""
    passes = binding.create_new_module_pass_manager()
    passes.add_loop_simplify_pass()
    passes.add_lcssa_pass()
    passes.add_loop_rotate_pass()
    passes.add_instruction_combine_pass()
    passes.add_new_gvn_pass()
    return passes


# LLVM's calls wait for each other: what does not change is asked for once, and not while a kernel is compiled.
@functools.cache
def triple() -> str:
    """The kind of this machine, as LLVM names it."""
    return binding.get_process_triple()


@functools.cache
def features() -> binding.FeatureMap:
    """What vector instructions this processor has, among others."""
    return binding.get_host_cpu_features()


@functools.cache
def _processor() -> tuple[binding.TargetMachine, binding.ExecutionEngine]:
    """A compiler for this processor, and where its functions are."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(
        binding.get_host_cpu_name(), features().flatten(), opt=3, jit=True
    )
    return machine, binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
