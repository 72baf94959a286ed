"""Tables of the reader: what is read, and what is refused, with its file and line."""

import re

import numpy as np
import pytest

from gatednet import SettingError
from gatednet.figures.toolkit.tables import Table

TABLE = Table("scores", ("trial", "score"))


@pytest.fixture
def read(tmp_path):
    """What is read of a file that holds a text, or bytes."""
    path = tmp_path / "mine.csv"

    def of(content):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return TABLE.read(path)

    return of


def test_columns_in_any_order_and_further_ones(read):
    found = read("\ufeffwho,score,trial\nann,.5,1\n\nbob,1e-1,2\n")
    assert list(found) == ["trial", "score"]
    np.testing.assert_array_equal(found["trial"], [1, 2])
    np.testing.assert_array_equal(found["score"], [0.5, 0.1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"mine\.csv is empty, allowed is a first line with the columns trial, score"),
        ("trial,score\n", r"mine\.csv, line 2: there are no values, allowed are trial, score in each line"),
        ("trial,scor\n1,2\n", r"mine\.csv, line 1: the column 'score' is missing, allowed are trial, score"),
        ("trial,score,score\n1,2,3\n", r"mine\.csv, line 1: the column 'score' is there twice"),
        ("trial,score\n1,2\n1,many\n", r"mine\.csv, line 3: score is 'many', allowed is a finite number"),
        ("trial,score\n1,nan\n", r"mine\.csv, line 2: score is 'nan', allowed is a finite number"),
        ("trial,score\n1,2\n3\n", r"mine\.csv, line 3: score has no value, allowed is a finite number"),
        ("trial,score\n,2\n", r"mine\.csv, line 2: trial has no value, allowed is a finite number"),
        ('trial,score\n1,"2', r"mine\.csv, after line 1: unexpected end of data"),
        (b"\xff\xfe\x00", r"mine\.csv is no text in UTF-8"),
    ],
)
def test_refused_in_one_line(content, message, read):
    with pytest.raises(SettingError) as refused:
        read(content)
    assert re.search(message, str(refused.value))
    assert "\n" not in str(refused.value)


def test_folders_and_missing_files_are_refused(tmp_path):
    with pytest.raises(SettingError, match="cannot be read: Is a directory"):
        TABLE.read(tmp_path)
    with pytest.raises(SettingError, match="cannot be read: No such file"):
        TABLE.read(tmp_path / "nowhere.csv")
