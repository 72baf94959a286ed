"""XLA's foreign functions, version 0: what a function that XLA calls finds in the frame of a call.

The structures are those of xla/ffi/api/c_api.h, which comes with jaxlib. XLA asks a handler for the version of its
interface when it is registered, and refuses one that it does not know.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from typing import Any

import jax
from llvmlite import ir

# The version of the interface that the structures below are of.
KNOWN = 0, 3
NULL = ir.Constant(ir.PointerType(), None)
_METADATA, _EXECUTE = 1, 3


class _Extension(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("type", ctypes.c_int32), ("next", ctypes.c_void_p)]


class _Extended(ctypes.Structure):
    """What most structures begin with."""

    _fields_ = [("struct_size", ctypes.c_size_t), ("extension_start", ctypes.c_void_p)]


class _Version(_Extended):
    _fields_ = [("major", ctypes.c_int32), ("minor", ctypes.c_int32)]


class _Metadata(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("version", _Version), ("traits", ctypes.c_uint32)]


class _MetadataExtension(ctypes.Structure):
    _fields_ = [("base", _Extension), ("metadata", ctypes.c_void_p)]


class _Buffers(_Extended):
    _fields_ = [("size", ctypes.c_int64), ("types", ctypes.c_void_p), ("values", ctypes.c_void_p)]


class _Frame(_Extended):
    _fields_ = [
        ("api", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
        ("stage", ctypes.c_int32),
        ("arguments", _Buffers),
        ("results", _Buffers),
    ]


class _Buffer(_Extended):
    _fields_ = [
        ("dtype", ctypes.c_int32),
        ("data", ctypes.c_void_p),
        ("rank", ctypes.c_int64),
        ("sizes", ctypes.c_void_p),
    ]


class Frame:
    """The frame of a call, read by `builder`, which stands where the call is to be carried out."""

    def __init__(self, function: ir.Function) -> None:
        """Answer what XLA asks before the first call."""
        (self._frame,) = function.args
        builder = self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        extension = self._read(self._frame, _Frame.extension_start.offset)
        with builder.if_then(builder.icmp_unsigned("!=", extension, NULL)):
            kind = self._read(extension, _Extension.type.offset, ir.IntType(32))
            with builder.if_then(builder.icmp_unsigned("==", kind, ir.IntType(32)(_METADATA))):
                metadata = self._read(extension, _MetadataExtension.metadata.offset)
                for offset, number in (
                    (_Metadata.version.offset + _Version.major.offset, KNOWN[0]),
                    (_Metadata.version.offset + _Version.minor.offset, KNOWN[1]),
                    (_Metadata.traits.offset, 0),
                ):
                    builder.store(ir.IntType(32)(number), self._at(metadata, offset))
                builder.ret(NULL)
        stage = self._read(self._frame, _Frame.stage.offset, ir.IntType(32))
        with builder.if_then(builder.icmp_unsigned("!=", stage, ir.IntType(32)(_EXECUTE))):
            builder.ret(NULL)
        self._arguments = self._read(self._frame, _Frame.arguments.offset + _Buffers.values.offset)
        self._results = self._read(self._frame, _Frame.results.offset + _Buffers.values.offset)

    def argument(self, number: int) -> Any:
        """The address of the data of an argument."""
        return self._read(self._buffer(self._arguments, number), _Buffer.data.offset)

    def result(self, number: int) -> Any:
        """The address of the data of a result."""
        return self._read(self._buffer(self._results, number), _Buffer.data.offset)

    def last_size(self, number: int) -> Any:
        """The size of the last axis of an argument."""
        buffer = self._buffer(self._arguments, number)
        rank = self._read(buffer, _Buffer.rank.offset, ir.IntType(64))
        last = self.builder.sub(rank, ir.IntType(64)(1))
        sizes = self._read(buffer, _Buffer.sizes.offset)
        return self.builder.load(self.builder.gep(sizes, [last], source_etype=ir.IntType(64)), typ=ir.IntType(64))

    def _buffer(self, buffers: Any, number: int) -> Any:
        return self._read(buffers, number * ctypes.sizeof(ctypes.c_void_p))

    def _at(self, address: Any, offset: int) -> Any:
        return self.builder.gep(address, [ir.IntType(64)(offset)], source_etype=ir.IntType(8))

    def _read(self, address: Any, offset: int, kind: Any = None) -> Any:
        return self.builder.load(self._at(address, offset), typ=kind or ir.PointerType())


def version() -> tuple[int, int]:
    """The version of the interface that jaxlib comes with."""
    header = Path(jax.ffi.include_dir(), "xla", "ffi", "api", "c_api.h").read_text()

    def number(name: str) -> int:
        found = re.search(rf"#define XLA_FFI_API_{name} (\d+)", header)
        return int(found[1]) if found else -1

    return number("MAJOR"), number("MINOR")


def register(name: str, address: int) -> None:
    """Make the function at an address known to XLA."""
    handler = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(address)
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(handler), platform="cpu")
