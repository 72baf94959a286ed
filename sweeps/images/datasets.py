"""`Images`: handwritten digits and pieces of clothing with their classes, read from files or fetched once.

- `digits`: 1797 digits of 8×8 pixels, a part of scikit-learn, from the UCI set of optical digits;
- `mnist`: 70 000 digits of 28×28 pixels (LeCun and Cortes);
- `fashion_mnist`: 70 000 pieces of clothing of 28×28 pixels (Xiao, Rasul and Vollgraf, arXiv 1708.07747).
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import functools
import hashlib
import importlib.util
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from gatednet.settings import SettingError
from gatednet.sweeps.files import sha256
from gatednet.sweeps.images.cache import cache_folder, ensured, from_extra, locked
from gatednet.sweeps.images.idx import read_idx

DATA = "GATEDNET_DATA"
DIGITS = "digits"
# How many of scikit-learn's digits are for tests.
TEST_DIGITS = 500

TRAIN, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
FILES = (TRAIN, TRAIN_LABELS, TEST, TEST_LABELS)
PACKED = ".gz"
# The folder of the cache that files are fetched into, and what a disk says that cannot take them.
FETCHING = ".fetching"
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO)
PIXELS = (28, 28)
CLASSES = 10


@dataclasses.dataclass(frozen=True)
class ImageSource:
    """Where the files of a data set are, packed, and what is in them."""

    mirrors: tuple[str, ...]
    # SHA-256 of the packed files.
    digests: Mapping[str, str]
    # SHA-256 of the labels for tests as they stand in a row, however they are packed.
    labels: str


SOURCES = {
    "mnist": ImageSource(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            TRAIN: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            TRAIN_LABELS: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            TEST: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            TEST_LABELS: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    ),
    "fashion_mnist": ImageSource(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        {
            TRAIN: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            TRAIN_LABELS: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            TEST: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            TEST_LABELS: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    ),
}
NAMES = (DIGITS, *SOURCES)


@dataclasses.dataclass(frozen=True, eq=False)
class Images:
    """Images of two parts, one to train on and one for tests, with the class of each.

    `train` and `test` are (n, height, width), `train_labels` and `test_labels` (n,); all are unsigned bytes, and become
    read-only. Pixels are from 0 to 255, labels from 0 to `classes` - 1.
    """

    name: str
    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    classes: int = CLASSES

    def __post_init__(self) -> None:
        for values in (self.train, self.train_labels, self.test, self.test_labels):
            values.flags.writeable = False

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of all values with their shapes."""
        digest = hashlib.sha256()
        for values in (self.train, self.train_labels, self.test, self.test_labels):
            digest.update(repr(values.shape).encode())
            digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()


def images_of(name: str, folder: str | os.PathLike[str] | None = None) -> Images:
    """The images of a data set, one of `NAMES`.

    MNIST and Fashion-MNIST are four IDX files, packed by gzip or not. They are looked for in `folder`; without one, in
    the folder that the environment variable GATEDNET_DATA names, and then in the cache, where they are fetched to once.
    In a folder they may lie in `FOLDER/NAME` or directly in it. Those of a folder may hold fewer images than the
    published ones; those of the cache are the published ones by their SHA-256.

    **Raises** `SettingError` for another name, where a package is not installed, where files are missing, damaged, or
    not what their names say, and where they can be found nowhere and not be fetched.
    """
    _check_name(name)
    if name == DIGITS:
        return _digits()
    given = _given(name, folder)
    if given is not None:
        return _read(name, given)
    return _read(name, _fetched(name))


def at_hand(name: str, folder: str | os.PathLike[str] | None = None) -> bool:
    """Whether the files that `images_of` would read are all there, so that nothing has to be fetched.

    **Raises** `SettingError` for a name that is not one of `NAMES`.
    """
    _check_name(name)
    if name == DIGITS:
        return importlib.util.find_spec("sklearn") is not None
    try:
        return _given(name, folder) is not None or not _to_fetch(name)
    except SettingError:
        return False


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise SettingError(f"data set {name!r} is not known, allowed are {', '.join(NAMES)}")


def _digits() -> Images:
    """The digits of scikit-learn in a fixed random order; the last `TEST_DIGITS` are for tests.

    The files of scikit-learn go through the writers one after the other, so that without another order the tests would
    be of other hands.
    """
    read = from_extra("sklearn.datasets", "the data set 'digits'").load_digits()
    order = np.random.default_rng(0).permutation(len(read.images))
    # There 16 is the brightest.
    pixels = np.rint(read.images[order] * (255 / 16)).astype(np.uint8)
    labels = read.target[order].astype(np.uint8)
    train, test = slice(None, -TEST_DIGITS), slice(-TEST_DIGITS, None)
    return Images(DIGITS, pixels[train], labels[train], pixels[test], labels[test])


def _given(name: str, folder: str | os.PathLike[str] | None) -> dict[str, Path] | None:
    """The files of a data set in the folder that was named; None where the environment names one without them, or none.

    **Raises** `SettingError` where the folder is not there, only some of the files are, or `folder` has none.
    """
    named = os.environ.get(DATA) if folder is None else folder
    if not named:
        return None
    root = Path(named)
    if not os.path.isdir(root):
        where = f"{DATA} is {str(root)!r}" if folder is None else f"{root} is no folder"
        raise SettingError(f"{where}, allowed is a folder that holds {_listed()}, or {name}/ with them")
    # The files of all data sets have the same names, so that a folder named like another one is not this one's.
    places = [root / name, *([root] if root.resolve().name not in {*SOURCES} - {name} else [])]
    for place in places:
        found = _files(place)
        missing = [file for file in FILES if file not in found]
        if not missing:
            return found
        if found:
            raise SettingError(f"{place} lacks {' and '.join(missing)}, allowed is all of {_listed()}")
    if folder is None:
        return None
    raise SettingError(f"{root} holds no {name}, allowed is a folder that holds {_listed()}, or {name}/ with them")


def _files(place: Path) -> dict[str, Path]:
    """The files that are in a folder, by the names that they have without an ending; unpacked where both are there."""
    return {
        file: path for ending in (PACKED, "") for file in FILES if os.path.isfile(path := place / f"{file}{ending}")
    }


def _listed() -> str:
    return ", ".join(FILES) + f" (each may end in {PACKED})"


def _to_fetch(name: str) -> list[str]:
    """The files of a data set that the cache does not have, or not as they were published."""
    place = cache_folder() / name
    return [file for file in FILES if not _is_published(name, file, place / f"{file}{PACKED}")]


def _is_published(name: str, file: str, path: Path) -> bool:
    """Whether a file is there as it was published; one that cannot be read is not."""
    try:
        return path.is_file() and sha256(path) == SOURCES[name].digests[file]
    except OSError:
        return False


def _fetched(name: str) -> dict[str, Path]:
    """The files of a data set in the cache, all as they were published."""
    place = cache_folder() / name
    if _to_fetch(name):
        ensured(place)
        # One process at a time, so that what is in the folder aside is what a killed one left.
        with locked(place):
            aside = place / FETCHING
            shutil.rmtree(aside, ignore_errors=True)
            try:
                for file in _to_fetch(name):
                    _fetch(name, file, ensured(aside))
                    (aside / f"{file}{PACKED}").replace(place / f"{file}{PACKED}")
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    return {file: place / f"{file}{PACKED}" for file in FILES}


def _fetch(name: str, file: str, place: Path) -> None:
    """Fetch one file from the first mirror that has it. Pooch writes it aside and checks it before it is renamed."""
    pooch = from_extra("pooch", f"fetching {name}")
    packed, known = f"{file}{PACKED}", f"sha256:{SOURCES[name].digests[file]}"
    tried = []
    for mirror in SOURCES[name].mirrors:
        try:
            with _quiet(pooch.get_logger()):
                pooch.retrieve(mirror + packed, known, packed, place)
        except (OSError, ValueError) as error:
            # No other mirror helps against a full disk.
            if getattr(error, "errno", None) in DISK:
                raise OSError(error.errno, error.strerror, str(place)) from error  # pyright: ignore
            # Pooch says with a ValueError that the digest is another one.
            reason = "another SHA-256" if isinstance(error, ValueError) else type(error).__name__
            tried.append(f"{urlsplit(mirror).hostname}: {reason}")
        else:
            return
    raise SettingError(
        f"{name} is not at hand, and {packed} cannot be fetched ({', '.join(tried)}); put {_listed()} "
        f"into FOLDER/{name} and set {DATA}=FOLDER"
    )


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Silence the log of a package for a while: mirrors that fail are reported in one line at the end."""
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _read(name: str, paths: Mapping[str, Path]) -> Images:
    return _unpacked(name, tuple(paths.items()), tuple(_stamp(path) for path in paths.values()))


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes with a file's content, but for a forger: to unpack the images takes as long as some sweeps do."""
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@functools.lru_cache(2)
def _unpacked(name: str, files: tuple[tuple[str, Path], ...], stamps: tuple[tuple[int, ...], ...]) -> Images:
    """The images of files; `stamps` tell other files in their places apart."""
    del stamps
    paths, parts = dict(files), []
    for images, labels in ((TRAIN, TRAIN_LABELS), (TEST, TEST_LABELS)):
        pixels, classes = read_idx(paths[images], 3), read_idx(paths[labels], 1)
        if pixels.shape[1:] != PIXELS:
            shape = "×".join(map(str, pixels.shape[1:]))
            raise SettingError(f"{paths[images]} has images of {shape} pixels, allowed are {PIXELS[0]}×{PIXELS[1]}")
        if len(pixels) != len(classes):
            raise SettingError(
                f"{paths[labels]} has {len(classes):,} labels for the {len(pixels):,} images of {paths[images]}, "
                "allowed is one for each"
            )
        if classes.max() >= CLASSES:
            raise SettingError(f"{paths[labels]} has the label {classes.max()}, allowed are 0 to {CLASSES - 1}")
        parts += [pixels, classes]
    digest = hashlib.sha256(parts[-1]).hexdigest()
    for other, source in SOURCES.items():
        if other != name and source.labels == digest:
            raise SettingError(f"{paths[TEST_LABELS]} is of {other}, allowed is that of {name}")
    return Images(name, *parts)
