"""Data sets: where they are looked for, what is checked, which messages appear. Nothing is fetched here."""

import errno
import gzip
import hashlib
import os
import shutil
import socket
import sys
from pathlib import Path

import numpy as np
import pooch
import pytest

from gatednet import SettingError
from gatednet.sweeps.images import datasets
from gatednet.sweeps.images.cache import CACHE
from gatednet.sweeps.images.datasets import FETCHING, FILES, TEST, TEST_LABELS, TRAIN, TRAIN_LABELS, at_hand, images_of
from tests.sweeps.tools import IDX_VALUES as VALUES
from tests.sweeps.tools import idx

ALL = ", ".join(FILES) + " (each may end in .gz)"


def written(folder, packed=True, **values):
    """A folder with the four files of a small data set."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in {**VALUES, **values}.items():
        content = idx(each)
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return folder


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """An empty cache, no default folder, and no network."""
    monkeypatch.setenv("GATEDNET_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GATEDNET_DATA", raising=False)

    def refuse(*_):
        raise OSError("there is no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """The small files as if they were the published ones, at the second of two mirrors."""
    site = written(tmp_path / "site")
    digests = {name: hashlib.sha256((site / f"{name}.gz").read_bytes()).hexdigest() for name in FILES}
    labels = hashlib.sha256(VALUES[TEST_LABELS]).hexdigest()
    source = datasets.ImageSource(("http://first.invalid/", "http://second.invalid/"), digests, labels)
    monkeypatch.setitem(datasets.SOURCES, "mnist", source)
    asked = []

    def download(url, output_file, _):
        asked.append(url)
        if "first" in url:
            raise ConnectionError("nobody is there")
        shutil.copyfile(site / url.rpartition("/")[2], output_file)

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda *_, **__: download)
    return site, asked


def same(images):
    return all(
        np.array_equal(part, VALUES[name])
        for part, name in zip((images.train, images.train_labels, images.test, images.test_labels), FILES, strict=True)
    )


def refused(name, folder=None):
    with pytest.raises(SettingError) as caught:
        images_of(name, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_digits_are_there_by_themselves_and_always_the_same():
    images = images_of("digits")
    assert at_hand("digits")
    assert images.train.shape == (1297, 8, 8)
    assert images.test.shape == (500, 8, 8)
    assert {each.dtype for each in (images.train, images.train_labels, images.test, images.test_labels)} == {
        np.dtype(np.uint8)
    }
    assert (images.train.min(), images.train.max(), images.classes) == (0, 255, 10)
    # Every class is in both parts, about as often.
    assert np.bincount(images.train_labels, minlength=10).min() > 100
    assert np.bincount(images.test_labels, minlength=10).min() > 35
    assert images.digest == images_of("digits").digest
    with pytest.raises(ValueError, match="read-only"):
        images.train[0] = 0


def test_digits_keep_the_labels_of_their_images():
    images = images_of("digits")
    # The nearest mean tells most digits of 8×8 pixels.
    means = np.stack([images.train[images.train_labels == label].mean(0) for label in range(10)])
    distance = ((images.test[:, None].astype(float) - means) ** 2).sum((2, 3))
    assert np.mean(distance.argmin(1) == images.test_labels) > 0.85


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
@pytest.mark.parametrize("below", ["mnist", "."])
def test_files_are_found_in_a_folder_or_in_one_of_their_name(tmp_path, packed, below):
    written(tmp_path / "here" / below, packed)
    assert same(images_of("mnist", tmp_path / "here"))
    assert same(images_of("mnist", str(tmp_path / "here")))
    assert at_hand("mnist", tmp_path / "here")


def test_an_argument_comes_before_the_environment_and_that_before_the_cache(tmp_path, monkeypatch, published):
    site, asked = published
    dark = dict.fromkeys([TRAIN], np.zeros_like(VALUES[TRAIN]))
    assert not at_hand("mnist")
    shutil.copytree(site, tmp_path / "cache" / "mnist")
    assert at_hand("mnist")
    assert same(images_of("mnist"))
    monkeypatch.setenv("GATEDNET_DATA", str(written(tmp_path / "data" / "mnist", **dark).parent))
    assert not images_of("mnist").train.any()
    argument = written(tmp_path / "argument", **{TEST: np.zeros_like(VALUES[TEST])})
    assert images_of("mnist", argument).train.any()
    assert not images_of("mnist", argument).test.any()
    # A folder in the environment need not have all data sets.
    shutil.rmtree(tmp_path / "data" / "mnist")
    assert same(images_of("mnist"))
    assert not asked


def test_what_is_nowhere_is_fetched_once_from_the_first_mirror_that_has_it(published):
    _, asked = published
    assert same(images_of("mnist"))
    assert asked[:2] == [f"http://{mirror}.invalid/{TRAIN}.gz" for mirror in ("first", "second")]
    assert len(asked) == 8
    assert at_hand("mnist")
    assert same(images_of("mnist"))
    assert len(asked) == 8


def test_a_damaged_file_of_the_cache_is_fetched_again(tmp_path, published):
    _, asked = published
    images_of("mnist")
    asked.clear()
    (tmp_path / "cache" / "mnist" / f"{TEST}.gz").write_bytes(b"damage")
    assert not at_hand("mnist")
    assert same(images_of("mnist"))
    assert {url.rpartition("/")[2] for url in asked} == {f"{TEST}.gz"}


def test_a_mirror_with_other_files_is_not_believed(tmp_path, published):
    site, _ = published
    (site / f"{TRAIN}.gz").write_bytes(b"something else")
    told = refused("mnist")
    assert "(first.invalid: ConnectionError, second.invalid: another SHA-256)" in told
    assert list((tmp_path / "cache" / "mnist").iterdir()) == []


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_without_network_it_is_told_where_to_put_which_files(name, monkeypatch, caplog):
    # Pooch's own logger has no parent.
    monkeypatch.setattr(pooch.get_logger(), "handlers", [caplog.handler])
    assert not at_hand(name)
    told = refused(name)
    assert not caplog.records
    assert told.startswith(f"{name} is not at hand, and {TRAIN}.gz cannot be fetched (")
    assert told.endswith(f"; put {ALL} into FOLDER/{name} and set GATEDNET_DATA=FOLDER")


@pytest.mark.usefixtures("published")
def test_a_cache_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert refused("mnist") == (
        f"{tmp_path}/cache/mnist cannot be written: Not a directory; GATEDNET_CACHE can name another folder for caches"
    )


def test_unknown_names_are_refused():
    told = "data set 'mist' is not known, allowed are digits, mnist, fashion_mnist"
    assert refused("mist") == told
    with pytest.raises(SettingError, match=told):
        at_hand("mist")


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("sklearn.datasets", "digits", "the data set 'digits' needs scikit-learn: pip install 'gatednet[vision]'"),
        ("pooch", "mnist", "fetching mnist needs pooch: pip install 'gatednet[vision]'"),
    ],
)
def test_a_missing_package_is_told(module, name, told, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    assert refused(name) == told


def test_the_folder_of_the_system_needs_pooch(monkeypatch):
    monkeypatch.delenv("GATEDNET_CACHE")
    assert datasets.cache_folder().name == "gatednet"
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert not at_hand("mnist")
    assert refused("mnist") == "the folder of caches needs pooch: pip install 'gatednet[vision]'"


def test_a_folder_that_is_not_there_is_told(tmp_path, monkeypatch):
    nowhere = tmp_path / "nowhere"
    allowed = f"allowed is a folder that holds {ALL}, or mnist/ with them"
    assert refused("mnist", nowhere) == f"{nowhere} is no folder, {allowed}"
    nowhere.mkdir()
    assert refused("mnist", nowhere) == f"{nowhere} holds no mnist, {allowed}"
    nowhere.rmdir()
    monkeypatch.setenv("GATEDNET_DATA", str(nowhere))
    assert refused("mnist") == f"GATEDNET_DATA is '{nowhere}', {allowed}"
    assert not at_hand("mnist")


def test_missing_files_are_told(tmp_path):
    folder = written(tmp_path / "mnist")
    (folder / f"{TEST}.gz").unlink()
    (folder / f"{TRAIN_LABELS}.gz").unlink()
    assert refused("mnist", tmp_path) == f"{folder} lacks {TRAIN_LABELS} and {TEST}, allowed is all of {ALL}"
    assert not at_hand("mnist", tmp_path)


@pytest.mark.usefixtures("published")
def test_files_of_another_data_set_are_not_taken(tmp_path):
    folder = written(tmp_path / "mnist")
    assert "holds no fashion_mnist" in refused("fashion_mnist", folder)
    # Nor under another name, where they are the published ones.
    renamed = folder.rename(tmp_path / "clothing")
    told = refused("fashion_mnist", renamed)
    assert told == f"{renamed / TEST_LABELS}.gz is of mnist, allowed is that of fashion_mnist"
    assert same(images_of("mnist", renamed))


@pytest.mark.parametrize(
    ("values", "file", "told"),
    [
        (
            {TRAIN: VALUES[TRAIN_LABELS]}, TRAIN,
            "begins with 00 00 08 01, not with 00 00 08 03; "
            "allowed is an IDX file of unsigned bytes with 3 dimensions, packed by gzip or not",
        ),
        (
            {TRAIN_LABELS: VALUES[TRAIN]}, TRAIN_LABELS,
            "begins with 00 00 08 03, not with 00 00 08 01; "
            "allowed is an IDX file of unsigned bytes with 1 dimension, packed by gzip or not",
        ),
        ({TEST: VALUES[TEST][:, :, 1:]}, TEST, "has images of 28×27 pixels, allowed are 28×28"),
        ({TEST_LABELS: VALUES[TEST_LABELS] + 3}, TEST_LABELS, "has the label 12, allowed are 0 to 9"),
        (
            {TEST_LABELS: VALUES[TRAIN_LABELS]}, TEST_LABELS,
            f"has 20 labels for the 10 images of {{folder}}/{TEST}.gz, allowed is one for each",
        ),
    ],
)  # fmt: skip
def test_files_that_are_not_what_their_names_say_are_told(tmp_path, values, file, told):
    folder = written(tmp_path / "mnist", **values)
    assert refused("mnist", tmp_path) == f"{folder}/{file}.gz {told.format(folder=folder)}"


def test_the_digest_knows_every_value_and_its_place(tmp_path):
    digests = {images_of("mnist", written(tmp_path / "first")).digest}
    for name, values in VALUES.items():
        changed = values.copy()
        changed.flat[0] = (changed.flat[0] + 1) % 10
        digests.add(images_of("mnist", written(tmp_path / name, **{name: changed})).digest)
    assert len(digests) == 5
    assert images_of("mnist", written(tmp_path / "again", packed=False)).digest in digests


@pytest.mark.usefixtures("published")
def test_what_a_killed_process_was_fetching_goes(tmp_path):
    aside = tmp_path / "cache" / "mnist" / FETCHING
    aside.mkdir(parents=True)
    (aside / "tmp123").write_bytes(b"half")
    images_of("mnist")
    assert sorted(path.name for path in aside.parent.iterdir()) == sorted(f"{file}.gz" for file in FILES)


@pytest.mark.usefixtures("published")
def test_a_full_disk_is_no_fault_of_a_mirror(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pooch, "retrieve", full)
    with pytest.raises(OSError, match="No space left on device"):
        images_of("mnist")
    assert not (tmp_path / "cache" / "mnist" / FETCHING).exists()


@pytest.mark.parametrize("folder", ["x" * 300, "loop"])
def test_a_cache_that_can_be_no_folder_is_told(folder, tmp_path, monkeypatch):
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv(CACHE, str(tmp_path / folder))
    with pytest.raises(SettingError, match=rf"{folder} cannot be read: .*; {CACHE} can name another folder"):
        images_of("mnist")


def test_without_a_home_the_cache_has_to_be_named(monkeypatch):
    monkeypatch.delenv(CACHE, raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: Path("~/.cache") / name)
    with pytest.raises(SettingError, match=f"there is no folder for caches; {CACHE} can name one"):
        images_of("mnist")
