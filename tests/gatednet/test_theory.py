"""Closed forms: their printed values, and simulations that follow them."""

import numpy as np
import pytest

from gatednet import (
    Blocked,
    ChosenInitial,
    ChosenTeachers,
    Experiment,
    GatedLinear,
    InTeacherSpace,
    Interleaved,
    Objective,
    Population,
    Save,
    Teachers,
    Timescales,
    simulate,
    theory,
    with_values,
)
from gatednet.theory.symmetric import specialization_of_weights
from tests.gatednet.tools import run_many

RATIOS = np.geomspace(0.1, 1, 5)

# Two paths of one input and two outputs, each specialized on one task; the gates are set for the wrong task.
SYMMETRIC = Experiment(
    network=GatedLinear(paths=2, inputs=1, outputs=2),
    initial=ChosenInitial(weights=(((1,), (0,)), ((0,), (1,))), gates=(1, 0)),
    teachers=ChosenTeachers(maps=(((1,), (0,)), ((0,), (1,)))),
    curriculum=Blocked(block_length=5, order=(1,)),
    inputs=Population(),
    objective=Objective(norm=100, nonnegativity=0),
    timescales=Timescales(weights=1, gates=0.1),
)


def test_printed_minima() -> None:
    minima = specialization_of_weights(0.0, RATIOS)
    np.testing.assert_allclose(minima, [0.9747, 0.9545, 0.9176, 0.8479, 0.7071], atol=1e-4)  # one in the last digit


def test_ends_are_fully_specialized() -> None:
    np.testing.assert_array_equal(specialization_of_weights([-1.0, 1.0], 0.3), [1.0, 1.0])
    assert specialization_of_weights(np.zeros((3, 1)), RATIOS).shape == (3, 5)


def test_no_root_of_a_negative_number() -> None:
    with pytest.raises(ValueError, match=r"^gate_difference and ratio give w̄² = -0\.5, allowed is at least 0$"):
        specialization_of_weights(0.0, 3.0)


def test_symmetric_model_follows_the_curve() -> None:
    distances = []
    for steps in (2500, 5000, 10_000):
        experiment = with_values(SYMMETRIC, {"steps": steps, "dt": 1 / steps})
        saves = Save(("weights", "gates"), steps // 100)
        runs = run_many(experiment, saves, {"timescales.gates": RATIOS.tolist()}, precision="float64")
        weights, gates = runs["weights"][..., 0], runs["gates"]
        measured = 0.5 * ((weights[..., 0, 0] - weights[..., 1, 0]) + (weights[..., 1, 1] - weights[..., 0, 1]))
        difference = gates[..., 0] - gates[..., 1]
        expected = specialization_of_weights(difference, RATIOS[:, None])
        distances.append(np.abs(measured - expected).max(axis=1))
    # All but the slowest have gone past their minimum.
    assert np.all(difference[:-1, -1] < 0)
    # The curve is that of infinitely small steps.
    assert np.all(distances[-1] < 1e-4)
    orders = np.polyfit(np.log([1 / 2500, 1 / 5000, 1 / 10_000]), np.log(distances), 1)[0]
    np.testing.assert_allclose(orders, 1, atol=0.1)


def conserved(objective: Objective, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Courses of w̄² - ½ (τ_c/τ_w) c̄², (runs, saves), and of τ_w ‖W^p‖² - τ_c (c^p)², (runs, saves, paths)."""
    experiment = with_values(SYMMETRIC, {"steps": steps, "dt": 1 / steps, "objective": objective})
    saves = Save(("weights", "gates"), steps // 50)
    runs = run_many(experiment, saves, {"timescales.gates": RATIOS.tolist()}, precision="float64")
    weights, gates = runs["weights"][..., 0], runs["gates"]
    apart = 0.5 * ((weights[..., 0, 0] - weights[..., 1, 0]) + (weights[..., 1, 1] - weights[..., 0, 1]))
    symmetric = apart**2 - 0.5 * RATIOS[:, None] * (gates[..., 0] - gates[..., 1]) ** 2
    return symmetric, (weights**2).sum(axis=-1) - RATIOS[:, None, None] * gates**2


def test_the_symmetric_model_conserves_a_difference_and_its_paths_nothing() -> None:
    """With the penalty on the norm; up to steps that are not infinitely small."""
    (coarse, coarse_paths), (fine, fine_paths) = (
        [np.ptp(values, axis=1) for values in conserved(SYMMETRIC.objective, steps)] for steps in (2500, 5000)
    )
    # One is an error of the first order in the step, the other no error at all: .006 to .19 from fast to slow gates.
    np.testing.assert_allclose(fine, 0.5 * coarse, rtol=0.1)
    np.testing.assert_allclose(fine_paths.max(axis=-1), coarse_paths.max(axis=-1), rtol=0.02)
    assert np.all(fine_paths.max(axis=-1) > 10 * fine)
    assert fine.max() < 5e-4


def test_without_penalties_every_path_conserves_a_quantity_of_its_own() -> None:
    drifts = [np.ptp(conserved(Objective(norm=0, nonnegativity=0), steps)[1], axis=1) for steps in (2500, 5000)]
    assert drifts[1].max() < 5e-4
    assert drifts[1].max() < 0.6 * drifts[0].max()


def test_a_gate_of_a_specialized_path_opens_with_the_sum_of_squares() -> None:
    # From W^p = W*_p and gates (1, 0), right after the switch to the second task.
    experiment = Experiment(
        network=GatedLinear(paths=2, inputs=20, outputs=8),
        initial=InTeacherSpace(mixture=((1, 0), (0, 1)), gates=0.0),
        teachers=Teachers(rank=3, scale="unit"),
        curriculum=Blocked(block_length=1.0, order=(1,)),
        inputs=Population(),
        objective=Objective(norm=0, nonnegativity=0),
        timescales=Timescales(weights=1.0, gates=0.5),
        dt=1e-6,
        steps=2,
    )
    run = simulate(experiment, Save(("gate_speed", "singular_values"), 1), precision="float64")
    expected = theory.gate_speed.gate_speed(run.singular_values.isel(step=0, path=1).values)
    assert expected == pytest.approx(3.0)
    assert float(run.gate_speed.max()) == pytest.approx(expected, rel=1e-5)


def test_the_equivalent_model_has_the_same_gates() -> None:
    # Paths within the teachers' space, in the full model and in two dimensions.
    mixture = ((0.3, 0.1), (0.05, 0.4))
    full = Experiment(
        network=GatedLinear(paths=2, inputs=20, outputs=10),
        initial=InTeacherSpace(mixture=mixture),
        curriculum=Blocked(block_length=0.5),
        inputs=Population(),
        timescales=Timescales(weights=1.3, gates=0.03),
        steps=2000,
    )
    values = np.full(10, 1 / np.sqrt(20))
    columns = tuple(tuple((each,) for each in path) for path in mixture)
    small = with_values(
        full,
        {
            "network": GatedLinear(paths=2, inputs=1, outputs=2),
            "initial": ChosenInitial(weights=columns, gates=(0.5, 0.5)),
            "teachers": ChosenTeachers(maps=(((1,), (0,)), ((0,), (1,)))),
            # The weights' gradient is Σ s² times as large in the full model, and so is the size of a teacher.
            "timescales.gates": theory.equivalent_model.equivalent_gate_timescale(0.03, values),
            "objective.norm": theory.equivalent_model.equivalent_penalty(full.objective.norm, values),
            "objective.nonnegativity": theory.equivalent_model.equivalent_penalty(full.objective.nonnegativity, values),
        },
    )
    runs = [simulate(each, Save(("gates", "loss"), 100), precision="float64") for each in (full, small)]
    np.testing.assert_allclose(runs[0].gates, runs[1].gates, atol=1e-10)
    np.testing.assert_allclose(runs[0].loss, theory.equivalent_model.full_loss(runs[1].loss.values, values), atol=1e-10)
    assert theory.equivalent_model.equivalent_gate_timescale(0.03, values) == pytest.approx(0.06)


def test_growth_in_a_short_block() -> None:
    # The gates start even, so that both errors are ½: |ε|² = ½, and w̄ = .4 as in the paper's toy model.
    half = 0.4 / 2
    experiment = with_values(
        SYMMETRIC,
        {
            "initial": ChosenInitial(
                weights=(((0.5 + half,), (0.5 - half,)), ((0.5 - half,), (0.5 + half,))), gates=(0.5, 0.5)
            ),
            "timescales.gates": 0.05,
            "timescales.weights": 5.0,
            "objective.norm": 0.0,
        },
    )
    constant = theory.block_length.growth_constant(0.4, 0.5, 0.05, 5.0)
    errors = []
    for length in (0.004, 0.002, 0.001):
        short = with_values(experiment, {"dt": length / 400, "steps": 400})
        saved = simulate(short, Save(("weights",), 400), precision="float64").weights.values[..., 0]
        specialization = 0.5 * (saved[:, 0, 0] - saved[:, 1, 0] + saved[:, 1, 1] - saved[:, 0, 1])
        errors.append((specialization[1] - specialization[0]) / theory.block_length.growth(constant, length) - 1)
    # The relative error is of the order of the length, and of that of the steps, 1/400.
    assert abs(errors[-1]) < 0.02
    assert abs(errors[0]) < 0.05
    lengths = np.array([0.1, 0.2])
    np.testing.assert_allclose(theory.block_length.growth_rate(constant, lengths), [0.05 * constant, 0.1 * constant])


@pytest.mark.parametrize(
    ("block_length", "depth", "tolerance"), [(10.0, -7.2, 0.1), (1.78, -1.25, 0.03), (0.32, -0.2, 0.02)]
)
def test_printed_depths_of_the_effective_loss(block_length: float, depth: float, tolerance: float) -> None:
    constant = theory.block_length.growth_constant(0.8, 0.5, 0.05, 5.0)
    assert constant == pytest.approx(1.6)
    along = np.linspace(0, 1.1, 2201)
    loss = theory.block_length.effective_loss(along, constant, block_length)
    assert loss.min() == pytest.approx(depth, abs=tolerance)
    # The minimum is printed for all curves together, at .95; that of short blocks is flat, and lies a little below.
    if block_length == 10.0:
        assert along[loss.argmin()] == pytest.approx(0.95, abs=0.02)
    assert 0.85 < along[loss.argmin()] < 1
    np.testing.assert_array_equal(loss, theory.block_length.effective_loss(-along, constant, block_length))


def test_proxy_losses_of_both_tasks_cancel_in_their_linear_parts() -> None:
    along = np.linspace(-1, 1, 11)
    parts = [theory.block_length.linear_proxy(along, 5.0, sign) for sign in (1, -1)]
    np.testing.assert_allclose(sum(parts), 0, atol=1e-15)
    assert np.all(np.diff(parts[0]) < 0)


def test_the_tangent_kernel_is_that_of_a_finite_step() -> None:
    rng = np.random.default_rng(1)
    weights, gates = rng.normal(size=(2, 2)), rng.normal(size=2)
    target, step = np.array([1.0, 0.0]), 1e-7
    error = gates @ weights - target
    moved_weights = weights - step / 1.5 * gates[:, None] * error
    moved_gates = gates - step / 0.3 * weights @ error
    change = (moved_gates @ moved_weights - gates @ weights) / step
    kernel = theory.tangent_kernel.tangent_kernel(weights, gates, 1.5, 0.3)
    np.testing.assert_allclose(change, -kernel @ error, rtol=1e-5)
    fall = (0.5 * np.sum((moved_gates @ moved_weights - target) ** 2) - 0.5 * np.sum(error**2)) / step
    assert theory.tangent_kernel.adaptation_speed(kernel, error) == pytest.approx(-fall, rel=1e-5)


@pytest.mark.parametrize(("first", "speed"), [((1.0, 0.0), 4.0), ((0.5, 0.5), 1.0)])
def test_printed_adaptation_speeds(first: tuple[float, float], speed: float) -> None:
    weights = np.array([first, [1 - first[0], 1 - first[1]]])
    kernel = theory.tangent_kernel.tangent_kernel(weights, first)
    assert theory.tangent_kernel.adaptation_speed(kernel, (-1.0, 1.0)) == pytest.approx(speed)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_pathways_of_layers_that_are_trained(depth: int) -> None:
    # Layers of every pathway as numbers of their own, by small steps of gradient descent.
    start, steps, dt = np.array([0.05, 0.02]), 40_000, 1e-4
    layers = [start.copy(), *(np.sqrt(start**2 + 1) for _ in range(depth - 1))]
    for _ in range(steps):
        products = np.prod(layers, axis=0)
        slope = 1.0 - products.sum()
        layers = [
            layer + dt * slope * np.prod([other for j, other in enumerate(layers) if j != i], axis=0)
            for i, layer in enumerate(layers)
        ]
    expected = theory.pathways.pathway_trajectories(start, [0.0, steps * dt], depth)
    np.testing.assert_allclose(np.prod(layers, axis=0), expected[-1], rtol=2e-3)
    assert expected[-1].sum() == pytest.approx(1.0, abs=0.05)


def test_two_layers_from_equal_weights() -> None:
    times = np.linspace(0, 4, 9)
    strength = theory.two_layers.balanced_strength(times, 2.0, 0.01, timescale=1.5)
    weight, dt = np.sqrt(0.01), 1e-4
    measured = []
    for step in range(round(4 / dt) + 1):
        if step % round(0.5 / dt) == 0:
            measured.append(weight**2)
        weight += dt / 1.5 * weight * (2.0 - weight**2)
    np.testing.assert_allclose(strength, measured, rtol=2e-3)


def test_two_layers_in_hyperbolic_coordinates() -> None:
    first, second, dt = 0.8, 0.1, 1e-5
    conserved, start = theory.two_layers.to_hyperbolic(first, second)
    np.testing.assert_allclose(theory.two_layers.from_hyperbolic(conserved, start), (0.8, 0.1), rtol=1e-12)
    for _ in range(30_000):
        error = 1.2 - first * second
        first, second = first + dt / 0.7 * second * error, second + dt / 0.7 * first * error
    after, angle = theory.two_layers.to_hyperbolic(first, second)
    assert after == pytest.approx(float(conserved), rel=1e-4)
    time = theory.two_layers.hyperbolic_time(angle, float(start), float(conserved), 1.2, timescale=0.7)
    assert time == pytest.approx(0.3, rel=1e-3)
    with pytest.raises(ValueError, match="above the size of the second"):
        theory.two_layers.to_hyperbolic(0.1, 0.2)


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.0])
def test_squared_singular_values_of_initial_weights(ratio: float) -> None:
    columns = 400
    rows = round(ratio * columns)
    rng = np.random.default_rng(2)
    squares = [
        np.linalg.svd(rng.normal(size=(rows, columns)) * 0.3 / np.sqrt(columns), compute_uv=False) for _ in range(5)
    ]
    found = np.sort(np.concatenate(squares) ** 2)
    expected = theory.marchenko_pastur.cumulative(found[:: len(found) // 50], ratio, 0.3)
    measured = np.arange(len(found))[:: len(found) // 50] / len(found)
    assert np.abs(expected - measured).max() < 0.02
    assert np.sqrt(found).mean() == pytest.approx(theory.marchenko_pastur.mean_singular_value(ratio, 0.3), rel=5e-3)
    low, high = theory.marchenko_pastur.support(ratio, 0.3)
    np.testing.assert_allclose(theory.marchenko_pastur.cumulative([low, high], ratio, 0.3), [0, 1], atol=1e-8)
    with pytest.raises(ValueError, match="rows over columns"):
        theory.marchenko_pastur.support(2.0)


def test_the_mean_of_teachers_is_the_best_single_map() -> None:
    """By least squares on inputs whose second moment is the identity, and by a network that cannot switch."""
    teachers = np.random.default_rng(0).standard_normal((3, 2, 5))
    inputs = np.sqrt(5.0) * np.eye(5)
    shown, asked = np.tile(inputs, (3, 1)), np.concatenate([inputs @ teacher.T for teacher in teachers])
    best, _, _, _ = np.linalg.lstsq(shown, asked, rcond=None)
    left = 0.5 * np.sum((shown @ best - asked) ** 2) / len(shown)
    assert np.isclose(theory.single_map.single_map_loss(teachers), left)
    single = Experiment(
        network=GatedLinear(paths=1, inputs=5, outputs=2),
        teachers=ChosenTeachers(maps=teachers.tolist()),
        curriculum=Interleaved(),
        inputs=Population(),
        timescales=Timescales(weights=1, gates=1),
        objective=Objective(norm=100),
        dt=2e-3,
        steps=20_000,
    )
    loss = simulate(single, Save(("loss",), 1)).loss
    assert np.isclose(loss[loss.sizes["step"] // 2 :].mean(), left, rtol=0.03)


def test_a_single_map_leaves_half_of_two_orthogonal_tasks() -> None:
    assert np.isclose(theory.single_map.single_map_loss(np.eye(4).reshape(2, 2, 4)), 0.5 * 0.5 * 2)
