"""Recorders of a user's own, beside the shipped ones: through `simulate` and a sweep, and read back with xarray."""

from __future__ import annotations

import dataclasses
import pathlib
import re

import jax.numpy as jnp
import numpy as np
import pytest
import xarray

import gatednet
from gatednet import REGISTRY, Observable, Recorder, Save, SettingError, StiffnessWarning, simulate, with_values
from gatednet.engine.batch import KERNEL_LANES
from gatednet.engine.size import numbers_of_results
from gatednet.observables import Blocks, End, EveryStep, OfHistory, OverBlocks, Saves, Span
from gatednet.observables.folds import first_steps, mean
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.sweep import Sweep
from tests.gatednet.tools import SMALL


@dataclasses.dataclass(frozen=True)
class Largest(Recorder):
    """The largest value of all steps from one on."""

    first: int = 0
    shown = "step"
    frequency = "once, over all steps"

    def start(self, course, shape):
        return jnp.full(shape, -jnp.inf, course.dtype)

    def see(self, kept, value, clock):
        return jnp.where(clock.step >= self.first, jnp.maximum(kept, value), kept)

    def finish(self, kept, course, ending):
        return jnp.where(ending.taken == course.span.steps, kept, jnp.nan)


@dataclasses.dataclass(frozen=True)
class BeforeSwitch(OverBlocks):
    """The value at the last step of each block, and how many steps it had."""

    def sizes(self, span, dims):
        return {"block": span.blocks, dims[0]: 2}

    def start(self, course, shape):
        empty = jnp.zeros((course.span.blocks, *shape), course.dtype)
        return {"value": empty, "steps": empty}

    def see(self, kept, value, clock):
        return {"value": value, "steps": clock.in_block.step + 1.0}

    def results(self, kept, taken, clock):
        return jnp.stack([kept["value"], kept["steps"]], axis=1)


@dataclasses.dataclass(frozen=True)
class Extremes(Recorder):
    """The smallest and the largest value at saves."""

    shown = "save"
    frequency = "once, over all saves"
    dims = ("extreme",)

    def sizes(self, span, dims):
        return {"extreme": 2}

    def coordinates(self, span, dims):
        return {"extreme": ("extreme", np.array([0.0, 1.0]), {"long_name": "smallest, largest", "units": "1"})}

    def start(self, course, shape):
        return jnp.full(shape, jnp.inf, course.dtype), jnp.full(shape, -jnp.inf, course.dtype)

    def see(self, kept, value, clock):
        return jnp.minimum(kept[0], value), jnp.maximum(kept[1], value)

    def finish(self, kept, course, ending):
        return jnp.stack(kept)


@dataclasses.dataclass(frozen=True)
class Rises(Recorder):
    """How many saves lie above the one before."""

    shown = "all saves"
    frequency = "once, over all saves"

    def finish(self, kept, course, ending):
        assert kept.shape[0] == course.span.saves
        return jnp.sum(kept[1:] > kept[:-1], axis=0)


@dataclasses.dataclass(frozen=True)
class Summed(Recorder):
    """The sum of what is shown at the end."""

    shown = "history"
    frequency = "once, at the end"

    def finish(self, kept, course, ending):
        return jnp.sum(kept, axis=0)


def gates_after(moment):
    return moment.dynamics.network.join(moment.after).gates


OWN = (
    Observable("largest_loss", "largest loss of all steps", lambda moment: moment.loss, when=Largest(5)),
    Observable("largest_gates", "largest gates after a step", gates_after, dims=("path",), when=Largest()),
    Observable("before_switch", "loss before a switch", lambda moment: moment.loss, dims=("of",), when=BeforeSwitch()),
    Observable(
        "extreme_weights", "extreme path norms", REGISTRY["path_norm"].function, dims=("path",), when=Extremes()
    ),
    Observable("rises", "saves at which the loss rose", lambda snapshot: snapshot.loss, when=Rises()),
    Observable(
        "travelled", "squared distances of saves", lambda history: jnp.diff(history.states, axis=0)[:, 0] ** 2,
        when=Summed(),
    ),
    Observable(
        "two_parameters", "the first two parameters at saves", lambda history: history.states[:, :2], dims=("of",),
        when="history",
    ),
    Observable("every_gate", "gates after each step", gates_after, dims=("path",), when="steps"),
    Observable("end_norm", "path norms at the end", REGISTRY["path_norm"].function, dims=("path",), when="end"),
)  # fmt: skip
OTHERS = ("loss_every_step", "loss", "path_norm", "gates", "weights", "block_loss")
NAMES = (*(each.name for each in OWN), *OTHERS)
# Blocks of 10 steps; those of 7 divide neither the run nor the time between saves.
STEPS, EVERY = 40, 5
UNEVEN = with_values(SMALL, {"curriculum.block_length": 0.07})


@pytest.fixture(autouse=True)
def own(monkeypatch) -> None:
    for each in OWN:
        monkeypatch.setitem(REGISTRY, each.name, each)


def assert_recorded(run: xarray.Dataset, block_steps: int) -> None:
    """One run that came to its end, against what others recorded of it."""
    losses = run.loss_every_step.values
    assert run.largest_loss == losses[5:].max()
    ends = [min(first + block_steps, STEPS) for first in range(0, STEPS, block_steps)]
    assert run.before_switch.dims == ("block", "of")
    recorded = run.before_switch.values[: len(ends)]
    np.testing.assert_array_equal(recorded[:, 0], losses[np.array(ends) - 1])
    np.testing.assert_array_equal(recorded[:, 1], np.diff([0, *ends]))
    assert np.isnan(run.before_switch.values[len(ends) :]).all()
    assert run.largest_gates.dims == ("path",)
    np.testing.assert_array_equal(run.largest_gates, run.every_gate.max("every_step"))
    # After a step is before the next one.
    np.testing.assert_allclose(run.every_gate[EVERY - 1 :: EVERY], run.gates[1:], rtol=1e-6)
    assert run.extreme_weights.dims == ("extreme", "path")
    assert run.extreme.values.tolist() == [0.0, 1.0]
    np.testing.assert_array_equal(run.extreme_weights, [run.path_norm.min("step"), run.path_norm.max("step")])
    assert run.rises == (np.diff(run.loss) > 0).sum()
    first = run.weights.values[:, 0, 0, 0]
    np.testing.assert_allclose(run.travelled, (np.diff(first) ** 2).sum(), rtol=1e-4)
    np.testing.assert_array_equal(run.two_parameters.values[:, 0], first)
    # A tenth of nine saves is one.
    np.testing.assert_array_equal(run.end_norm, run.path_norm[-1])


def test_own_recorders() -> None:
    runs = simulate(UNEVEN, Save(NAMES, EVERY), range(2), reduced=False)
    for seed in range(2):
        assert_recorded(runs.sel(seed=seed), 7)


def test_own_recorders_in_a_sweep(tmp_path: pathlib.Path) -> None:
    lengths = (0.1, 0.07)
    axes = (Axis("length", "curriculum.block_length", lengths), Axis.seeds(2))
    store = run_sweep(Sweep(SMALL, axes, Save(NAMES, EVERY), reduced=False), tmp_path / "store", chunk_runs=2)
    data = xarray.open_zarr(store.folder / "arrays.zarr", chunks=None)
    assert data.largest_loss.dims == ("length", "seed")
    assert data.largest_loss.attrs["long_name"] == "largest loss of all steps"
    assert data.before_switch.sizes == {"length": 2, "seed": 2, "block": 6, "of": 2}
    assert data.blocks.values.tolist() == [4, 6]
    assert data.extreme.attrs == {"long_name": "smallest, largest", "units": "1"}
    for length in lengths:
        for seed in range(2):
            assert_recorded(data.sel(length=length, seed=seed), round(length / SMALL.dt))


def test_what_a_run_did_not_reach_is_nan() -> None:
    fast = {"timescales.weights": 5e-4, "timescales.gates": 4e-4, "initial.weight_scale": 3.0}
    with pytest.warns(StiffnessWarning):
        run = simulate(with_values(UNEVEN, fast), Save(NAMES, EVERY), reduced=False)
    taken = int(run.result_step)
    assert run.result == 1
    assert 0 < taken < 10
    assert np.isnan(run.largest_loss)
    assert np.isnan(run.before_switch).all()
    assert np.isfinite(run.loss_every_step[:taken]).all()
    assert np.isnan(run.every_gate[taken + 1 :]).all()
    assert np.isnan(run.loss[-1])
    assert np.isnan(run.two_parameters[1:]).all()
    assert np.isfinite(run.two_parameters[0]).all()


def test_recorders_are_named_or_handed_over() -> None:
    def recorder(**options) -> Recorder:
        return Observable("own", "own", lambda shown: shown.loss, **options).recorder

    fold = mean()
    assert recorder() == recorder(when=Saves()) == Saves()
    assert recorder(when="steps") == EveryStep()
    assert recorder(when="history") == OfHistory()
    assert recorder(when="end") == End()
    assert recorder(when="blocks", fold=fold) == recorder(when=Blocks(fold)) == Blocks(fold)
    assert recorder(when=Largest(3)) == Largest(3) != Largest(4)


@pytest.mark.usefixtures("unchecked_annotations")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"when": "step"}, "observable 'own' has when = 'step': did you mean 'steps'?, or a Recorder"),
        (
            {"when": 3},
            "observable 'own' has when = 3: allowed are saves, history, steps, blocks, end, or a Recorder",
        ),
        (
            {"when": "blocks"},
            "observable 'own' has no fold and when = 'blocks', allowed is a fold with when = \"blocks\", and with "
            "nothing else",
        ),
        (
            {"fold": mean()},
            "observable 'own' has a fold and when = 'saves', allowed is a fold with when = \"blocks\", and with "
            "nothing else",
        ),
    ],
)
def test_refused_recorders(options, message: str) -> None:
    with pytest.raises(SettingError) as refused:
        Observable("own", "own", lambda shown: shown.loss, **options)
    assert str(refused.value) == message


@dataclasses.dataclass
class Changeable(Recorder):
    """Not hashable."""

    shown = "step"
    finish = Largest.finish


class Silent(Recorder):
    """Does not say what it is shown."""

    finish = Largest.finish


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (Silent(), "recorder Silent has shown = None, allowed are step, save, all saves, history"),
        (
            Changeable(),
            "recorder Changeable cannot be hashed (unhashable type: 'Changeable'), allowed is a frozen dataclass of "
            "hashable fields",
        ),
    ],
)
def test_recorders_that_say_too_little(when: Recorder, message: str) -> None:
    with pytest.raises(SettingError) as refused:
        Observable("own", "own", lambda shown: shown.loss, when=when)
    assert str(refused.value) == message


def test_the_dimension_of_a_fold_may_have_any_name(monkeypatch) -> None:
    other = dataclasses.replace(
        REGISTRY["loss_after_switch"], name="later", dims=("since",), when=Blocks(first_steps(3)), fold=None
    )
    monkeypatch.setitem(REGISTRY, "later", other)
    run = simulate(SMALL, Save(("later", "loss_after_switch"), EVERY))
    assert run.later.dims == ("block", "since")
    assert run.since.values.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(run.later.values, run.loss_after_switch.values[:, :3])


def test_sizes_are_those_of_the_results() -> None:
    run = simulate(UNEVEN, Save(NAMES, EVERY), reduced=False)
    span = Span(STEPS, EVERY, blocks=6)
    for each in (REGISTRY[name] for name in NAMES):
        for dim, size in each.recorder.sizes(span, each.dims).items():
            assert run[each.name].sizes[dim] == size, each.name
        # Nothing is counted for dimensions that only the function of an observable knows.
        counted = numbers_of_results(UNEVEN, Save((each.name,), EVERY), 6)
        history = 9 * 18 if each.recorder.shown == "history" else 0
        unknown = 2 if each.name == "two_parameters" else 1
        assert counted == run[each.name].size / unknown + history, each.name


def test_what_the_last_save_gives() -> None:
    at_last_save = {type(each.recorder) for each in REGISTRY.values() if each.recorder.at_last_save}
    assert at_last_save == {Saves, End}
    names = ("path_norm", "end_norm")
    once, often = (simulate(SMALL, Save(names, every), reduced=True) for every in (STEPS, EVERY))
    for run in (once, often):
        np.testing.assert_allclose(run.path_norm[-1], run.end_norm)
    np.testing.assert_allclose(once.end_norm, often.end_norm, rtol=1e-6)


def test_a_shape_is_traced_only_where_values_have_dimensions() -> None:
    seen = []

    @dataclasses.dataclass(frozen=True)
    class Shapes(Largest):
        def start(self, course, shape):
            seen.append(shape)
            return super().start(course, shape)

    def counted(moment):
        calls.append(moment)
        return moment.loss

    calls = []
    scalar = Observable("scalar_shape", "own", counted, when=Shapes())
    vector = Observable("vector_shape", "own", gates_after, dims=("path",), when=Shapes())
    for each in (scalar, vector):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(REGISTRY, each.name, each)
            assert Sweep(SMALL, (Axis.seeds(1),), Save((each.name,), STEPS)).variables
    width = KERNEL_LANES["auto"]
    assert set(seen) == {(width,), (2, width)}
    # Loops are traced once.
    assert len(calls) <= 2


def test_nobody_else_asks_when() -> None:
    root = pathlib.Path(gatednet.__file__).parents[1]
    files = [
        path
        for folder in ("gatednet", "sweeps", "explore", "figures", "docs")
        for path in (root / folder).rglob("*.py")
    ]
    assert len(files) > 200
    asking = [path.relative_to(root).as_posix() for path in files if re.search(r"\.when\b", path.read_text())]
    assert asking == ["gatednet/observables/observable.py"]


def test_every_shipped_recorder_says_what_it_is() -> None:
    span = Span(STEPS, EVERY, blocks=4)
    assert span.saves == 9
    for each in REGISTRY.values():
        recorder = each.recorder
        assert recorder.frequency
        assert hash(recorder) == hash(each.recorder)
        made = recorder.sizes(span, each.dims)
        assert set(recorder.dims) <= set(made) <= set(each.all_dims)
        for name, (dim, values, attrs) in recorder.coordinates(span, each.dims).items():
            assert name == dim
            assert len(values) == made[dim]
            assert set(attrs) == {"long_name", "units"}
