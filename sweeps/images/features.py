"""`FeatureData`: images as the features of a network that was trained to tell their classes, computed once.

An entry of the cache is a folder, named after the data set, the number of features, the seed and a part of its
fingerprint:

    network.npz    the parameters of the network, by their paths in `CNN`
    features.npz   the features of all images, with their labels
    record.json    what the two were made from and with, and their digests

The record is written last: without one there is no entry.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gatednet.experiment import paths, with_leaves
from gatednet.settings import SettingError
from gatednet.simulation import check_seeds, precision_of
from gatednet.sweeps.files import fault, listing, put_aside, read_record, write_bytes, write_record
from gatednet.sweeps.images.cache import cache_folder, ensured, locked, unwritable
from gatednet.sweeps.images.datasets import Images, images_of
from gatednet.sweeps.images.extractor import Training, activations, architecture_for, train, training_for
from gatednet.sweeps.progress import Progress, Silent
from gatednet.sweeps.store.provenance import provenance
from gatednet.sweeps.text import differences
from gatednet.vision import CNN, Architecture

FOLDER, NETWORK, FEATURES, RECORD = "features", "network.npz", "features.npz", "record.json"
# Raised where the same settings give other numbers, or files hold something else.
FORMAT = 1
# What NumPy and its archives say of a file that agrees with a digest, and was never written here.
_UNREADABLE = (
    OSError, ValueError, TypeError, AttributeError, LookupError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class FeatureData:
    """The features of a data set's images, read-only.

    `train` and `test` are (n, features) in single precision, `train_labels` and `test_labels` (n,) 32-bit integers
    from 0 to `classes` - 1. `accuracy` is the share of the test images that the network itself puts into their class,
    and `fingerprint` the SHA-256 of everything that the features depend on, in hexadecimal.
    """

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    classes: int
    accuracy: float
    fingerprint: str


@dataclasses.dataclass(frozen=True, eq=False)
class CacheEntry:
    """One entry of the cache, there or not: what it is made from, and where it is."""

    images: Images
    seed: int
    architecture: Architecture
    training: Training

    @property
    def description(self) -> dict[str, Any]:
        """Everything that the features depend on."""
        return {
            "format": FORMAT,
            "data": self.images.digest,
            "seed": self.seed,
            "architecture": dataclasses.asdict(self.architecture),
            "training": dataclasses.asdict(self.training),
        }

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the description, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.description, sort_keys=True).encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """Its place in the cache."""
        name = f"{self.images.name}-{self.architecture.features}-{self.seed}-{self.fingerprint[:12]}"
        return cache_folder() / FOLDER / name


def features_of(
    name: str,
    width: int = 64,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    relu_hidden: int = 0,
) -> FeatureData:
    """The features of a data set, which are computed where the cache does not have them.

    `name` and `folder` are those of `images_of`, `width` is the number of features, `seed` that of the network's start
    and of the order of the images, `relu_hidden` the number of units in a further layer before the features. Where
    another process is at the same features, its result is waited for.

    **Raises** `SettingError` for what `images_of` and `train` refuse, where the cache cannot be written, and where an
    entry of it is damaged or another one's.
    """
    entry = _entry(name, width, seed, folder, relu_hidden)
    record = _record(entry, progress)
    images, width = entry.images, entry.architecture.features
    shapes = {
        "train": ((len(images.train), width), np.float32),
        "train_labels": ((len(images.train),), np.int32),
        "test": ((len(images.test), width), np.float32),
        "test_labels": ((len(images.test),), np.int32),
    }
    arrays = _read(record, entry.folder, FEATURES, shapes)
    return FeatureData(**arrays, classes=images.classes, accuracy=record["accuracy"], fingerprint=entry.fingerprint)


def are_kept(
    name: str, width: int = 64, seed: int = 0, folder: str | os.PathLike[str] | None = None, relu_hidden: int = 0
) -> bool:
    """Whether the cache has the features already; the arguments are those of `features_of`, which refuses the same."""
    return _is_there(_entry(name, width, seed, folder, relu_hidden))


def network_of(
    name: str,
    width: int = 64,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    relu_hidden: int = 0,
) -> CNN:
    """The trained network behind `features_of`, which has the same arguments and refuses the same."""
    entry = _entry(name, width, seed, folder, relu_hidden)
    record = _record(entry, progress)
    with precision_of("float32"):
        outline = eqx.filter_eval_shape(CNN, entry.architecture, jax.random.key(0))
        shapes = {where: (leaf.shape, leaf.dtype) for where, leaf in paths(outline).items()}
        arrays = _read(record, entry.folder, NETWORK, shapes)
        return with_leaves(outline, {where: jnp.asarray(arrays[where]) for where in shapes})


def _entry(name: str, width: int, seed: int, folder: str | os.PathLike[str] | None, relu_hidden: int) -> CacheEntry:
    check_seeds([seed])
    # Refused before anything is fetched.
    Architecture(features=width, relu_hidden=relu_hidden)
    images = images_of(name, folder)
    return CacheEntry(images, int(seed), architecture_for(images, width, relu_hidden), training_for(images))


def check_source(
    name: str, width: int = 64, seed: int = 0, folder: str | os.PathLike[str] | None = None, relu_hidden: int = 0
) -> None:
    """Check what can be known of features without training a network; the arguments are those of `features_of`.

    **Raises** `SettingError` where images are not to be had, an entry of the cache is damaged, or it cannot be written.
    """
    entry = _entry(name, width, seed, folder, relu_hidden)
    if _is_there(entry):
        _read_record(entry)
        return
    try:
        with tempfile.TemporaryFile(dir=ensured(entry.folder.parent)):
            pass
    except OSError as error:
        raise unwritable(entry.folder, error) from error


def _record(entry: CacheEntry, progress: Progress | None) -> dict[str, Any]:
    """The record of an entry, which is made where it is not there.

    **Raises** `SettingError` where it is damaged or that of another entry.
    """
    # What is there is read without the lock: a cache need not be writable for that.
    if not _is_there(entry):
        said = progress or Silent()
        with locked(entry.folder, lambda: said.waiting("waiting for another process that computes the same")):
            if not _is_there(entry):
                _make(entry, progress)
    return _read_record(entry)


def _is_there(entry: CacheEntry) -> bool:
    return os.path.lexists(entry.folder / RECORD)


def _read_record(entry: CacheEntry) -> dict[str, Any]:
    """The record of an entry that is there, whoever wrote it."""
    place = entry.folder
    try:
        record = read_record(place / RECORD) if os.path.isfile(place / RECORD) else None
    except (OSError, RecursionError) as error:
        raise _damaged(place, f"{RECORD} cannot be read") from error
    if record is None:
        raise _damaged(place, f"{RECORD} is not what was written")
    made_from, accuracy, files = (record.get(key) for key in ("made_from", "accuracy", "files"))
    if not isinstance(made_from, dict) or not isinstance(accuracy, float) or not isinstance(files, dict):
        raise _damaged(place, f"{RECORD} is not what was written")
    found = differences(made_from, entry.description)
    if found:
        raise SettingError(f"{place} is another entry: {found[0]}; delete it to have its features computed again")
    return record


def _make(entry: CacheEntry, progress: Progress | None) -> None:
    """Train the network of an entry and write its files, the record last."""
    images = entry.images
    network = train(images, entry.seed, progress, architecture=entry.architecture, training=entry.training)
    train_features, _ = activations(network, images.train)
    test_features, classes = activations(network, images.test)
    features = {
        "train": train_features,
        "train_labels": images.train_labels.astype(np.int32),
        "test": test_features,
        "test_labels": images.test_labels.astype(np.int32),
    }
    place = ensured(entry.folder)
    # What a process left here that was killed: nobody else writes now.
    _sweep_up(place)
    try:
        write_bytes(place / NETWORK, _packed({where: np.asarray(leaf) for where, leaf in paths(network).items()}))
        write_bytes(place / FEATURES, _packed(features))
        write_record(
            place / RECORD,
            {
                "made_from": entry.description,
                "accuracy": float(np.mean(classes == images.test_labels)),
                "files": listing(place, [place / NETWORK, place / FEATURES]),
                "provenance": provenance(jax.local_devices()[:1]),
            },
        )
    except OSError as error:
        _sweep_up(place)
        # No refusal: the disk failed while something was written.
        raise OSError(error.errno, error.strerror or str(error), str(place)) from error


def _sweep_up(place: Path) -> None:
    """Delete the files that `write_bytes` left aside in the folder of an entry."""
    for path in place.iterdir():
        if put_aside(path.name) in (NETWORK, FEATURES, RECORD):
            with contextlib.suppress(OSError):
                path.unlink()


def _read(
    record: Mapping[str, Any], place: Path, name: str, shapes: Mapping[str, tuple[tuple[int, ...], Any]]
) -> dict[str, np.ndarray]:
    """The arrays of a file of an entry, read-only, each of the shape and type that it should have.

    **Raises** `SettingError` where the file does not agree with its digest, or holds other arrays.
    """
    try:
        reason = fault(place, name, record["files"].get(name))
        if reason:
            raise _damaged(place, f"{name} {reason}")
        # NumPy leaves a file open that is no archive.
        with (place / name).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except SettingError:
        raise
    except _UNREADABLE as error:
        raise _damaged(place, f"{name} cannot be read") from error
    for key in sorted({*shapes, *arrays}):
        shape, kind = shapes.get(key, (None, None))
        found = arrays.get(key)
        if found is None or shape is None or found.shape != shape or found.dtype != kind:
            there = "nothing" if found is None else f"{found.dtype} {found.shape}"
            here = "nothing" if shape is None else f"{np.dtype(kind)} {shape}"
            raise SettingError(f"{place / name} is of another network: {key} is {there}, allowed is {here}")
        found.flags.writeable = False
    return arrays


def _damaged(place: Path, what: str) -> SettingError:
    return SettingError(f"{place} is damaged: {what}; delete it to have its features computed again")


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as the content of a file that NumPy reads without unpickling anything."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
