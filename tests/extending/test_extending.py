"""The worked examples of docs/extending.md, as they stand there: each is swept from its TOML file by the command."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray

from gatednet import Population, Save, simulate, with_values
from gatednet.sweeps.catalog import experiment
from tests.cli.tools import ROOT, gatednet, refusal, together

EXAMPLES = ROOT / "docs" / "extending"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
EVERY, SEEDS = 500, (0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of a user with all examples."""
    return Path(shutil.copytree(EXAMPLES, tmp_path_factory.mktemp("user") / "work"))


@pytest.fixture(scope="module")
def stores(folder):
    """What each example's sweep has stored, read without the example."""
    calls = [(folder, ("sweep", f"{name}.toml", "--import", name, "--out", f"runs/{name}")) for name in NAMES]
    for name, answer in zip(NAMES, together(calls), strict=True):
        assert answer.code == 0, (name, answer)
    found = {}
    for name in NAMES:
        (arrays,) = (folder / "runs" / name).rglob("arrays.zarr")
        with xarray.open_zarr(arrays) as data:
            found[name] = data.load()
    return found


def shipped(values):
    """The run of the catalog's experiment that an example starts from."""
    base = experiment("fig2-flexible")
    return simulate(with_values(base, {"steps": 4000, **values}), Save(("loss", "weights"), EVERY), SEEDS)


def test_every_example_is_shown():
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"extending/{name}.py" in text
        assert f"extending/{name}.toml" in text


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_swept_over_a_number_of_its_own(stores, name):
    data = stores[name]
    assert (data.result == 0).all()
    assert np.isfinite(data.loss).all()
    assert data.loss.sizes["seed"] == 2
    (axis,) = set(data.loss.dims) - {"seed", "step"}
    assert data.sizes[axis] > 1


def test_without_the_option_nothing_runs(folder):
    assert "--import circle" in refusal(gatednet("sweep", "circle.toml", folder=folder))


def test_gate_entropy(stores):
    entropy = stores["gate_entropy"].gate_entropy
    # Two equal gates at the start.
    np.testing.assert_allclose(entropy.isel(step=0), np.log(2), rtol=1e-6)
    assert (entropy >= 0).all()
    assert (entropy <= np.log(2) + 1e-6).all()


def test_circle(stores):
    data = stores["circle"].teachers.isel(step=0)
    first, second = (data.isel(task=task) for task in (0, 1))
    dims = ["output", "input"]
    cosine = (first * second).sum(dims) / np.sqrt((first**2).sum(dims) * (second**2).sum(dims))
    np.testing.assert_allclose(cosine, np.cos(np.deg2rad(data.arc)).broadcast_like(cosine), atol=1e-6)


def test_random_blocks_without_spread_are_blocks(stores):
    run = shipped({"inputs": Population(), "curriculum.block_length": 0.5})
    found = stores["random_blocks"]
    # Another program with the same steps: the target is looked up in another way.
    np.testing.assert_allclose(
        found.loss.sel(spread=0.0).transpose("seed", "step"), run.loss.transpose("seed", "step"), rtol=1e-4
    )
    times = found.time_to_criterion
    # Eight blocks of half a time unit fit into four of it, and fewer longer ones.
    assert (times.sel(spread=0.0).notnull().sum("block") == 8).all()
    assert (times.sel(spread=3.0).notnull().sum("block") < 8).all()


def test_entropy_makes_one_path_win_sooner(stores):
    # Once one path has won, gates jitter around 0, where the constraint is steepest.
    gates = abs(stores["entropy"].gates.sel(step=500))
    shares = (gates / gates.sum("path")).clip(1e-9)
    entropy = -(shares * np.log(shares)).sum("path").mean("seed")
    assert (entropy.diff("strength") < 0).all()


def test_entropy_of_strength_0_is_no_constraint(stores):
    run = shipped({"inputs": Population()})
    np.testing.assert_allclose(
        stores["entropy"].loss.sel(strength=0.0).transpose("seed", "step"),
        run.loss.transpose("seed", "step"),
        rtol=1e-4,
    )


def test_consolidation_holds_weights(stores):
    weights = stores["consolidation"].weights
    run = shipped({"inputs": Population()})
    dims = ("seed", "step", "path", "output", "input")
    np.testing.assert_allclose(
        weights.sel(strength=0.0).transpose(*dims), run.weights.transpose(*dims), rtol=1e-3, atol=1e-5
    )
    # How far they go from where the first switch found them, after 1000 steps, to the end.
    moved = np.sqrt(((weights.sel(step=4000) - weights.sel(step=1000)) ** 2).sum(["path", "output", "input"]))
    assert (moved.transpose("strength", ...).diff("strength") < 0).all()


def test_three_layers_learn_the_task(stores):
    data = stores["three_layers"]
    # Blocks have 1000 steps: after 500 the first task is on.
    error = data.effective_map - data.teachers.isel(task=0)
    by_hand = 0.5 * (error**2).sum(["output", "input"]).sel(step=500)
    np.testing.assert_allclose(data.loss.sel(step=500), by_hand.transpose(*data.loss.sel(step=500).dims), rtol=1e-4)
    assert (data.loss.sel(step=500) < data.loss.sel(step=0)).all()


def test_a_recurrent_network_learns_the_task(stores):
    loss = stores["recurrent"].batch_loss
    assert (loss.sel(step=500) < 0.9 * loss.sel(step=0)).all()
