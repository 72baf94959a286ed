"""Combinations of rows of several teachers, sets of them that nobody picked, and the points of the simplex."""

from __future__ import annotations

import hashlib
import itertools

from gatednet.sweeps.catalog import fig03

TASKS, OUTPUTS = fig03.TASKS, 4
# How many combinations are shown, and of how many sets of each number.
NUMBERS, SETS = (1, 2, 3, 4, 6, 12), 6
# Steps of the simplex from corner to corner.
DIVISIONS = 10

Rows = tuple[int, ...]
COMBINATIONS: tuple[Rows, ...] = tuple(itertools.product(range(TASKS), repeat=OUTPUTS))


def by_hash(options: tuple, name: str) -> list:
    """Options in an order that depends on a name and on them alone."""
    return sorted(options, key=lambda each: hashlib.sha256(f"open3 {name} {each}".encode()).digest())


def at_random(number: int, place: int) -> tuple[Rows, ...]:
    """A set of different combinations."""
    return tuple(by_hash(COMBINATIONS, f"{number} {place}")[:number])


def covering(place: int) -> tuple[Rows, ...]:
    """A set of three combinations with every row of every teacher; the first has the teachers themselves."""
    if place == 0:
        return tuple((task,) * OUTPUTS for task in range(TASKS))
    of_rows = [by_hash(tuple(range(TASKS)), f"covering {place} {row}") for row in range(OUTPUTS)]
    return tuple(zip(*of_rows, strict=True))


def trainings() -> tuple[tuple[Rows, ...], ...]:
    """All sets, those of a number one after the other, and the covering ones at the end."""
    random = [at_random(number, place) for number in NUMBERS for place in range(SETS)]
    return (*random, *map(covering, range(SETS)))


def points() -> tuple[tuple[float, ...], ...]:
    """The points of the simplex: weights of the three teachers."""
    counts = itertools.product(range(DIVISIONS + 1), repeat=TASKS)
    return tuple(tuple(each / DIVISIONS for each in count) for count in counts if sum(count) == DIVISIONS)
