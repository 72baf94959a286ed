"""Where a page has its numbers from: `Live` runs, or what a `Stored` sweep has."""

from __future__ import annotations

import abc
import dataclasses
import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax

from gatednet import Experiment, Population, SettingError, with_values
from gatednet.experiment import static_half
from gatednet.explore.curves import Curves, simulated
from gatednet.explore.diagram import SIDES, Diagram, diagrams, observables
from gatednet.explore.latest import Wanted
from gatednet.explore.limits import check_blocks, check_size, check_time
from gatednet.explore.recent import Recent
from gatednet.explore.settings import Control, controls_of, span_of
from gatednet.explore.view import Cell, Span, View
from gatednet.kernels.kernel import KERNEL, Kernel, check_platform
from gatednet.refusal import nearest
from gatednet.settings import argument
from gatednet.sweeps.catalog import EXPERIMENTS
from gatednet.sweeps.catalog import experiment as known
from gatednet.sweeps.imports import modules_of
from gatednet.sweeps.progress import Silent
from gatednet.sweeps.spec import changed
from gatednet.times import steps_between
from gatednet.toml import plain

# Called with true before something is compiled, and with false after it.
Compiling = Callable[[bool], None]
DEFAULT = "fig2-flexible"
# An exported diagram: its cells along either side, and how its ranges are written.
_EXPORTED = 64
# Saves of a run in an exported sweep.
_SAVES = 100
_RANGES = {"linear": "linspace", "log": "geomspace"}


class Source(abc.ABC):
    """What a page asks for."""

    @property
    def computes(self) -> bool:
        """Whether any view can be shown, and not only those that are stored."""
        return True

    @abc.abstractmethod
    def default(self, base: str | None = None) -> View:
        """The view of a base, by default the first one."""

    @abc.abstractmethod
    def bases(self) -> Mapping[str, str]:
        """The bases that a view can have, with a line about each."""

    @abc.abstractmethod
    def check(self, view: View) -> None:
        """Refuse a view that cannot be shown, with a `SettingError`."""

    @abc.abstractmethod
    def experiment(self, view: View, cell: Cell | None = None) -> Experiment:
        """The experiment of a view, or that of another cell of its diagram."""

    @abc.abstractmethod
    def controls(self, view: View) -> Sequence[Control]:
        """What can be set."""

    @abc.abstractmethod
    def axes(self, view: View) -> Mapping[str, Span]:
        """What the axes of a diagram can be, with a range for each."""

    @abc.abstractmethod
    def observables(self) -> Mapping[str, str]:
        """What can colour a diagram, with what it means."""

    @abc.abstractmethod
    def sweep_table(self, view: View) -> dict[str, Any]:
        """The diagram as the table of a sweep file, see `sweeps.load_spec`."""

    @abc.abstractmethod
    def diagrams(self, view: View, wanted: Wanted, compiling: Compiling) -> Iterator[Diagram]:
        """Diagrams of a view, coarse first."""

    @abc.abstractmethod
    def curves(self, view: View, cell: Cell | None, compiling: Compiling) -> Curves | None:
        """The runs of the view over time, or those of another cell; None where nothing of them is kept."""


class Live(Source):
    """Runs that are computed while one looks, with the population as inputs: the expected course of learning.

    `kernel` is what compiles their loop over steps, as `gatednet.simulate` takes it.

    **Raises** `SettingError` where the devices do not have it.
    """

    def __init__(self, devices: Sequence[jax.Device], kernel: Kernel = "auto") -> None:
        self._kernel = argument("kernel", kernel, KERNEL)
        for device in devices:
            check_platform(self._kernel, device.platform)
        self._devices = devices
        # The curves that were compiled: XLA keeps them, and a page says when it has to wait.
        self._seen: set[tuple[Experiment, int]] = set()
        # The last request, by the text of the views: values of settings can be lists.
        self._experiments = Recent()
        self._controls = Recent()
        self._corners = Recent()
        self._affordable = Recent()
        self._lock = threading.Lock()

    def default(self, base: str | None = None) -> View:
        name = base or DEFAULT
        known = ranges(live(name))
        x, y = known["timescales.gates"], known["curriculum.block_length"]
        return View(name, x, y, observable="total_alignment", level=0.8)

    def bases(self) -> Mapping[str, str]:
        return {name: entry.summary for name, entry in EXPERIMENTS.items() if not known(name).labelled}

    def check(self, view: View) -> None:
        self.experiment(view)
        if view.observable not in observables():
            raise SettingError(f"unknown observable {view.observable!r}: {nearest(view.observable, observables())}")
        axes = self.axes(view)
        for span in (view.x, view.y):
            if span.path not in axes:
                raise SettingError(f"{span.path!r} cannot be an axis: {nearest(span.path, axes)}")
        # What is allowed is a range, or an order of two values: where the corners are, all cells are.
        self._corners.get(repr(view.diagram), lambda: self._check_corners(view))
        for cell in (None, view.pinned):
            check_blocks(self.experiment(view, cell))
        # No number along a range changes what runs take: they have their steps.
        shaping = [each for each in view.changes if not isinstance(each[1], float)]
        self._affordable.get(
            repr((view.base, view.seeds, shaping)),
            lambda: check_time(self.experiment(view), view.seeds, SIDES[0] ** 2, self._kernel),
        )

    def experiment(self, view: View, cell: Cell | None = None) -> Experiment:
        if cell is not None:
            return with_values(self.experiment(view), view.values_at(cell))
        return self._experiments.get(repr((view.base, view.changes)), lambda: self._built(view))

    def _built(self, view: View) -> Experiment:
        experiment = changed(live(view.base), dict(view.changes))
        check_size(experiment)
        return experiment

    def _check_corners(self, view: View) -> None:
        for cell in itertools.product((view.x.low, view.x.high), (view.y.low, view.y.high)):
            check_blocks(self.experiment(view, cell))

    def controls(self, view: View) -> Sequence[Control]:
        # Ranges are those of the base, whichever of its values a link begins with.
        return self._controls.get(
            repr((view.base, view.changes)),
            lambda: controls_of(self.experiment(view), ranges(live(view.base))),
        )

    def axes(self, view: View) -> Mapping[str, Span]:
        # A value that has left its range is within its axis all the same.
        return {
            each.path: each.span if 0 <= each.span.place(each.value) <= 1 else span_of(self.experiment(view), each.path)
            for each in self.controls(view)
            if each.span is not None
        }

    def observables(self) -> Mapping[str, str]:
        return {name: each.long_name for name, each in observables().items()}

    def sweep_table(self, view: View) -> dict[str, Any]:
        experiment = self.experiment(view)
        axes: dict[str, Any] = {}
        for name, span in (("y", view.y), ("x", view.x)):
            first, *_, last = span.values(_EXPORTED).tolist()
            axes[name] = {"path": span.path, _RANGES[span.scale]: [first, last, _EXPORTED]}
        modules = modules_of(experiment, [view.observable])
        return {
            **({"import": modules} if modules else {}),
            "base": view.base,
            "save": [view.observable],
            "every": steps_between(experiment.steps, _SAVES),
            # The page has the population as inputs, whatever the base has.
            "set": {"inputs": plain(experiment.inputs), **dict(view.changes)},
            "axes": {**axes, "seed": view.seeds},
        }

    def diagrams(self, view: View, wanted: Wanted, compiling: Compiling) -> Iterator[Diagram]:
        return diagrams(
            self.experiment(view),
            view.x,
            view.y,
            view.observable,
            view.seeds,
            wanted,
            _Told(compiling),
            self._devices,
            kernel=self._kernel,
        )

    def curves(self, view: View, cell: Cell | None, compiling: Compiling) -> Curves | None:
        experiment = self.experiment(view, cell)
        shape = static_half(experiment), view.seeds
        with self._lock:
            new = shape not in self._seen
        if new:
            compiling(True)
        found = simulated(experiment, view.seeds, self._kernel)
        if new:
            compiling(False)
            with self._lock:
                self._seen.add(shape)
        return found


class _Told(Silent):
    """Reports compilations to a page."""

    def __init__(self, compiling: Compiling) -> None:
        self._tell = compiling

    def compiling(self) -> None:
        self._tell(True)

    def compiled(self, seconds: float) -> None:
        self._tell(False)


@functools.lru_cache(64)
def ranges(experiment: Experiment) -> dict[str, Span]:
    """The ranges of all numbers of an experiment, around its values."""
    return {each.path: each.span for each in controls_of(experiment) if each.span is not None}


@functools.lru_cache(64)
def live(name: str) -> Experiment:
    """An experiment of the catalog with the population as inputs.

    **Raises** `SettingError` for an unknown name, and for experiments about images.
    """
    experiment = known(name)
    if experiment.labelled:
        raise SettingError(f"{name} learns from images, allowed are experiments of linear maps, or a store of it")
    return experiment if experiment.inputs.exact else dataclasses.replace(experiment, inputs=Population())
