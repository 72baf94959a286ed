"""Columns: values along an axis as they are stored. One rule says what is allowed, and the same module writes it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from gatednet.refusal import SettingError, shown
from gatednet.settings import check_plain

_KINDS = {bool: "truth values", int: "numbers", float: "numbers", str: "strings"}
_WHOLE = np.iinfo(np.int64)


def check_column(where: str, what: str, values: Sequence[Any]) -> None:
    """Raise `SettingError` where values could not be stored in one array and read back equal.

    They are all numbers, all strings or all truth values. Whole numbers have 64 bits, and where some numbers are none,
    all of them are exact in double precision; strings hold neither NUL, which would end them, nor lone surrogates.
    """
    kinds = set(map(type, values))

    def refuse(value: Any, allowed: str) -> SettingError:
        check_plain(f"{where}: {what}", value)
        return SettingError(f"{where} has the {what} {shown(value)}, allowed are {allowed}")

    if not kinds <= set(_KINDS):
        wrong = next(each for each in values if type(each) not in _KINDS)
        raise refuse(wrong, "numbers, strings and truth values")
    if len({_KINDS[kind] for kind in kinds}) > 1:
        raise SettingError(f"{where} mixes kinds of {what}s, allowed are all numbers, all strings or all truth values")
    if kinds == {float}:
        finite = np.isfinite(np.asarray(values))
        if not finite.all():
            raise refuse(values[int(np.argmin(finite))], "finite numbers")
    elif kinds == {str}:
        for each in values:
            if not is_text(each):
                raise refuse(each, "strings that UTF-8 can hold, without NUL")
    elif kinds != {bool}:
        for each in values:
            if isinstance(each, int) and not _WHOLE.min <= each <= _WHOLE.max:
                raise refuse(each, "whole numbers of 64 bits")
            if not math.isfinite(each):
                raise refuse(each, "finite numbers")
            if float in kinds and float(each) != each:
                raise refuse(each, "beside other numbers, whole ones that are exact in double precision")


def repeated(values: Sequence[Any]) -> Any:
    """A value that `check_column` allows and that is there twice, None where there is none."""
    if isinstance(values[0], float):
        ordered = np.sort(np.asarray(values, np.float64))
        same = ordered[1:] == ordered[:-1]
        return float(ordered[int(np.argmax(same))]) if same.any() else None
    if len(set(values)) == len(values):
        return None
    return next(each for each, number in Counter(values).items() if number > 1)


def is_text(value: str) -> bool:
    """Whether a string can be stored and read again."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def floats_where_mixed(values: list[Any]) -> list[Any]:
    """Numbers as they are stored: all of them as floats where some are, and where that is exact."""
    if {type(each) for each in values} != {int, float}:
        return values
    return [float(each) if _exact(each) else each for each in values]


def _exact(number: int | float) -> bool:
    try:
        return float(number) == number
    except OverflowError:
        return False


def array_of(values: Sequence[Any]) -> np.ndarray:
    """Values that `check_column` allows as an array: of doubles, of 64-bit integers, of truth values, or of strings."""
    if isinstance(values, range):
        return np.arange(values.start, values.stop, values.step)
    if isinstance(values[0], str):
        # NumPy's own strings have one length, and lose what looks like padding.
        return np.asarray(values, object)
    return np.asarray(values)
