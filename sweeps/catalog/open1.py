"""Open question 1: where overlap of the tasks ends flexibility (paper, section 6, and appendix on correlated teachers).

The paper correlates teachers at one setting without fast gates (Figure A13), and measures specialization, which cannot
exceed 1 - ρ for teachers of the cosine ρ. Here the map over time constants and block lengths (Figure 5) has ρ as a
third axis, and is judged by `relative_specialization`, which a specialized network has at 1 whatever ρ.

Written down before the sweeps were run:

* Setting. Figure 5, left: averaged convention, τ_w .1, constraints on, with the population as inputs; λ_norm P dt/τ_c
  is .5 at most, far from stiff. Runs last 192 τ_w, 12 of the longest blocks: that of Figure 5, 70 τ_w, is the time of a
  few only. ρ from 0 to .99 in steps of .01; τ_c/τ_w from .1 to 4 in a hundred equal ratios, beyond Figure 5's 1, where
  its long blocks still specialize; τ_B/τ_w of 1, 2, 4, 8, 16.
* Hypothesis 1. Gates feel the difference of the tasks alone, whose square is in proportion to 1 - ρ, and growth per
  time is in proportion to |ε|² τ_B/(τ_c τ_w) (theory of Figure A9). So the largest τ_c/τ_w that specializes in a given
  time goes as (1 - ρ) τ_B times that time: exponents of 1. In Control 5 growth was not in proportion to τ_B; half
  either way is allowed.
* Hypothesis 2. Verdicts by raw specialization, or by Figure 5's level of .8 in total alignment, are wrong from ρ = .3
  on: a specialized network is called forgetful by the first, and a forgetful one specialized by the second, as a path
  at the mean of both teachers has a total alignment of √((1 + ρ)/2), .806 at ρ = .3.
* Hypothesis 3. Between two specialized paths the closed gate opens as 1 - exp(-(1 - ρ) t/τ_c), so that the loss is
  (1 - ρ) exp(-2 (1 - ρ) t/τ_c), and the time to the criterion τ_c ln(10 (1 - ρ))/(2 (1 - ρ)). It is longest at
  1 - ρ = e/10, and 0 from ρ = .9 on, where a switch does not take the loss above the criterion.
* Hypothesis 4, on forgetting as a function of similarity (Lee et al. 2022, "Maslow's hammer", arXiv 2205.09029, whose
  heads tell the task: it peaks at intermediate similarity). Forgetting is what a block of the other task adds to the
  loss of a task with the gates as they were when it was left. In a forgetful network maps mix in fixed shares, so that
  it falls as 1 - ρ. In a specialized one the path of the old task learns the new one until its gate is shut, for a time
  τ_c/(1 - ρ): it is moved by a share in proportion to τ_c/(1 - ρ) of the way to the other teacher, and forgetting grows
  as 1/(1 - ρ), until the network does not specialize any more. At the switch itself, with the gates of the other task,
  the loss jumps by about 1 - ρ in both, and falls with ρ.
* Hypothesis 5. Sums of teachers are met by gates alone where there is specialization, at the price of gates that are
  slower by 1 - ρ: at Figure 3's settings flexible networks are at least twice as fast as forgetful ones up to ρ = .6,
  and no faster where nothing is specialized, at .95.
* Hypothesis 4, again, after the first run and before runs with τ_c/τ_w of .4: slow gates, .8, lie beyond the boundary
  of these blocks, .65 at ρ = 0, and behave as forgetful ones; their verdicts stay. Moderate ones, .4, specialize, and
  the same is expected of them: a peak half as high again as both ends, and an exponent of -1.5 to -.5 up to ρ = .6.
  Once more, after those runs: of 16 one or two at some ρ do not specialize, and carry the mean, which leaves verdicts
  undecided; the same is asked of the typical run, the median, of 16 other seeds, 16 to 31.
* Seeds. Eight for the map, as asked for: its claims are about exponents, known to .5, and shares. 16 for the curves
  over ρ. Eight with batches of 200 at six cells, where a tenth of specialization is allowed.
"""

from __future__ import annotations

from gatednet.curricula.phases import Phases
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.population import Population
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog import fig03, fig05
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.sweep import Sweep

CORRELATIONS = tuple(round(0.01 * point, 2) for point in range(100))
# τ_c/τ_w, in equal ratios.
FASTEST, SLOWEST = 0.1, 4.0
RATIOS = tuple(round(FASTEST * (SLOWEST / FASTEST) ** (point / 99), 5) for point in range(100))
LENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0)
# In units of τ_w: the length of a run, and the time between saves of the map.
DURATION, BETWEEN_SAVES = 192, 48
SEEDS, CURVE_SEEDS = 8, 16
SAVED = ("relative_specialization", "specialization", "total_alignment", "alignment", "time_to_criterion")
# Blocks of the runs that forgetting is measured in, in units of τ_w, and the gates of their regimes.
FORGETTING_LENGTH = 8.0
FORGETTING_RATIOS = {"fast gates": 0.2, "moderate gates": 0.4, "slow gates": 0.8}
# With batches: ρ, lengths of blocks, and τ_c/τ_w, about .2.
BATCH_CORRELATIONS, BATCH_LENGTHS, BATCH_RATIO = (0.0, 0.5, 0.8), (4.0, 16.0), RATIOS[19]


def base() -> Experiment:
    """The network of Figure 5, left, over `DURATION`, with batches as inputs."""
    experiment = fig05.left()
    return with_values(experiment, {"steps": steps(experiment, DURATION)})


def population() -> Experiment:
    """The same with the population as inputs."""
    return with_values(base(), {"inputs": Population()})


def steps(experiment: Experiment, relative: float) -> int:
    """A time in units of τ_w as a number of steps."""
    return round(relative * experiment.timescales.weights / experiment.dt)


def ratio_axis(values: tuple[float, ...]) -> Axis:
    """Time constants of the gates, labelled by τ_c/τ_w."""
    weights = base().timescales.weights
    return Axis("ratio", "timescales.gates", tuple(value * weights for value in values), values)


def length_axis(values: tuple[float, ...]) -> Axis:
    """Lengths of blocks, labelled by τ_B/τ_w."""
    weights = base().timescales.weights
    lengths = tuple(round(value * weights, 9) for value in values)
    return Axis("relative_length", "curriculum.block_length", lengths, values)


def correlation_axis(values: tuple[float, ...]) -> Axis:
    """Cosines of any two rows of the teachers."""
    return Axis("correlation", "teachers.correlation", values)


def overlap_map() -> Sweep:
    """Where networks specialize: block lengths, correlations, time constants, seeds."""
    axes = (length_axis(LENGTHS), correlation_axis(CORRELATIONS), ratio_axis(RATIOS), Axis.seeds(SEEDS))
    return Sweep(population(), axes, Save(SAVED, steps(base(), BETWEEN_SAVES)))


def forgetting(seeds: Axis, *names: str) -> Sweep:
    """All parameters at every switch, with gates of several speeds, and without constraints or fast gates.

    With names of regimes, in these alone.
    """
    experiment = population()
    times, objective = experiment.timescales, experiment.objective
    regimes = {
        name: (ratio * times.weights, objective.norm, objective.nonnegativity)
        for name, ratio in FORGETTING_RATIOS.items()
    }
    regimes["forgetful"] = (times.weights, 0.0, 0.0)
    names = names or tuple(regimes)
    axes = (
        Axis("regime", ("timescales.gates", *PENALTIES), tuple(regimes[name] for name in names), names),
        correlation_axis(CORRELATIONS[::4]),
        seeds,
    )
    length = FORGETTING_LENGTH * times.weights
    experiment = with_values(experiment, {"curriculum.block_length": length})
    saved = ("weights", "gates", "teachers")
    return Sweep(experiment, axes, Save(saved, steps(experiment, FORGETTING_LENGTH)))


def sums() -> Sweep:
    """Figure 3's sums of tasks, up to the end of the first one, at several correlations and in both regimes."""
    experiment = with_values(fig03.sums(), {"inputs": Population()})
    assert isinstance(experiment.curriculum, Phases)
    blocks = experiment.curriculum.phases[0].blocks + 1
    experiment = with_values(experiment, {"steps": blocks * experiment.block_steps})
    objective = experiment.objective
    values = ((objective.norm, objective.nonnegativity), (0.0, 0.0))
    axes = (
        Axis("regime", PENALTIES, values, ("flexible", "forgetful")),
        correlation_axis(CORRELATIONS[::5]),
        Axis.seeds(CURVE_SEEDS),
    )
    return Sweep(experiment, axes, Save(("loss_every_step", "gates"), experiment.block_steps))


def batches() -> Sweep:
    """A few cells of the map with batches of 200."""
    experiment = with_values(base(), {"timescales.gates": BATCH_RATIO * base().timescales.weights})
    axes = (length_axis(BATCH_LENGTHS), correlation_axis(BATCH_CORRELATIONS), Axis.seeds(SEEDS))
    return Sweep(experiment, axes, Save(("relative_specialization",), experiment.steps))


EXPERIMENTS = (Entry("open1", "Open question 1: Figure 5's network, population, 192 τ_w", population),)
SWEEPS = together(
    "open1",
    "Open question 1: overlap of the tasks against time constants and block lengths",
    Entry("open1-map", "Open question 1: 100 correlations × 100 time constants × 5 block lengths", overlap_map),
    Entry(
        "open1-forgetting",
        "Open question 1: parameters at every switch, at 25 correlations",
        lambda: forgetting(Axis.seeds(CURVE_SEEDS)),
    ),
    Entry(
        "open1-typical",
        "Open question 1: parameters at every switch with moderate gates, from other seeds",
        lambda: forgetting(Axis.seeds(range(CURVE_SEEDS, 2 * CURVE_SEEDS)), "moderate gates"),
    ),
    Entry("open1-sums", "Open question 1: Figure 3's sums at 20 correlations", sums),
    Entry("open1-batches", "Open question 1: six cells of the map with batches", batches),
)
