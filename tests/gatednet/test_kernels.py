"""Runs by kernels against runs by XLA: the same steps, the same bits anywhere, and what kernels do not take."""

import functools
import subprocess
import sys
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gatednet import (
    Blocked,
    Constraint,
    Euler,
    Experiment,
    GatedLinear,
    Interleaved,
    KernelWarning,
    Objective,
    Optax,
    Options,
    Population,
    Proximal,
    Released,
    Save,
    SettingError,
    Smooth,
    Timescales,
    WeightCost,
    simulate,
    trace,
    with_values,
)
from gatednet.engine.batch import _lane_of, kernel_of, pack, recipe, reduced_by
from gatednet.engine.draws import starts
from gatednet.kernels import choice
from gatednet.kernels.kernel import check_platform, named
from gatednet.simulation import precision_of
from gatednet.sweeps.catalog import EXPERIMENTS, SWEEPS, experiment, sweeps_of
from tests.gatednet.tools import SMALL, agree, both

SEEDS = range(3)
EVERY = ("loss", "gates", "alignment", "loss_every_step", "block_loss", "time_to_criterion", "weight_norm")


def taken(tried):
    """Whether a kernel takes an experiment."""
    return kernel_of(tried, "auto", reduced_by(tried, None)) != "xla"


def catalog():
    """The experiments of the catalog, and of the groups of its sweeps, by name, each once."""
    found = {name: experiment(name) for name in EXPERIMENTS}
    for name in SWEEPS:
        for store, sweep in sweeps_of(name).items():
            found |= {f"{store} {place}": sweep.group(group) for place, group in enumerate(sweep.groups())}
    once: dict[Experiment, str] = {}
    for name, each in found.items():
        once.setdefault(with_values(each, {"steps": 100}), name)
    return {name: each for each, name in once.items() if taken(each)}


def test_an_experiment_of_the_catalog_agrees():
    agree(*both(with_values(sweeps_of("fig5-left-fine")["fig5-left-fine"].experiment, {"steps": 100})))


@pytest.mark.slow
@pytest.mark.optimized
def test_all_experiments_of_the_catalog_agree():
    tried = catalog()
    assert len(tried) >= 10
    for each in tried.values():
        agree(*both(each))


def test_everything_that_is_recorded_agrees():
    agree(*both(SMALL, EVERY, every=10), tolerance=1e-11)
    # Nothing ends where a vector does, and segments are as short as a step.
    agree(
        *both(with_values(SMALL, {"curriculum.block_length": 0.01}), EVERY, every=4, seeds=range(21)), tolerance=1e-11
    )


def test_a_network_with_gates_for_each_neuron_agrees():
    agree(*both(with_values(SMALL, {"network": GatedLinear(3, 4, 2, gates="neuron")}), ("loss", "weights")))


# Numbers of paths that fill no strip, one, and more than one; maps of a column, as reduced ones are, and of several.
@pytest.mark.parametrize(
    ("network", "reduced"),
    [
        pytest.param(GatedLinear(19, 20, 2), None, id="19 paths"),
        pytest.param(GatedLinear(13, 11, 2), False, id="not reduced", marks=pytest.mark.slow),
    ],
)
def test_many_paths_agree(network, reduced):
    changes = {"rule": Proximal(), "initial.weight_scale": 0.5, "objective.norm": 0.2}
    tried = with_values(SMALL, {"network": network, **changes})
    agree(*both(tried, ("loss", "gates", "weights", "alignment"), seeds=range(19), reduced=reduced))
    agree(*both(with_values(tried, {"rule": Euler()}), ("loss", "gates", "weights"), reduced=reduced))


def test_single_precision_agrees_up_to_rounding():
    found, expected = both(SMALL, precision="float32")
    assert found.loss.dtype == np.float32
    agree(found, expected, tolerance=2e-5)


PARTS = {
    **{name: {"rule": Optax(name, name)} for name in ("adam", "sgd", "rmsprop", "lion", "adamw", "adagrad", "yogi")},
    "momentum": {"rule": Optax("sgd", "adam", Options(momentum=0.9), Options(b1=0.9))},
    "proximal": {"rule": Proximal()},
    "released": {"objective": Released()},
    "columns": {"objective.weight_norm": "columns", "objective.weight_cost": 0.1},
    "squared gates": {"objective.norm_order": 2},
    "an end": {"objective.constraints": (WeightCost(0.1, until=0.2),)},
    "interleaved": {"curriculum": Interleaved()},
    "smooth": {"curriculum": Smooth(0.1, 0.05)},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PARTS)
def test_all_kinds_of_parts_agree(name):
    for network in (GatedLinear(2, 4, 2), GatedLinear(3, 4, 2, gates="neuron")):
        agree(*both(with_values(SMALL, {"network": network, **PARTS[name]}), ("loss", "block_loss")), tolerance=1e-11)


NETWORKS = st.tuples(st.integers(1, 3), st.integers(4, 5), st.just(2), st.sampled_from(["path", "neuron"]))
STRENGTHS = st.sampled_from([0.0, 0.1, 0.7])
# What starts differ by: as much as rounding at some dozens of operations.
NUDGES = (-3e-14, -1e-14, 1e-14, 3e-14)


@pytest.mark.filterwarnings("ignore::gatednet.StiffnessWarning")
@settings(max_examples=2)
@given(data=st.data())
def test_random_experiments_agree(data):
    random_experiment(data)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::gatednet.StiffnessWarning")
@settings(max_examples=60)
@given(data=st.data())
def test_many_random_experiments_agree(data):
    random_experiment(data)


def random_experiment(data):
    draw = data.draw
    tried = Experiment(
        network=GatedLinear(*draw(NETWORKS)),
        inputs=Population(),
        curriculum=Blocked(draw(st.sampled_from([0.01, 0.07, 0.3]))),
        objective=Objective(
            norm=draw(STRENGTHS), norm_order=draw(st.sampled_from([1, 2])), nonnegativity=draw(STRENGTHS),
            weight_cost=draw(STRENGTHS), weight_norm=draw(st.sampled_from(["squared", "columns"])),
            reduction=draw(st.sampled_from(["sum", "mean"])), constraints=draw(st.sampled_from([(), (Entropy(0.1),)])),
        ),
        timescales=Timescales(weights=0.2, gates=draw(st.sampled_from([0.02, 0.2]))),
        dt=0.01,
        steps=60,
    )  # fmt: skip
    agree_as_well_as_they_can(tried, reduced=draw(st.sampled_from([None, False])))


def agree_as_well_as_they_can(tried, tolerance=1e-11, **options):
    """Assert that kernels and XLA agree to a tolerance, or to what a start that differs by rounding makes of a run.

    A gate may grow without bounds, or a cost hold a row near zero, where neither its slope nor its cosine is certain:
    then whatever is lost to rounding grows, with kernels as with XLA.
    """
    found, expected = both(tried, **options)
    scale = tried.initial.weight_scale
    nudged = [both(with_values(tried, {"initial.weight_scale": scale * (1.0 + each)}), **options)[1] for each in NUDGES]
    # One start may by chance end where the other does, so that all of them and all seeds count.
    grown = np.max([apart(each, expected) for each in nudged], axis=(0, 1))
    assert (apart(found, expected) <= tolerance + 100.0 * np.maximum.accumulate(grown)).all()


def apart(one, other):
    """The largest difference at each save, (seeds, steps), relative and absolute."""
    largest = []
    for name in ("loss", "gates", "alignment"):
        first, second = (each[name].transpose("seed", "step", ...).values for each in (one, other))
        with np.errstate(all="ignore"):
            differences = np.abs(first - second) / (1.0 + np.abs(second))
        differences[(first == second) | (np.isnan(first) & np.isnan(second))] = 0.0
        largest.append(np.nan_to_num(differences, nan=np.inf).reshape(*differences.shape[:2], -1).max(axis=-1))
    return np.max(largest, axis=0)


def test_rows_that_a_cost_makes_short_agree():
    objective = Objective(norm=0.1, nonnegativity=0.0, weight_cost=0.7, weight_norm="columns", reduction="mean")
    short = with_values(SMALL, {"network": GatedLinear(1, 4, 2, "neuron"), "objective": objective, "steps": 60})
    agree_as_well_as_they_can(with_values(short, {"curriculum": Blocked(0.01), "timescales.gates": 0.02}))


@pytest.mark.filterwarnings("ignore::gatednet.StiffnessWarning")
def test_runs_agree_until_they_diverge():
    objective = Objective(norm=0.1, norm_order=1, nonnegativity=0.0, constraints=(Entropy(0.1),))
    wild = with_values(SMALL, {"network": GatedLinear(1, 4, 2), "objective": objective, "steps": 60})
    agree_as_well_as_they_can(with_values(wild, {"curriculum": Blocked(0.01), "timescales.gates": 0.02}))


@pytest.mark.optimized
def test_a_run_has_the_same_bits_in_any_lane_and_at_any_place():
    save = Save(("gates", "loss_every_step"), 10)
    many = simulate(SMALL, save, range(40), kernel="vector")
    for lane, seeds in ((16, range(40)), (48, range(7, 40)), (256, [39, 3, 21])):
        few = simulate(SMALL, save, seeds, kernel="vector", lane=lane)
        for name in save.observables:
            np.testing.assert_array_equal(few[name], many[name].sel(seed=list(seeds)))


def test_a_run_that_diverges_is_marked_by_both():
    free = {"objective.norm": 0.0, "objective.nonnegativity": 0.0}
    wild = with_values(SMALL, {**free, "timescales.weights": 0.001, "timescales.gates": 0.001})
    found, expected = both(wild, precision="float32")
    assert (found.result == 1).all()
    np.testing.assert_array_equal(found.result_step, expected.result_step)
    np.testing.assert_array_equal(np.isnan(found.loss), np.isnan(expected.loss))


class Entropy(Constraint):
    """A constraint of element-wise operations."""

    isotropic: ClassVar[bool] = True

    def penalty(self, network, rows):
        gates = [jnp.square(gate) + 1e-3 for gate in rows.blocks("gates")]
        return -sum(gate * jnp.log(gate) for gate in gates)


class Sorted(Entropy):
    """A constraint with a primitive that kernels do not have."""

    def penalty(self, network, rows):
        return jnp.sort(jnp.stack(rows.blocks("gates")), axis=0)[0]


def test_a_constraint_of_a_user_runs_in_the_kernel():
    tried = with_values(SMALL, {"objective.constraints": (Entropy(0.1),)})
    agree(*both(tried), tolerance=1e-11)


def test_a_primitive_that_kernels_lack_is_named_once_and_xla_computes():
    tried = with_values(SMALL, {"objective.constraints": (Sorted(0.1),)})
    choice._warn.cache_clear()
    with pytest.warns(KernelWarning, match=r"^XLA computes, .* kernels have no sort$"):
        found = simulate(tried, ("gates",), SEEDS, every=10)
    # Warnings are errors: a second one would be seen.
    simulate(tried, ("loss",), SEEDS, every=10)
    # Starts are those of a kernel, which agree up to rounding.
    by_xla = simulate(tried, ("gates",), SEEDS, every=10, kernel="xla").gates
    np.testing.assert_allclose(found.gates, by_xla, atol=2e-6)
    with pytest.raises(SettingError, match=r"^kernel is 'vector', allowed here are 'auto' and 'xla': it has no sort"):
        simulate(tried, ("gates", "loss"), SEEDS, every=10, kernel="vector")


def test_what_kernels_do_not_take_is_refused_with_the_reason():
    tried, why = with_values(SMALL, {"network": GatedLinear(2, 13, 6)}), "the network is too large for registers"
    with pytest.raises(SettingError, match=f"^kernel is 'vector', allowed here are 'auto' and 'xla': {why}"):
        simulate(tried, ("loss",), every=10, kernel="vector", reduced=False)
    with pytest.raises(SettingError, match=r"^kernel is 'cuda', allowed is one of 'auto', 'xla', 'vector', 'pallas'"):
        simulate(tried, ("loss",), every=10, kernel="cuda")


def test_xla_computes_where_llvmlite_is_missing_and_one_line_says_so():
    program = """
import sys
sys.modules["llvmlite"] = None
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "llvmlite" else found(name, *rest)
from gatednet import Experiment, Population, simulate
small = Experiment(inputs=Population(), steps=10)
print(float(simulate(small, ("loss",), every=10).loss[0]), float(simulate(small, ("loss",), every=5).loss[0]))
try:
    simulate(small, ("loss",), every=10, kernel="vector")
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    one, other = done.stdout.splitlines()[0].split()
    assert one == other
    said = [line for line in done.stderr.splitlines() if "KernelWarning" in line]
    assert len(said) == 1
    assert said[0].endswith(
        "XLA computes, which takes longer than a kernel: llvmlite is not installed; pip install 'gatednet[fast]'"
    )
    assert done.stdout.splitlines()[1].startswith(
        "kernel is 'vector', allowed here are 'auto' and 'xla': llvmlite is not"
    )


def lowered(tried, kernel, platform):
    """The text of the program of a lane for a platform, which need not be here."""
    with precision_of("float32") as dtype:
        made = recipe(tried, Save(("loss", "loss_every_step"), 10), trace(tried, {}, 1, dtype), kernel=kernel)
        batch = pack(tried, {}, np.zeros(1, int), np.zeros(1, int), made.width).batch
        start = jax.eval_shape(functools.partial(starts, made.drawing), batch.draws)
        problem, basis = jax.tree.map(
            lambda each: jax.ShapeDtypeStruct((*each.shape[1:], made.width), each.dtype), start
        )
        lane = jax.tree.map(lambda leaf: leaf[0], batch.traced)
        return jax.jit(_lane_of(made)).trace(lane, problem, basis, None).lower(lowering_platforms=(platform,)).as_text()


def test_each_platform_gets_its_kernel(monkeypatch):
    monkeypatch.setattr("gatednet.kernels.vector.backends", lambda: {"cpu": None, "cuda": None})
    assert "@gatednet_" in lowered(SMALL, "vector", "cpu")
    assert "triton" in lowered(SMALL, "pallas", "cuda")
    for kernel, platform in (("vector", "cuda"), ("vector", "tpu"), ("pallas", "tpu")):
        program = lowered(SMALL, kernel, platform)
        assert "@gatednet_" not in program
        assert "triton" not in program


def test_the_kernel_for_gpus_agrees_where_it_is_interpreted():
    found = simulate(SMALL, EVERY, SEEDS, every=10, precision="float64", kernel="pallas", lane=16)
    agree(found, simulate(SMALL, EVERY, SEEDS, every=10, precision="float64", kernel="xla"), tolerance=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("name", PARTS)
def test_the_kernel_for_gpus_takes_all_kinds_of_parts(name):
    tried = with_values(SMALL, {"network": GatedLinear(3, 4, 2, gates="neuron"), **PARTS[name]})
    found, expected = (
        simulate(tried, ("loss",), SEEDS, every=10, precision="float64", kernel=kernel, lane=16)
        for kernel in ("pallas", "xla")
    )
    agree(found, expected, tolerance=1e-11)
    assert "triton" in lowered(tried, "pallas", "cuda")


@pytest.mark.slow
@pytest.mark.optimized
def test_alignments_at_the_end_have_one_distribution():
    """Two samples of a thousand seeds each, of Figure 5's settings in the flexible and in the forgetful regime."""
    tried = sweeps_of("fig5-left-fine")["fig5-left-fine"].experiment
    for gates in (0.03, 1.3):
        each = with_values(tried, {"timescales.gates": gates})
        found, expected = (
            simulate(each, ("total_alignment",), seeds, every=each.steps, kernel=kernel).total_alignment[:, -1]
            for kernel, seeds in (("vector", range(1000)), ("xla", range(1000, 2000)))
        )
        assert stats.ks_2samp(found, expected).pvalue > 0.01


def test_kernels_are_refused_on_devices_that_have_none():
    for kernel, platform in (("auto", "tpu"), ("xla", "gpu"), ("vector", "cpu"), ("pallas", "gpu"), ("pallas", "cpu")):
        check_platform(kernel, platform)
    for kernel, platform in (("vector", "gpu"), ("pallas", "tpu")):
        with pytest.raises(SettingError, match=f"^kernel is '{kernel}', allowed on {platform} devices are 'auto'"):
            check_platform(kernel, platform)
    assert [named(kernel, "gpu") for kernel in ("auto", "xla", "vector", "pallas")] == ["xla", "xla", "xla", "pallas"]
