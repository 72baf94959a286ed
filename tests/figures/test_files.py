import os

import numpy as np
import pytest
import xarray
from zarr.storage import ZipStore

from gatednet import SettingError
from gatednet.figures.toolkit.archive import open_data, packed
from gatednet.figures.toolkit.files import check_writable, write_file
from gatednet.sweeps.files import WriteError


@pytest.fixture
def dataset():
    return xarray.Dataset(
        {"loss": (("regime", "x"), np.arange(6, dtype=np.float32).reshape(2, 3), {"units": "1"})},
        {"regime": ["flexible", "forgetful"], "x": [0.1, 0.2, 0.3]},
        {"settings": ["one", "two"]},
    )


def test_data_come_back(dataset, tmp_path):
    path = tmp_path / "data.zarr.zip"
    write_file(path, packed(dataset))
    back = open_data(path)
    xarray.testing.assert_identical(back.assign_coords(regime=back.regime.astype("U9")), dataset)
    # The way that is documented for those without this package.
    with ZipStore(path, mode="r") as store:
        assert xarray.open_zarr(store, consolidated=False).loss.sum() == 15


def test_the_same_data_are_the_same_bytes(dataset):
    assert packed(dataset) == packed(dataset.copy(deep=True))
    assert packed(dataset) != packed(dataset + 1)


def test_a_file_is_written_into_a_new_folder(tmp_path):
    write_file(tmp_path / "a" / "b" / "x", b"1")
    assert (tmp_path / "a" / "b" / "x").read_bytes() == b"1"
    assert os.listdir(tmp_path / "a" / "b") == ["x"]


def test_a_file_that_cannot_be_written_is_not_replaced(tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(b"old")

    def full_disk(descriptor):
        del descriptor
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(WriteError, match="cannot be written: No space left on device"):
        write_file(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_checking_a_folder_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "a" / "b")
    check_writable(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path, below):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / below
    for attempt, error in (
        (lambda: check_writable(folder), SettingError),
        (lambda: write_file(folder / "x", b""), WriteError),
    ):
        with pytest.raises(error, match=f"{folder} cannot be written"):
            attempt()
    assert os.listdir(tmp_path) == ["file"]
