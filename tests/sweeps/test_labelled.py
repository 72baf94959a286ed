"""Sweeps of labelled experiments: their features come from the cache, and stores remember which ones."""

import json
import socket
import threading

import jax
import numpy as np
import pytest

from gatednet import (
    Blocked,
    CrossEntropy,
    Experiment,
    Features,
    GatedLinear,
    Permutations,
    Save,
    SettingError,
    simulate,
    with_values,
)
from gatednet.engine.kept import Kept
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.ahead import Ahead
from gatednet.sweeps.execution.executor import KEPT, Executor, Executors
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.images import features, labelled
from gatednet.sweeps.images.cache import CACHE
from gatednet.sweeps.images.datasets import DATA
from gatednet.sweeps.images.features import features_of
from gatednet.sweeps.images.labelled import (
    are_at_hand,
    are_prepared,
    examples_for,
    fingerprints,
    prepare,
    source_of,
    sources_of,
)
from gatednet.sweeps.planning.cost import cost_of
from gatednet.sweeps.progress import Silent
from gatednet.sweeps.store.store import PROVENANCE, Store
from gatednet.sweeps.sweep import Sweep
from tests.sweeps.tools import grid, small

pytestmark = pytest.mark.optimized

DIGITS = Experiment(
    network=GatedLinear(inputs=64, outputs=10),
    teachers=Permutations(("identity", "parity")),
    inputs=Features(batch=20),
    objective=CrossEntropy(),
    curriculum=Blocked(block_length=0.01),
    steps=40,
)
NAME = "digits, 64 features, seed 0"
SAVE = Save(("loss", "accuracy", "weights", "block_accuracy"), 20)


def of_digits(**changes: object) -> Sweep:
    """Four runs: two shares of wrong labels, two seeds."""
    experiment = with_values(DIGITS, changes)
    return Sweep(experiment, (Axis("noise", "inputs.label_noise", (0.0, 0.3)), Axis.seeds(2)), SAVE)


def of_mnist() -> Sweep:
    return Sweep(with_values(DIGITS, {"inputs.images": "mnist"}), (Axis.seeds(2),), SAVE)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache with the features of the digits, and no network: nothing is fetched, and nothing more is trained."""

    def refuse(*_, **__):
        raise OSError("there is no network in tests")

    labelled._examples.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE, str(tmp_path_factory.mktemp("cache")))
        patch.delenv(DATA, raising=False)
        patch.setattr(socket, "getaddrinfo", refuse)
        features_of("digits")
        patch.setattr(features, "train", None)
        yield
    labelled._examples.cache_clear()


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The finished store of the sweep of digits."""
    return run_sweep(of_digits(), tmp_path_factory.mktemp("swept") / "store")


class Interrupting(Silent):
    """Ctrl-C after the first chunk."""

    def stored(self, runs: int, steps: int) -> None:
        del runs, steps
        raise KeyboardInterrupt


def test_results_are_those_of_single_runs(swept):
    data = swept.dataset()
    for noise in (0.0, 0.3):
        experiment = with_values(DIGITS, {"inputs.label_noise": noise})
        alone = simulate(experiment, SAVE, seeds=[0, 1], examples=examples_for(experiment))
        for name in alone.data_vars:
            np.testing.assert_array_equal(data[name].sel(noise=noise), alone[name], err_msg=str(name))
    # They have learned, and wrong labels were in the way.
    assert np.all(data.accuracy.isel(step=1) > data.accuracy.isel(step=0))
    assert not np.array_equal(data.loss.sel(noise=0.0), data.loss.sel(noise=0.3))


def test_results_are_the_same_for_any_chunks_and_devices(swept, tmp_path):
    other = run_sweep(of_digits(), tmp_path / "store", chunk_runs=3, devices=jax.local_devices())
    assert len(other.plan) > 1
    for name in swept.dataset().data_vars:
        np.testing.assert_array_equal(swept.dataset()[name], other.dataset()[name], err_msg=str(name))


def test_examples_are_the_features_sorted_by_class():
    made, data = examples_for(DIGITS), features_of("digits")
    assert made.sizes == (1297, 500)
    assert (made.inputs, made.classes) == (64, 10)
    order = np.argsort(data.train_labels, kind="stable")
    np.testing.assert_array_equal(made.train, data.train[order])
    np.testing.assert_array_equal(made.test, data.test)
    np.testing.assert_array_equal(made.test_labels, data.test_labels)
    assert examples_for(DIGITS) is made
    assert examples_for(small()) is None


def test_a_store_says_from_which_features_it_was_made(swept):
    record = json.loads((swept.folder / PROVENANCE).read_text())
    sessions = record["sessions"] if "sessions" in record else record["content"]["sessions"]
    data = features_of("digits")
    assert [session["features"] for session in sessions] == [
        {NAME: {"fingerprint": data.fingerprint, "accuracy": data.accuracy}}
    ]
    assert data.accuracy > 0.9


def test_other_features_do_not_go_on_with_a_store(tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        run_sweep(of_digits(), tmp_path / "store", chunk_runs=2, progress=Interrupting())
    done = len(Store.open(tmp_path / "store").done)
    before = (tmp_path / "store" / PROVENANCE).read_bytes()
    with monkeypatch.context() as patch:
        other = {NAME: {"fingerprint": "0" * 64, "accuracy": 0.9}}
        patch.setattr("gatednet.sweeps.execution.run.fingerprints", lambda _: other)
        with pytest.raises(SettingError) as refusal:
            run_sweep(of_digits(), tmp_path / "store")
    assert str(refusal.value).startswith(f"{tmp_path / 'store'} was begun with other features of {NAME}; ")
    assert "\n" not in str(refusal.value)
    assert (tmp_path / "store" / PROVENANCE).read_bytes() == before
    assert len(Store.open(tmp_path / "store").done) == done
    # With its own it does go on.
    assert run_sweep(of_digits(), tmp_path / "store").finished


def test_a_finished_store_needs_no_features(swept, monkeypatch):
    monkeypatch.setattr("gatednet.sweeps.execution.run.fingerprints", None)
    assert not run_sweep(of_digits(), swept.folder).fresh


def test_a_store_without_labels_says_nothing_of_features(tmp_path):
    folder = run_sweep(grid(), tmp_path / "store").folder
    assert "features" not in (folder / PROVENANCE).read_text()
    assert fingerprints([grid()]) == {}


def test_each_source_is_named_once():
    seeds = Sweep(DIGITS, (Axis("network", "inputs.network_seed", (0, 3)), Axis.seeds(2)), SAVE)
    deeper = of_digits(**{"inputs.relu_hidden": 64})
    found = sources_of([grid(), of_digits(), seeds, of_mnist(), of_digits(), deeper])
    assert found == [("digits", 64, 0, 0), ("digits", 64, 0, 3), ("mnist", 64, 0, 0), ("digits", 64, 64, 0)]
    assert [str(found[0]), str(found[-1])] == [NAME, "digits, 64 features after 64 ReLU units, seed 0"]
    assert source_of(small()) is None


def test_runs_share_a_program_wherever_their_examples_come_from():
    sources = Axis(
        "source",
        ("inputs.images", "inputs.network_seed"),
        (("digits", 0), ("digits", 3), ("mnist", 0)),
        ("a", "b", "c"),
    )
    sweep = Sweep(DIGITS, (sources, Axis.seeds(2)), SAVE)
    assert len(list(sweep.groups())) == 3
    assert len({sweep.recipe(group) for group in sweep.groups()}) == 1


def test_images_that_would_have_to_be_fetched_are_not_at_hand():
    assert are_at_hand([of_digits(), grid()])
    assert are_at_hand([grid()])
    assert not are_at_hand([of_digits(), of_mnist()])


def test_nothing_is_trained_that_the_cache_has():
    titles = []

    def progress(title):
        titles.append(title)
        return Silent()

    prepare([of_digits(), grid()], progress)
    assert titles == ["features of digits"]


def test_shapes_and_cost_need_no_images():
    sweep = of_mnist()
    shapes = {each.name: each.sizes for each in sweep.variables}
    assert shapes["weights"] == (3, 2, 10, 64)
    assert shapes["accuracy"] == (3,)
    assert cost_of(sweep).runs == 2


@pytest.mark.parametrize(
    ("sweep", "text"),
    [
        (
            lambda: of_digits(**{"inputs.batch": 1298}),
            r"^Features\.batch is 1298, allowed are at most all examples, 1297$",
        ),
        (
            lambda: of_digits(**{"network.outputs": 9, "teachers.tasks": ("identity",)}),
            r"^network\.outputs is 9, and the examples have 10 classes, allowed is one number for both$",
        ),
        (of_mnist, r"^mnist is not at hand, and train-images-idx3-ubyte\.gz cannot be fetched .*$"),
    ],
    ids=["batch", "outputs", "images"],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(sweep, text, tmp_path):
    with pytest.raises(SettingError, match=text):
        run_sweep(sweep(), tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


def test_labelled_sweeps_are_compiled_ahead_where_the_cache_has_their_features(monkeypatch):
    found, enough = [], threading.Event()

    def compiling(executor, request):
        found.append((executor.shape.recipe.static.steps, request.examples is not None))
        if len(found) == 2:
            enough.set()

    monkeypatch.setattr(Executor, "compile", compiling)
    monkeypatch.setattr(Executors, "_kept", Kept(KEPT))
    untrained = of_digits(**{"inputs.network_seed": 5})
    with Ahead([of_mnist(), untrained, of_digits(), grid(small(steps=1180))]) as ahead:
        assert enough.wait(timeout=60)
    ahead._thread.join(timeout=60)
    assert found == [(40, True), (1180, False)]


def test_features_are_prepared_when_the_cache_has_them():
    assert are_prepared([of_digits(), grid()])
    assert not are_prepared([of_digits(), of_digits(**{"inputs.network_seed": 5})])
    assert not are_prepared([of_mnist()])
