"""IDX files: what is read is what is there, and whatever is damaged is refused in one line."""

import gzip
import io
import struct
import tracemalloc

import numpy as np
import pytest

from gatednet import SettingError
from gatednet.sweeps.images.idx import read_idx

VALUES = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
TRIALS = 10_000


def header(*sizes, magic=(0, 0, 8)):
    return bytes((*magic, len(sizes))) + struct.pack(f">{len(sizes)}I", *sizes)


PLAIN = header(5, 4, 3) + VALUES.tobytes()
# Packed at no time: two processes that collect these tests must find the same.
PACKED = gzip.compress(PLAIN, mtime=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "images.idx"


def refused(path, dimensions=3):
    """The one line with which a file is refused."""
    with pytest.raises(SettingError) as caught:
        read_idx(path, dimensions)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path)).strip()


@pytest.mark.parametrize("content", [PLAIN, PACKED], ids=["plain", "packed"])
def test_what_is_read_is_what_is_there(content, path):
    path.write_bytes(content)
    values = read_idx(str(path), 3)
    assert values.dtype == np.uint8
    assert np.array_equal(values, VALUES)
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 0


def test_labels_have_one_dimension(path):
    path.write_bytes(header(3) + bytes((7, 0, 9)))
    assert read_idx(path, 1).tolist() == [7, 0, 9]
    assert "begins with 00 00 08 01, not with 00 00 08 03" in refused(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, not with 00 00 08 03"),
        (b"<html>", "begins with 3c 68 74 6d, not with 00 00 08 03"),
        (header(1, 1, 1, magic=(0, 0, 13)) + bytes(1), "begins with 00 00 0d 03"),
        (header(1, 1, 1, magic=(1, 0, 8)) + bytes(1), "begins with 01 00 08 03"),
        (header(5, 4, 3)[:-1], "is cut off within its header"),
        (PLAIN[:-1], "is cut off: it has 59 of the 60 values announced"),
        (PLAIN + b"\0", "goes on after the 60 values that it announces"),
        (header(0, 4, 3), "announces 0 × 4 × 3 values, not 1 to 1,073,741,824"),
        (header(2**32 - 1, 2**32 - 1, 2**32 - 1), "announces 4294967295 × 4294967295 × 4294967295 values"),
        (header(2**20, 2**5, 2**5), "is cut off: it cannot hold the 1,073,741,824 values that it announces"),
        (PACKED[:-9], "cannot be read: Compressed file ended before the end-of-stream marker was reached"),
        (PACKED[:-8] + bytes(8), "cannot be read: CRC check failed"),
        (PACKED + b"more", "cannot be read: Not a gzipped file"),
        (PACKED + gzip.compress(b"more", mtime=0), "goes on after the 60 values"),
        (gzip.compress(PLAIN[:-1], mtime=0), "is cut off: it has 59 of the 60 values announced"),
        (gzip.compress(header(2**20, 2**5, 2**5), mtime=0), "is cut off: it cannot hold"),
        (gzip.compress(PACKED, mtime=0), "begins with 1f 8b 08 00"),
    ],
)
def test_what_is_wrong_is_told(content, message, path):
    path.write_bytes(content)
    told = refused(path)
    assert told.startswith(message)
    assert told.endswith("; allowed is an IDX file of unsigned bytes with 3 dimensions, packed by gzip or not")


def test_what_is_no_file_is_told(tmp_path):
    assert refused(tmp_path / "nothing").startswith("does not exist, allowed is an IDX file")
    assert refused(tmp_path).startswith("cannot be read: Is a directory")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: header(5, 4, 3) + bytes(2**26), id="more than announced"),
        pytest.param(lambda: header(2**10, 2**10, 2**10), id="less than announced"),
    ],
)
def test_a_bomb_takes_no_memory(content, path):
    unpacked = io.BytesIO(content())
    with gzip.open(path, "wb", compresslevel=9) as file:
        while piece := unpacked.read(2**24):
            file.write(piece)
    del unpacked
    tracemalloc.start()
    try:
        refused(path)
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def damaged(content, random):
    """The same bytes with one to three of them flipped, cut away, left out or put in."""
    content = bytearray(content)
    for _ in range(random.integers(1, 4)):
        # The header is a small part of the file, and the one that most can go wrong with.
        place = int(random.integers(min(24, len(content)) if random.random() < 0.5 else len(content)))
        match random.integers(5):
            case 0:
                content[place] ^= 1 << int(random.integers(8))
            case 1:
                content[place] = int(random.integers(256))
            case 2:
                content[place:place] = random.bytes(int(random.integers(1, 9)))
            case 3:
                del content[place : place + int(random.integers(1, 9))]
            case 4:
                del content[max(place, 1) :]
        content = content or bytearray(1)
    return bytes(content)


def by_hand(content):
    """The values that the bytes of a plain file say; None where they say none."""
    if content[:4] != bytes((0, 0, 8, 3)) or len(content) < 16:
        return None
    sizes = [int.from_bytes(content[place : place + 4], "big") for place in (4, 8, 12)]
    if sizes[0] * sizes[1] * sizes[2] != len(content) - 16 or len(content) == 16:
        return None
    return np.array(list(content[16:]), np.uint8).reshape(sizes)


def unpacked(content):
    """What another reader of gzip gets out of a file; None where it refuses it."""
    try:
        return gzip.decompress(content)
    except Exception:
        return None


@pytest.mark.parametrize("source", [PLAIN, PACKED], ids=["plain", "packed"])
def test_no_damage_is_taken_for_another_array(source, path):
    random = np.random.default_rng(0)
    read = 0
    for _ in range(TRIALS // 2):
        content = damaged(source, random)
        path.write_bytes(content)
        said = None
        try:
            values = read_idx(path, 3)
        except SettingError as error:
            said = str(error)
        # Damage may also leave a file that can be read.
        if said is not None:
            assert said.startswith(str(path))
            assert "\n" not in said
            if content[:2] != b"\x1f\x8b":
                assert by_hand(content) is None
            continue
        read += 1
        whole = unpacked(content) if content[:2] == b"\x1f\x8b" else content
        expected = by_hand(whole)
        assert expected is not None
        assert np.array_equal(values, expected)
        if source is PACKED:
            assert np.array_equal(values, VALUES)
    # Some damage is none: other pixels of a plain file, the date in a packed one.
    assert TRIALS // 100 < read < TRIALS // 4
