"""`Stored`: a page over what a sweep has on disk; nothing is computed again."""

from __future__ import annotations

import functools
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatednet import Experiment, SettingError
from gatednet.explore.curves import SAVED, Curves, prepared
from gatednet.explore.diagram import SCALARS, Diagram, scalar
from gatednet.explore.latest import Wanted
from gatednet.explore.settings import Control
from gatednet.explore.source import DEFAULT, Compiling, Source
from gatednet.explore.view import MOST_SEEDS, Cell, Span, View
from gatednet.refusal import nearest
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.imports import modules_of
from gatednet.sweeps.store.store import Store
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.text import axis_table
from gatednet.toml import plain

# Even places along an axis whose points are not: enough that cells begin where they should.
_UNEVEN = 256


class Stored(Source):
    """A finished sweep: its axes are those of the diagram, or menus, and seeds are averaged.

    Every value that is shown is compared with its digest when it is read.

    **Raises** `SettingError` where the folder is not a finished store, is of a search, or has no two axes of numbers;
    and from `diagrams` and `curves` where what they read is damaged or lost.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._store = Store.open(folder)
        if not self._store.finished:
            raise SettingError(f"{folder} is not finished; gatednet sweep continues it")
        if "search" in self._store.outline.table:
            raise SettingError(
                f"{folder} is of a search, whose runs have values of their own; allowed is another sweep"
            )
        # Damaged metadata are refused here, damaged values when they are read.
        self._data = self._store.dataset()
        self._name = Path(folder).name
        self._all_axes = self._store.outline.axes
        self._axes = {axis.name: axis for axis in self._all_axes if not axis.is_seed}
        self._numbers = {name: axis for name, axis in self._axes.items() if _is_numbers(axis)}
        if len(self._numbers) < 2:
            raise SettingError(f"{folder} has {len(self._numbers)} axes of numbers, allowed are two or more")
        if not self.observables():
            raise SettingError(f"{folder} has no scalar observable, which a diagram needs")

    @functools.cached_property
    def _seed_axis(self) -> Axis | None:
        return next((axis for axis in self._all_axes if axis.is_seed), None)

    @functools.cached_property
    def _sweep(self) -> Sweep | SettingError:
        """The sweep, or what it lacks: arrays can be shown without the user's own parts that made them."""
        try:
            return self._store.sweep
        except SettingError as error:
            return error

    @property
    def _seeds(self) -> str | None:
        return None if self._seed_axis is None else self._seed_axis.name

    @property
    def _number_of_seeds(self) -> int:
        return 1 if self._seed_axis is None else min(len(self._seed_axis), MOST_SEEDS)

    def default(self, base: str | None = None) -> View:
        y, x, *_ = self._numbers
        observables = self.observables()
        shown = "total_alignment" if "total_alignment" in observables else next(iter(observables))
        middle = {name: axis.coordinates[len(axis) // 2 if name in (x, y) else 0] for name, axis in self._axes.items()}
        return View(
            self._name,
            self._span(x),
            self._span(y),
            shown,
            0.8,
            self._number_of_seeds,
            tuple(sorted(middle.items())),
        )

    @property
    def computes(self) -> bool:
        return False

    def bases(self) -> Mapping[str, str]:
        return {self._name: "a stored sweep"}

    def check(self, view: View) -> None:
        if view.base != self._name:
            raise SettingError(f"base is {view.base!r}, allowed is the store, {self._name!r}")
        observables = self.observables()
        if view.observable not in observables:
            raise SettingError(f"unknown observable {view.observable!r}: {nearest(view.observable, observables)}")
        for span in (view.x, view.y):
            if span.path not in self._numbers:
                raise SettingError(f"{span.path!r} cannot be an axis: {nearest(span.path, self._numbers)}")
            own = self._span(span.path)
            if not (np.allclose([span.low, span.high], [own.low, own.high], rtol=1e-5) and span.scale == own.scale):
                raise SettingError(
                    f"range of {span.path} is {span.low:g} to {span.high:g} ({span.scale}), allowed is that of the "
                    f"store, {own.low:g} to {own.high:g} ({own.scale})"
                )
        if view.seeds != self._number_of_seeds:
            raise SettingError(f"seeds is {view.seeds}, allowed are those of the store, {self._number_of_seeds}")
        for name, value in view.changes:
            if name not in self._axes:
                raise SettingError(f"unknown axis {name!r}: {nearest(name, self._axes)}")
            coordinates = self._axes[name].coordinates
            if isinstance(coordinates[0], str | bool):
                allowed = value in coordinates
            else:
                allowed = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not allowed:
                raise SettingError(f"{name} is {value!r}, allowed are {_listed(self._axes[name])}")

    def experiment(self, view: View, cell: Cell | None = None) -> Experiment:
        return self._experiment(self._known_sweep(), view, cell)

    def _known_sweep(self) -> Sweep:
        if isinstance(self._sweep, SettingError):
            raise SettingError(str(self._sweep)) from self._sweep
        return self._sweep

    def _experiment(self, sweep: Sweep, view: View, cell: Cell | None) -> Experiment:
        points = self._points(view, cell)
        return sweep.cell({place: points[axis.name] for place, axis in enumerate(sweep.axes) if not axis.is_seed})

    def controls(self, view: View) -> Sequence[Control]:
        found = []
        for name, axis in self._axes.items():
            value = axis.coordinates[self._points(view)[name]]
            paths = ", ".join(axis.paths)
            found.append(Control(name, f"values of {paths}", "", _listed(axis), value, options=tuple(axis.coordinates)))
        return found

    def axes(self, view: View) -> Mapping[str, Span]:
        return {name: self._span(name) for name in self._numbers}

    def observables(self) -> Mapping[str, str]:
        return {
            each.name: str(self._data[each.name].attrs.get("long_name", each.name))
            for each in self._store.variables
            if each.name in self._store.outline.names and each.dims in SCALARS
        }

    def sweep_table(self, view: View) -> dict[str, Any]:
        # A store need not come from the catalog: every value of its experiment is set.
        sweep, experiment = self._known_sweep(), self.experiment(view)
        modules = modules_of(experiment, [view.observable])
        axes = {name: axis_table(self._axes[name]) for name in (view.y.path, view.x.path)}
        seeds = {} if self._seed_axis is None else {"seed": list(self._seed_axis.values)}
        return {
            **({"import": modules} if modules else {}),
            "base": DEFAULT,
            "save": [view.observable],
            "every": sweep.save.every,
            "set": plain(experiment),
            "axes": {**axes, **seeds},
            "precision": sweep.precision,
            "noise": sweep.noise,
            **({} if sweep.reduced is None else {"reduced": sweep.reduced}),
        }

    def diagrams(self, view: View, wanted: Wanted, compiling: Compiling) -> Iterator[Diagram]:
        start = time.perf_counter()
        points = self._points(view)
        data = self._data[[view.observable, "result"]].isel(
            {name: point for name, point in points.items() if name not in (view.x.path, view.y.path)}
        )
        runs = (view.y.path, view.x.path, *([self._seeds] if self._seeds else []))
        (dims,) = (each.dims for each in self._store.variables if each.name == view.observable)
        values = scalar(
            dims,
            data[view.observable].transpose(*runs, ...).values,
            data.result.transpose(*runs).values,
        )
        if self._seeds:
            values = values.mean(axis=-1)
        (y, rows), (x, columns) = self._cells(view.y), self._cells(view.x)
        yield Diagram(x, y, values[np.ix_(rows, columns)], self._store.grid.runs, time.perf_counter() - start)

    def _cells(self, span: Span) -> tuple[np.ndarray, np.ndarray]:
        """Even cells along the range of an axis, which a diagram has: their centres, and the point that each shows.

        Where points are not evenly spaced, each gets the cells that are nearest to it.
        """
        coordinates = np.asarray(self._axes[span.path].coordinates, float)
        along, order = np.array([span.place(each) for each in coordinates]), np.argsort(coordinates)
        if np.allclose(np.diff(along[order], 2), 0.0, atol=1e-3 / len(along)):
            return coordinates[order], order
        number = max(_UNEVEN, len(along))
        places = (np.arange(number) + 0.5) / number
        return span.values(number), np.abs(along - places[:, None]).argmin(axis=1)

    def curves(self, view: View, cell: Cell | None, compiling: Compiling) -> Curves | None:
        data = self._data.isel(self._points(view, cell))
        kept = [name for name in (*SAVED, "specialization", "result", "result_step") if name in data]
        data = data[kept].load()
        if self._seeds is None:
            data = data.expand_dims("seed")
        elif self._seeds != "seed":
            data = data.rename({self._seeds: "seed"})
        if "specialization" in data and "step" in data.specialization.dims:
            data["specialization"] = data.specialization.isel(step=-1)
        if "step" not in data.dims or data.sizes["step"] < 3:
            data = data.drop_dims("step", errors="ignore")
        if not kept:
            return None
        sweep = self._sweep
        if isinstance(sweep, SettingError):
            return prepared(None, data, str(sweep))
        return prepared(self._experiment(sweep, view, cell), data)

    def _points(self, view: View, cell: Cell | None = None) -> dict[str, int]:
        """The point of a view, or of another cell of it, along each axis: the nearest one."""
        chosen: dict[str, Any] = {**dict(view.changes), **view.values_at(cell)}
        points = {}
        for name, axis in self._axes.items():
            value = chosen.get(name, axis.coordinates[0])
            if isinstance(value, str):
                points[name] = axis.coordinates.index(value)
            else:
                points[name] = int(np.argmin(np.abs(np.asarray(axis.coordinates, float) - float(value))))
        return points

    def _span(self, name: str) -> Span:
        """The range of an axis, with its outer points in the middle of the outer cells."""
        values = np.sort(np.asarray(self._axes[name].coordinates, float))
        logarithmic = (
            values[0] > 0 and len(values) > 2 and np.allclose(np.diff(np.log(values)), np.log(values[1] / values[0]))
        )
        along = np.log(values) if logarithmic else values
        half = 0.5 * (along[-1] - along[0]) / max(len(values) - 1, 1)
        low, high = along[0] - half, along[-1] + half
        if logarithmic:
            low, high = np.exp(low), np.exp(high)
        return Span(name, float(low), float(high), "log" if logarithmic else "linear")


def _is_numbers(axis: Axis) -> bool:
    return len(axis) > 1 and not isinstance(axis.coordinates[0], str | bool)


def _listed(axis: Axis) -> str:
    return ", ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in axis.coordinates)
