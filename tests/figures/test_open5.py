import math

import numpy as np
import pytest
import xarray

from gatednet.figures import open5_practice as open5
from gatednet.figures.toolkit import practice, switches
from gatednet.observables.losses import STEPS_AFTER_SWITCH
from gatednet.sweeps.catalog import experiment, sweeps_of
from gatednet.sweeps.catalog import open5 as catalog

CYCLES = np.arange(1, 101)


def halves_of(first_losses, seeds=1):
    """Halves of one length, (halves,) of losses of their first five steps; all other measures are 0."""
    losses = np.broadcast_to(np.asarray(first_losses, float)[None, None, :, None], (1, seeds, len(first_losses), 5))
    return xarray.Dataset(
        {
            "loss_after_switch": (("length", "seed", "half", "after_switch"), losses),
            **{name: (("length", "seed", "half"), np.zeros(losses.shape[:3])) for name in switches.SAVED[:2]},
            "block_loss": (("length", "seed", "half"), np.zeros(losses.shape[:3])),
            "duration": ("length", [0.5]),
        },
        {"length": [1.0]},
    )


def test_lengths_span_two_decades_in_equal_ratios_and_blocks_have_whole_halves():
    lengths = np.array([length for each in catalog.LENGTHS.values() for length in each])
    assert (lengths[0], lengths[4], lengths[-1]) == (0.1, catalog.HEADLINE, 10.0)
    np.testing.assert_allclose(np.diff(np.log(lengths)), np.log(100) / 8, rtol=0.01)
    steps = [catalog.half_steps(catalog.at_figure_2(), length) for length in lengths]
    assert steps == [7, 12, 21, 37, 65, 116, 206, 365, 650]
    assert min(steps) >= STEPS_AFTER_SWITCH


def test_sweeps_are_those_of_the_text():
    sweeps = sweeps_of("open5")
    shapes = [sweep.shape for sweep in sweeps.values()]
    assert shapes == [(2, 3, 100)] * 5 + [(2, 3, 20), (2, 1, 40)]
    for name, sweep in sweeps.items():
        # Every run shows its 200 blocks, or both parts of unequal practice, in full.
        longest = int(np.max(sweep.block_steps))
        assert sweep.experiment.steps == longest * (200 if name == "open5-unequal" else 400)
        flexible, forgetful = (sweep.cell({0: point}) for point in (0, 1))
        assert forgetful.timescales.gates == forgetful.timescales.weights
        assert (forgetful.objective.norm, forgetful.objective.nonnegativity) == (0.0, 0.0)
        # Far from where Euler's steps are unstable along the norm, which is 2.
        stiffness = flexible.objective.norm * flexible.network.paths * flexible.dt / flexible.timescales.gates
        assert stiffness < 0.61
        assert (flexible.inputs == experiment("fig2-flexible").inputs) == (name == "open5-batches")


def test_task_a_is_practised_three_times_as_long_and_then_as_long():
    run = catalog.unequal()
    halves = open5.LONGER * catalog.PRACTICE + open5.EVEN * catalog.TEST
    shown = np.array(run.curriculum.targets_by_block(2, halves))
    assert shown[:8].tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    assert shown[160:164].tolist() == [0, 0, 1, 1]
    assert np.bincount(shown[:160]).tolist() == [120, 40]
    assert np.bincount(shown[160:]).tolist() == [20, 20]


def test_switches_are_told_from_repeats():
    """Two blocks: the first meets the criterion in its first half, the second in its repeat."""
    halves = halves_of([0.5, 0.1, 0.4, 0.3]).assign(
        time_to_criterion=(("length", "seed", "half"), [[[0.2, 0.0, 0.5, 0.125]]]),
        gate_speed=(("length", "seed", "half"), [[[0.3, 0.1, 0.2, 0.4]]]),
        block_loss=(("length", "seed", "half"), [[[0.2, 0.1, 0.3, 0.3]]]),
    )
    found = switches.against_repeats(halves, np.array([0, 2])).isel(length=0, seed=0)
    np.testing.assert_allclose(found.time, [0.2, 0.625])
    np.testing.assert_allclose(found.speed, [0.3, 0.4])
    np.testing.assert_allclose(found.cost.transpose("block", ...), [[0.4] * 5, [0.1] * 5])
    np.testing.assert_allclose(found.area, [0.05, 0.0], atol=1e-12)
    cycle = switches.by_cycle(halves).isel(length=0, seed=0)
    assert cycle.cycle.values.tolist() == [1]
    np.testing.assert_allclose(cycle.time, [0.4125])


def test_asymmetry_is_the_cost_into_a_minus_that_into_b():
    # Repeats cost nothing; into A 3 and into B 1 while A is shown longer, 2 and 5 after it, 7 and 4 in equal practice.
    unequal = np.concatenate([np.tile([3.0, 0, 0, 0, 0, 0, 1, 0], 20), np.tile([2.0, 0, 5, 0], 10)])
    equal = np.tile([7.0, 0, 4, 0], 100)
    found = open5.asymmetries(halves_of(equal), halves_of(unequal)).isel(unequal_length=0, seed=0)
    assert found.phase.values.tolist() == list(open5.PHASES)
    np.testing.assert_allclose(found.transpose("phase"), [2.0, -3.0, 3.0])


def test_only_late_cycles_of_unequal_practice_and_early_ones_of_the_test_count():
    unequal, equal = np.zeros(200), np.zeros(400)
    unequal[:80], unequal[180:], equal[:160], equal[180:] = 9.0, 9.0, 9.0, 9.0
    # Halves that are left out would change nothing but where they are switches.
    unequal[1:80:2] = unequal[181::2] = equal[1:160:2] = equal[181::2] = 0.0
    unequal[80], unequal[166], equal[160] = 1.0, 1.0, 1.0
    found = open5.asymmetries(halves_of(equal), halves_of(unequal)).isel(unequal_length=0, seed=0)
    np.testing.assert_allclose(found.transpose("phase"), [0.1, -0.2, 0.2], atol=1e-12)


@pytest.mark.parametrize(("name", "squares", "left", "steps"), [("fig2", 0.5, 5 / 6, 5), ("fig5", 1.0, 0.95, 23)])
def test_gates_alone_take_what_theory_says(name, squares, left, steps):
    """Euler's steps of the gates of two orthogonal paths of one task each, whose weights stand still."""
    run = experiment(f"open5-{name}")
    assert switches.strength(run) == pytest.approx(squares)
    assert switches.remaining(run) == pytest.approx(left)
    assert switches.floor(run) == pytest.approx(steps * run.dt / run.timescales.weights)
    paths, gates, losses = math.sqrt(squares) * np.eye(2), np.array([1.0, 0.0]), []
    for _ in range(steps + 1):
        error = gates @ paths - paths[1]
        losses.append(0.5 * error @ error)
        gates = gates - run.dt / run.timescales.gates * (paths @ error)
    np.testing.assert_allclose(losses, squares * left ** (2 * np.arange(steps + 1)))
    assert losses[-2] > switches.CRITERION > losses[-1]


@pytest.mark.parametrize("law", practice.LAWS)
def test_each_law_fits_itself(law):
    # The exponents are of the grids, so that fits are exact.
    c = practice._GRIDS[law][60]
    shape = CYCLES**-c if law == "power" else np.exp(-c * CYCLES)
    curves = np.stack([0.04 + 0.7 * shape, 0.5 - 0.2 * shape])
    np.testing.assert_allclose(practice.fitted(CYCLES, curves, law), curves, atol=1e-12)
    np.testing.assert_allclose(practice.held_out(CYCLES, curves, law), 0.0, atol=1e-20)
    better = practice.advantage(CYCLES, curves)
    assert (better > 2).all() if law == "power" else (better < -2).all()
    np.testing.assert_allclose(practice.advantage(CYCLES, curves[0]), better[0])


def test_even_cycles_are_held_out():
    curve = 0.04 + CYCLES**-0.5
    bent = curve + np.where(CYCLES % 2, 0.0, 1.0)
    for law in practice.LAWS:
        odd = CYCLES % 2 == 1
        fits = [practice.fitted(CYCLES, each, law, odd) for each in (curve, bent)]
        np.testing.assert_array_equal(*fits)
        np.testing.assert_allclose(practice.held_out(CYCLES, bent, law), np.mean((bent - fits[1])[~odd] ** 2))


def test_a_curve_that_does_not_fall_is_no_better_by_either_law():
    assert practice.advantage(CYCLES, np.full(100, 0.3)) == pytest.approx(0.0, abs=1e-6)


def test_values_are_those_of_the_store(data, stores):
    """Of the practised cycles 51 to 100 of one run, from the halves of its blocks."""
    stored = stores("open5")["open5-middle"].dataset().sel(regime="flexible", relative_length=1.0).isel(seed=1)
    given = data("open5").sel(regime="flexible", length=1.0).isel(seed=1)
    losses = stored.loss_after_switch.transpose("block", "after_switch").values[200:400].reshape(100, 2, 5)
    np.testing.assert_allclose(given.practised_cost, (losses[:, 0] - losses[:, 1]).mean(axis=0), rtol=1e-5)
    times = stored.time_to_criterion.values[:400].reshape(200, 2)
    whole = np.where(times[:, 0] < 0.499, times[:, 0], 0.5 + times[:, 1]).reshape(100, 2).mean(axis=1)
    np.testing.assert_allclose(given.practice_time, whole, rtol=1e-5)


def test_batches_are_compared_with_the_same_seeds():
    cost = xarray.DataArray(
        np.arange(6.0).reshape(2, 3)[:, None, :, None] * np.ones((2, 1, 3, 5)),
        {"regime": list(open5.REGIMES), "length": [1.0]},
        ("regime", "length", "seed", "after_switch"),
    )
    batches = xarray.DataArray([[0.5, 1.5], [3.0, 4.0]], {"regime": list(open5.REGIMES)}, ("regime", "batch_seed"))
    found = open5.batch_differences(xarray.Dataset({"practised_cost": cost, "batch_cost": batches}))
    np.testing.assert_allclose(found, [[0.5, 0.0], [0.5, 0.0]])
