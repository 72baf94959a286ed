"""Open question 3: arbitrary subtasks, from a few of them, and all weighted sums of teachers.

The paper composes tasks of known ones as sums of two teachers and by rows of two in turn, and shows three of each
(section 5, Figures 3 and A12). Here all are asked for: each row from any teacher, M^d_out combinations, after a few of
them; and sums with any weights.

Written down before the sweeps were run:

* Rows. Networks of Figure 3 with four outputs, M = P = 3: 81 combinations. A network is shown n of them in turn for 24
  blocks, then any of the 81 as a test, each in a run of its own that comes to the same trained state. It is solved
  where .1 after the switch, half a τ_w or ten steps, the loss is below a tenth of that with gates off, ½ d_out/d_in.
  (The paper's criterion, L < .1, is the loss with all gates off here.)
* What is shown. For n = 1, 2, 3, 4, 6, 12 six sets of n different ones, and six of three with every row of all teachers
  (a permutation of teachers for each row; the first set is the teachers themselves). The hash of their names chooses.
* Networks. Gates for each output, flexible and forgetful, and gates for paths, flexible. Speeds of path gates go with
  the sum over outputs (Figure A2), and those of outputs with 1/d_out where the norm of all gates is 1: τ_c is 4/6 of
  Figure 3's. With path gates constraints are implicit, so that dt = .01 does (λ_norm P dt/τ_c = 3.75, Euler bears 2).
* Hypothesis. Rows with gates of their own meet in the norm of all gates alone. So not the number of combinations counts
  but which pairs of a row and a teacher were shown: a new one is solved where all its pairs were, three do for all 81,
  and the loss is in proportion to the rows whose pair was not. Path gates solve the combinations that paths hold, at
  most three, and no new one. Forgetful networks solve none in time.
* Sums. Networks of Figure 3 itself, shown the teachers in turn for 24 blocks, C last, then a sum with weights w from a
  grid of 66 points. Solved is as above, with the loss with all gates off, ½ d_out/d_in |w|². Hypothesis: gates of
  specialized paths relax all alike. Flexible networks solve all sums in time, and the time to the criterion goes as
  log(|w - w_C|²/|w|²): it is longest between A and B. Forgetful ones solve those near C, of which four are met at once.
* Controls with Gaussian batches of 200: 27 combinations after the teachers, and every tenth point of the simplex.
* Seeds. Claims allow .05 of a share. Of eight pilot seeds (1000 to 1007, none of those below) only standard deviations
  of shares were looked at: 0 with gates for each output, at most .013 with path gates. Eight are taken, which make an
  error of .005; what varies are the sets.
"""

from __future__ import annotations

import itertools

from gatednet.curricula.phases import Phase, Phases
from gatednet.curricula.targets import ChosenRows, Mixture, Target, parts
from gatednet.engine.save import Save
from gatednet.experiment import Experiment, with_values
from gatednet.inputs.gaussian import Gaussian
from gatednet.inputs.population import Population
from gatednet.rules.proximal import Proximal
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.catalog import fig03
from gatednet.sweeps.catalog.combinations import NUMBERS, OUTPUTS, SETS, TASKS, points, trainings
from gatednet.sweeps.catalog.entry import Entry, together
from gatednet.sweeps.catalog.penalties import PENALTIES
from gatednet.sweeps.sweep import Sweep

SEEDS = 8
NAMES = "ABC"
# Blocks before the test: a multiple of every number of combinations that is shown.
TRAINED_BLOCKS = 24
# Targets that are listed: sets with fewer combinations are gone through again.
LISTED = max(NUMBERS)
# Time after the switch at which a test is solved or not.
WITHIN = 0.1
# How long a sum is tested, and time between saves.
TESTED, EVERY = 0.6, 0.01
DT_OF_ROWS = 0.01


def then_tested(experiment: Experiment, shown: tuple[Target, ...], test: Target, tested: float) -> Experiment:
    """An experiment with some targets in turn for `TRAINED_BLOCKS`, and then a test, with the population as inputs."""
    phases = Phases(phases=(Phase(shown, TRAINED_BLOCKS), Phase((test,))))
    steps = round((TRAINED_BLOCKS * phases.block_length + tested) / experiment.dt)
    return with_values(experiment, {"inputs": Population(), "curriculum": phases, "steps": steps})


def rows(experiment: Experiment) -> Experiment:
    """A network of Figure 3 with four outputs: combinations in turn, and another one."""
    fewer = {
        "network.outputs": OUTPUTS,
        "timescales.gates": experiment.timescales.gates * OUTPUTS / experiment.network.outputs,
        "dt": DT_OF_ROWS,
    }
    teachers = ChosenRows((0,) * OUTPUTS)
    return then_tested(with_values(experiment, fewer), (teachers,) * LISTED, teachers, WITHIN)


def rows_by_neuron() -> Experiment:
    """Combinations of rows, for a network with a gate for each output."""
    return rows(fig03.rows())


def rows_by_path() -> Experiment:
    """The same for a network with a gate for each path, with its constraints taken implicitly."""
    return rows(with_values(fig03.sums(), {"rule": Proximal()}))


def simplex(experiment: Experiment) -> Experiment:
    """A network of Figure 3: the three teachers in turn, and a sum of them."""
    return then_tested(experiment, parts(TASKS), Mixture((1.0, 0.0, 0.0)), TESTED)


def regimes(experiment: Experiment) -> Axis:
    """Flexible and forgetful: with the constraints and without, as in Figure 3."""
    objective = experiment.objective
    values = ((objective.norm, objective.nonnegativity), (0.0, 0.0))
    return Axis("regime", PENALTIES, values, ("flexible", "forgetful"))


def training_axis(chosen: slice = slice(None)) -> Axis:
    """The sets of combinations by their place in `trainings`; each fills the list of targets, again and again."""
    of_rows = [f"curriculum.phases.0.targets.{k}.tasks.{row}" for k in range(LISTED) for row in range(OUTPUTS)]
    values = [tuple(map(float, itertools.chain(*(each * LISTED)[:LISTED]))) for each in trainings()]
    return Axis("training", tuple(of_rows), tuple(values[chosen]), tuple(range(len(values))[chosen]))


def axes_of_tests(last: slice = slice(None)) -> tuple[Axis, Axis]:
    """The first two rows and the last two of the combination that is tested."""
    pairs = tuple(itertools.product(range(TASKS), repeat=2))
    names = tuple("".join(NAMES[task] for task in pair) for pair in pairs)
    values = tuple(tuple(map(float, pair)) for pair in pairs)
    path = "curriculum.phases.1.targets.0.tasks.{}".format
    return (
        Axis("first_rows", (path(0), path(1)), values, names),
        Axis("last_rows", (path(2), path(3)), values[last], names[last]),
    )


def point_axis(chosen: slice = slice(None)) -> Axis:
    """The points of the simplex, by their place in `points`."""
    paths = tuple(f"curriculum.phases.1.targets.0.shares.{task}" for task in range(TASKS))
    return Axis("point", paths, points()[chosen], tuple(range(len(points()))[chosen]))


def of_rows(experiment: Experiment, *axes: Axis) -> Sweep:
    """A sweep of combinations; the end of a run is the time at which its test is solved or not."""
    return Sweep(experiment, (*axes, Axis.seeds(SEEDS)), Save(("loss",), experiment.steps))


def of_sums(experiment: Experiment, *axes: Axis) -> Sweep:
    """A sweep of sums, with the loss over time."""
    return Sweep(experiment, (*axes, Axis.seeds(SEEDS)), Save(("loss",), round(EVERY / experiment.dt)))


def by_neuron() -> Sweep:
    """Gates for each output: both regimes, all sets, all tests."""
    experiment = rows_by_neuron()
    return of_rows(experiment, regimes(experiment), training_axis(), *axes_of_tests())


def by_neuron_in_batches() -> Sweep:
    """The same with batches: flexible, after the teachers, 27 of the tests, whose last two rows are of one teacher."""
    teachers = len(NUMBERS) * SETS
    experiment = with_values(rows_by_neuron(), {"inputs": Gaussian()})
    return of_rows(
        experiment, training_axis(slice(teachers, teachers + 1)), *axes_of_tests(slice(None, None, TASKS + 1))
    )


def sums_in_batches() -> Sweep:
    """Sums for gates for each output with batches: flexible, every tenth point."""
    experiment = with_values(simplex(fig03.rows()), {"inputs": Gaussian()})
    return of_sums(experiment, point_axis(slice(None, None, 10)))


def sums(experiment: Experiment) -> Sweep:
    """Sums in both regimes, all points."""
    return of_sums(experiment, regimes(experiment), point_axis())


EXPERIMENTS = (
    Entry("open3-neuron", "Open question 3: combinations of rows, with a gate for each output", rows_by_neuron),
    Entry("open3-path", "Open question 3: combinations of rows, with a gate for each path", rows_by_path),
)
SWEEPS = together(
    "open3",
    "Open question 3: arbitrary subtasks after a few, and sums over the whole simplex",
    Entry("open3-neuron", "Open question 3: all combinations of rows after a few, a gate for each output", by_neuron),
    Entry(
        "open3-path",
        "Open question 3: all combinations of rows after a few, a gate for each path",
        lambda: of_rows(rows_by_path(), training_axis(), *axes_of_tests()),
    ),
    Entry("open3-batches", "Open question 3: combinations of rows with batches of inputs", by_neuron_in_batches),
    Entry(
        "open3-sums-neuron",
        "Open question 3: sums over the simplex, a gate for each output",
        lambda: sums(simplex(fig03.rows())),
    ),
    Entry(
        "open3-sums-path",
        "Open question 3: sums over the simplex, a gate for each path",
        lambda: sums(simplex(fig03.sums())),
    ),
    Entry("open3-sums-batches", "Open question 3: sums over the simplex with batches of inputs", sums_in_batches),
)
