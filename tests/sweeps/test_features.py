"""Features of images: what they are worth, the cache that keeps them, and what is refused of it."""

import dataclasses
import errno
import json
import multiprocessing
import os
import shutil
import time
from pathlib import Path

import filelock
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatednet import SettingError
from gatednet.sweeps.files import listing, read_record, sha256, write_record
from gatednet.sweeps.images import features
from gatednet.sweeps.images.cache import CACHE
from gatednet.sweeps.images.datasets import DATA, Images, at_hand, images_of
from gatednet.sweeps.images.extractor import Training, activations, architecture_for
from gatednet.sweeps.images.features import FEATURES, NETWORK, RECORD, check_source, features_of, network_of
from gatednet.vision import CNN

pytestmark = pytest.mark.optimized


def untrained(_images, seed, _progress, *, architecture, **_):
    return CNN(architecture, jax.random.key(seed))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cache with the features of the digits."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE, str(folder))
        features_of("digits")
    return folder


@pytest.fixture
def cache(made, tmp_path, monkeypatch):
    """The same to be changed by a test; nothing is trained any more."""
    shutil.copytree(made, tmp_path / "cache")
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(features, "train", None)
    return tmp_path / "cache"


@pytest.fixture
def short(tmp_path, monkeypatch):
    """An empty cache, and networks that are left as they start."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(features, "train", untrained)
    return tmp_path / "cache"


def entry_of(cache) -> Path:
    (entry,) = (path for path in (cache / "features").iterdir() if path.is_dir())
    return entry


def refused(call=features_of, **named):
    with pytest.raises(SettingError) as caught:
        call(**{"name": "digits", **named})
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.usefixtures("cache")
def test_features_of_digits_tell_them_apart(digits):
    data = features_of("digits")
    assert data.accuracy >= 0.97
    assert data.train.shape == (1297, 64)
    assert data.test.shape == (500, 64)
    assert (data.train.dtype, data.train_labels.dtype) == (np.float32, np.int32)
    assert np.array_equal(data.train_labels, digits.train_labels)
    assert np.array_equal(data.test_labels, digits.test_labels)
    assert (data.train.min(), data.classes) == (0, 10)
    # A linear map of them is all that a head has to learn.
    padded = np.pad(data.train, ((0, 0), (0, 1)), constant_values=1)
    head = np.linalg.lstsq(padded, np.eye(10)[data.train_labels], rcond=1e-5)[0]
    scores = np.pad(data.test, ((0, 0), (0, 1)), constant_values=1) @ head
    assert np.mean(scores.argmax(1) == data.test_labels) >= 0.93
    with pytest.raises(ValueError, match="read-only"):
        data.train[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.accuracy = 1.0


@pytest.mark.usefixtures("cache")
def test_the_network_in_the_cache_is_the_one_that_made_the_features(digits):
    data, network = features_of("digits"), network_of("digits")
    assert network.architecture == architecture_for(digits)
    again, classes = activations(network, digits.test)
    assert np.array_equal(again, data.test)
    assert np.mean(classes == digits.test_labels) == data.accuracy


@pytest.mark.usefixtures("cache")
def test_activations_are_those_of_single_images(digits):
    network = network_of("digits")
    images = digits.test[:3]
    found, classes = activations(network, images)
    for image, row, label in zip(images, found, classes, strict=True):
        scaled = jnp.asarray(image, jnp.float32) / 127.5 - 1
        np.testing.assert_allclose(network.features(scaled), row, atol=1e-4)
        assert int(jnp.argmax(network(scaled))) == label


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "seed is -1, allowed are whole numbers from 0 to 4294967295"),
        ({"seed": 0.5}, "seed is 0.5, allowed are whole numbers from 0 to 4294967295"),
        ({"width": 0}, "Architecture.features is 0, allowed is a whole number, at least 1"),
        ({"relu_hidden": -1}, "Architecture.relu_hidden is -1, allowed is a whole number, at least 0"),
        ({"name": "mist"}, "data set 'mist' is not known, allowed are digits, mnist, fashion_mnist"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_made(short, settings, message):
    assert refused(**settings) == message
    assert not short.exists()


def test_what_differs_has_an_entry_of_its_own(short, monkeypatch):
    def dark(network, pixels):
        return np.zeros((len(pixels), network.architecture.features), np.float32), np.zeros(len(pixels), np.int32)

    monkeypatch.setattr(features, "activations", dark)
    fingerprints = {features_of("digits", width, seed).fingerprint for width, seed in [(64, 0), (10, 0), (64, 1)]}
    fingerprints.add(features_of("digits", 10, relu_hidden=64).fingerprint)
    assert network_of("digits", 10, relu_hidden=64).between.weight.shape == (64, 512)
    assert features_of("digits", 10).train.shape == (1297, 10)
    monkeypatch.setattr(features, "training_for", lambda _: Training(steps=20, batch=32))
    fingerprints.add(features_of("digits").fingerprint)
    monkeypatch.setattr(features, "FORMAT", 2)
    fingerprints.add(features_of("digits").fingerprint)
    images = images_of("digits")
    fewer = Images("digits", images.train[:-1], images.train_labels[:-1], images.test, images.test_labels)
    monkeypatch.setattr(features, "images_of", lambda *_: fewer)
    fingerprints.add(features_of("digits").fingerprint)
    assert len(fingerprints) == 7
    entries = [path for path in (short / "features").iterdir() if path.is_dir()]
    assert len(entries) == 7
    assert {entry.name.rpartition("-")[2] for entry in entries} == {each[:12] for each in fingerprints}


def test_the_record_says_what_the_features_are_made_from(cache, digits):
    entry = entry_of(cache)
    record = read_record(entry / RECORD)
    assert record is not None
    assert record["made_from"]["data"] == digits.digest
    assert record["made_from"]["training"] == {"steps": 1500, "batch": 128, "rate": 1e-3, "weight_decay": 1e-4}
    assert record["made_from"]["architecture"]["features"] == 64
    assert record["provenance"]["jax"] == jax.__version__
    assert record["files"][FEATURES]["sha256"] == sha256(entry / FEATURES)
    assert sorted(path.name for path in entry.iterdir()) == sorted([NETWORK, FEATURES, RECORD])


def test_an_interrupted_training_leaves_no_entry(short, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(features, "write_record", stop)
        with pytest.raises(KeyboardInterrupt):
            features_of("digits")
    assert (entry_of(short) / FEATURES).exists()
    (entry_of(short) / FEATURES).write_bytes(b"half")
    assert features_of("digits").train.shape == (1297, 64)


@pytest.mark.parametrize("name", [NETWORK, FEATURES])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "text"])
def test_damaged_files_are_told_with_the_cure(cache, name, damage):
    entry = entry_of(cache)
    path = entry / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    match damage:
        case "flipped":
            path.write_bytes(content)
        case "cut":
            path.write_bytes(content[:100])
        case "gone":
            path.unlink()
        case "text":
            path.write_text("no arrays")
    reason = "is missing" if damage == "gone" else "does not agree with its digest"
    told = refused(network_of if name == NETWORK else features_of)
    assert told == f"{entry} is damaged: {name} {reason}; delete it to have its features computed again"


@pytest.mark.parametrize("content", ["", "{}", "[1]", "no JSON"])
def test_a_damaged_record_is_told_with_the_cure(cache, content):
    entry = entry_of(cache)
    (entry / RECORD).write_text(content)
    assert refused() == (
        f"{entry} is damaged: {RECORD} is not what was written; delete it to have its features computed again"
    )


def test_the_entry_of_another_network_is_refused(cache):
    entry = entry_of(cache)
    record = json.loads((entry / RECORD).read_text())
    del record["digest"]
    record["made_from"]["architecture"]["hidden"] = 100
    write_record(entry / RECORD, record)
    assert refused() == (
        f"{entry} is another entry: architecture.hidden is 100 there and 512 here; "
        "delete it to have its features computed again"
    )


@pytest.mark.parametrize(
    ("name", "call", "change", "told"),
    [
        (NETWORK, network_of, lambda arrays: arrays | {"last.weight": np.zeros((10, 512), np.float32)},
         "last.weight is float32 (10, 512), allowed is float32 (64, 512)"),
        (NETWORK, network_of, lambda arrays: arrays | {"last.bias": np.zeros(64)},
         "last.bias is float64 (64,), allowed is float32 (64,)"),
        (NETWORK, network_of, lambda arrays: {key: arrays[key] for key in arrays if key != "readout.bias"},
         "readout.bias is nothing, allowed is float32 (10,)"),
        (NETWORK, network_of, lambda arrays: arrays | {"more": np.zeros(1)},
         "more is float64 (1,), allowed is nothing"),
        (FEATURES, features_of, lambda arrays: arrays | {"test": arrays["test"][1:]},
         "test is float32 (499, 64), allowed is float32 (500, 64)"),
    ],
)  # fmt: skip
def test_arrays_of_another_network_are_refused(cache, name, call, change, told):
    entry = entry_of(cache)
    with np.load(entry / name, allow_pickle=False) as file:
        arrays = dict(file)
    np.savez(entry / name, **change(arrays))
    record = json.loads((entry / RECORD).read_text())
    del record["digest"]
    write_record(entry / RECORD, {**record, "files": listing(entry, [entry / NETWORK, entry / FEATURES])})
    assert refused(call) == f"{entry / name} is of another network: {told}"


def test_what_is_there_is_read_without_writing_anything(cache, monkeypatch):
    # As in a cache that can only be read.
    for name in ("locked", "ensured", "write_bytes", "write_record"):
        monkeypatch.setattr(features, name, None)
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert features_of("digits").train.shape == (1297, 64)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before


def test_a_cache_that_cannot_be_written_is_told(short):
    short.write_text("a file")
    assert refused().startswith(f"{short}/features cannot be written: Not a directory; GATEDNET_CACHE can name")


def _wait_for_features(folder, answers):
    os.environ[CACHE] = folder
    features.train = None
    answers.put(features_of("digits").fingerprint)


def test_another_process_waits_for_a_training_and_takes_its_result(short, monkeypatch):
    answers = multiprocessing.get_context("spawn").Queue()
    other = multiprocessing.get_context("spawn").Process(target=_wait_for_features, args=(str(short), answers))

    def slow(*arguments, **named):
        other.start()
        # So that it comes to the lock: it has a package to import first.
        time.sleep(4)
        return untrained(*arguments, **named)

    monkeypatch.setattr(features, "train", slow)
    data = features_of("digits")
    assert answers.get(timeout=60) == data.fingerprint
    other.join(60)
    assert other.exitcode == 0
    with filelock.FileLock(short / "features" / f".{entry_of(short).name}.lock", timeout=0):
        pass


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("mnist", 0.98), ("fashion_mnist", 0.88)])
def test_published_images_are_told_apart(name, least, tmp_path, monkeypatch):
    if not os.environ.get(DATA) or not at_hand(name):
        pytest.skip(f"{DATA} holds no {name}")
    monkeypatch.setenv(CACHE, str(tmp_path))
    data = features_of(name)
    assert data.train.shape == (60_000, 64)
    assert data.accuracy >= least


def forged(**changes):
    """What writes a record anew with other values, as whoever can write a digest does."""

    def change(entry):
        record = json.loads((entry / RECORD).read_text())
        del record["digest"]
        write_record(entry / RECORD, {key: value for key, value in (record | changes).items() if value is not None})

    return change


def not_a_file(entry):
    (entry / RECORD).unlink()
    (entry / RECORD).mkdir()


def a_pipe(entry):
    (entry / RECORD).unlink()
    os.mkfifo(entry / RECORD)


def a_loop(entry):
    (entry / RECORD).unlink()
    (entry / RECORD).symlink_to(RECORD)


def no_archive(entry):
    (entry / FEATURES).write_bytes(b"PK\x03\x04 and then nothing")
    forged(files=listing(entry, [entry / NETWORK, entry / FEATURES]))(entry)


def no_file(entry):
    (entry / FEATURES).unlink()
    (entry / FEATURES).mkdir()


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (forged(made_from=None), f"{RECORD} is not what was written"),
        (forged(accuracy=None), f"{RECORD} is not what was written"),
        (forged(accuracy="high"), f"{RECORD} is not what was written"),
        (forged(files=None), f"{RECORD} is not what was written"),
        (forged(files=[1]), f"{RECORD} is not what was written"),
        (forged(files={}), f"{FEATURES} has no digest"),
        (not_a_file, f"{RECORD} is not what was written"),
        (a_pipe, f"{RECORD} is not what was written"),
        (a_loop, f"{RECORD} is not what was written"),
        (no_file, f"{FEATURES} does not agree with its digest"),
        (no_archive, f"{FEATURES} cannot be read"),
    ],
)
def test_forged_entries_are_told_with_the_cure(cache, damage, what):
    entry = entry_of(cache)
    damage(entry)
    assert refused() == f"{entry} is damaged: {what}; delete it to have its features computed again"


def nothing(_network, pixels):
    """In the place of `activations`."""
    return np.zeros((len(pixels), 64), np.float32), np.zeros(len(pixels), np.int32)


def test_a_full_disk_is_no_refusal_and_leaves_nothing_behind(short, monkeypatch):
    monkeypatch.setattr(features, "activations", nothing)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left on device") as caught:
            features_of("digits")
    (entry,) = (path for path in (short / "features").iterdir() if path.is_dir())
    assert caught.value.filename == str(entry)
    assert list(entry.iterdir()) == []
    assert features_of("digits").train.shape == (1297, 64)


def test_what_a_killed_process_left_goes_and_nothing_else(short, monkeypatch):
    monkeypatch.setattr(features, "activations", nothing)
    features_of("digits")
    entry = entry_of(short)
    (entry / RECORD).unlink()
    kept = {".features.npz.old", "features.npz.123", ".notes.123", "notes.txt"}
    for name in {".features.npz.123", ".record.json.77", *kept}:
        (entry / name).write_text("mine")
    features_of("digits")
    assert {path.name for path in entry.iterdir()} == {NETWORK, FEATURES, RECORD, *kept}


def test_sources_are_checked_without_a_training(short, monkeypatch):
    monkeypatch.setattr(features, "train", None)
    check_source("digits")
    with pytest.raises(SettingError, match="data set 'digts' is not known"):
        check_source("digts")
    assert not list(short.rglob("*.npz"))


def test_a_damaged_entry_is_known_before_it_is_needed(cache):
    forged(accuracy=None)(entry_of(cache))
    with pytest.raises(SettingError, match=r"is damaged: record\.json is not what was written"):
        check_source("digits")
