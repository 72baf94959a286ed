"""Tables that a figure takes from its reader: CSV files of measurements that are not shipped."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gatednet.settings import SettingError
from gatednet.sweeps.files import read_text

# The numbers of a table by the names of its columns; all have the same length.
Columns = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Table:
    """A CSV file that a figure can be given: what it holds, and the columns of numbers that it needs.

    Its first line names the columns, in any order; further columns are passed over.
    """

    about: str
    columns: tuple[str, ...]

    def read(self, path: Path) -> Columns:
        """The columns of a file.

        **Raises** `SettingError` with the file and, where there is one, the line: for a file that cannot be read or is
        empty, a column that is missing, and values that are missing or no finite numbers.
        """
        return self._columns(path, csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True))

    def _columns(self, path: Path, reader: csv.DictReader[str]) -> Columns:
        rows: list[list[float]] = []
        try:
            self._check_names(path, list(reader.fieldnames or ()))
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                rows.append([_number(where, name, row[name]) for name in self.columns])
        except csv.Error as error:
            raise SettingError(f"{path}, after line {reader.line_num}: {error}") from error
        if not rows:
            raise SettingError(f"{path}, line 2: there are no values, allowed are {self._wanted} in each line")
        return dict(zip(self.columns, np.array(rows).T, strict=True))

    def _check_names(self, path: Path, given: list[str]) -> None:
        if not given:
            raise SettingError(f"{path} is empty, allowed is a first line with the columns {self._wanted}")
        for name in self.columns:
            if given.count(name) != 1:
                found = "is missing" if name not in given else "is there twice"
                raise SettingError(
                    f"{path}, line 1: the column {name!r} {found}, allowed are {self._wanted}, once each"
                )

    @property
    def _wanted(self) -> str:
        return ", ".join(self.columns)


def _number(where: str, name: str, text: str | None) -> float:
    """The number of a cell."""
    allowed = "allowed is a finite number"
    if text is None or not text.strip():
        raise SettingError(f"{where}: {name} has no value, {allowed}")
    try:
        value = float(text)
    except ValueError as error:
        raise SettingError(f"{where}: {name} is {text!r}, {allowed}") from error
    if not math.isfinite(value):
        raise SettingError(f"{where}: {name} is {text!r}, {allowed}")
    return value
