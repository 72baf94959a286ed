"""IDX files, the format of MNIST (yann.lecun.com/exdb/mnist): a header, and then nothing but the values.

The header is big-endian: two zero bytes, a byte for the type of the values, one for the number of dimensions, and four
for each size.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from gatednet.settings import SettingError

UNSIGNED_BYTES = 0x08
# The largest number of values that is read, far above that of any file known.
MOST_VALUES = 2**30
_GZIP = b"\x1f\x8b"
# The most bytes that one byte of a gzip file can stand for (zlib.net/zlib_tech.html).
_MOST_PACKED = 1032
_PIECE = 2**20


def read_idx(path: str | os.PathLike[str], dimensions: int) -> np.ndarray:
    """The values of an IDX file of unsigned bytes with a number of `dimensions`, read-only.

    The file may be packed by gzip, which its content tells and not its name. What it announces is checked before memory
    is taken for it, and no more of it is unpacked than that.

    **Raises** `SettingError` where there is no such file, or it is damaged in any way that can be known: where a header
    is wrong, values are missing or left over, or a packed file fails its own check.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _unpacked(file, path, dimensions)
    except FileNotFoundError as error:
        raise SettingError(f"{path} does not exist, allowed is {_allowed(dimensions)}") from error
    except (OSError, EOFError, zlib.error) as error:
        # Errors of packed files have no text of the system.
        reason = getattr(error, "strerror", None) or error
        raise SettingError(f"{path} cannot be read: {reason}; allowed is {_allowed(dimensions)}") from error


def _unpacked(file: BufferedIOBase, path: Path, dimensions: int) -> np.ndarray:
    size = os.fstat(file.fileno()).st_size
    packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    if not packed:
        return _read(file, path, dimensions, size)
    with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
        return _read(unpacked, path, dimensions, size * _MOST_PACKED)


def _read(stream: BufferedIOBase, path: Path, dimensions: int, most: int) -> np.ndarray:
    """The values; `most` is the largest number of bytes that the stream can have."""
    sizes = _sizes(stream, path, dimensions)
    announced = math.prod(sizes)
    if announced > most:
        raise _refusal(path, f"is cut off: it cannot hold the {announced:,} values that it announces", dimensions)
    content = bytearray()
    # One byte more than announced is read: a packed file is checked when its end is reached.
    while len(content) <= announced and (piece := stream.read(min(_PIECE, announced + 1 - len(content)))):
        content += piece
    if len(content) < announced:
        raise _refusal(path, f"is cut off: it has {len(content):,} of the {announced:,} values announced", dimensions)
    if len(content) > announced:
        raise _refusal(path, f"goes on after the {announced:,} values that it announces", dimensions)
    values = np.frombuffer(content, np.uint8).reshape(sizes)
    values.flags.writeable = False
    return values


def _sizes(stream: BufferedIOBase, path: Path, dimensions: int) -> tuple[int, ...]:
    magic = bytes((0, 0, UNSIGNED_BYTES, dimensions))
    begin = stream.read(len(magic))
    if begin != magic:
        found = f"begins with {begin.hex(' ')}" if begin else "is empty"
        raise _refusal(path, f"{found}, not with {magic.hex(' ')}", dimensions)
    header = stream.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise _refusal(path, "is cut off within its header", dimensions)
    sizes = struct.unpack(f">{dimensions}I", header)
    if not 1 <= math.prod(sizes) <= MOST_VALUES:
        shape = " × ".join(map(str, sizes))
        raise _refusal(path, f"announces {shape} values, not 1 to {MOST_VALUES:,}", dimensions)
    return sizes


def _refusal(path: Path, what: str, dimensions: int) -> SettingError:
    return SettingError(f"{path} {what}; allowed is {_allowed(dimensions)}")


def _allowed(dimensions: int) -> str:
    return f"an IDX file of unsigned bytes with {dimensions} dimension{'s'[: dimensions != 1]}, packed by gzip or not"
