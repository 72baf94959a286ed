"""A sweep builds few of its experiments, and refuses whatever one of all would refuse."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gatednet import ChosenRows, Phase, Phases, Save, SettingError, with_values
from gatednet.sweeps import checks
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.sweep import Sweep
from tests.gatednet.tools import SMALL

FEW = st.sampled_from([0.0, 0.01, 0.02, 0.05, 0.1])
PAIRS = st.lists(st.tuples(FEW, FEW), min_size=1, max_size=4, unique=True)
# A step must be above 0, and no longer than a block.
OF_STEPS, OF_BLOCKS = ("dt", "timescales.gates"), ("curriculum.block_length", "objective.norm")


def fails(build, *arguments) -> bool:
    """Whether something is refused."""
    try:
        build(*arguments)
    except SettingError:
        return True
    return False


@given(PAIRS, PAIRS)
def test_what_one_run_would_refuse_is_refused(steps, blocks):
    def swept():
        axes = tuple(
            Axis(name, paths, tuple(values), tuple(range(len(values))))
            for name, paths, values in (("shown", OF_STEPS, steps), ("held", OF_BLOCKS, blocks))
        )
        Sweep(SMALL, axes, Save(("time_to_criterion",), SMALL.steps))

    wrong = [
        fails(with_values, SMALL, dict(zip((*OF_STEPS, *OF_BLOCKS), (*one, *other), strict=True)))
        for one, other in itertools.product(steps, blocks)
    ]
    assert fails(swept) == any(wrong)


@given(st.lists(st.tuples(FEW, FEW), min_size=1, max_size=6, unique=True))
def test_what_changes_together_is_compared(pairs):
    axis = Axis("both", ("dt", "curriculum.block_length"), tuple(pairs), tuple(range(len(pairs))))
    wrong = [not 0 < dt <= block for dt, block in pairs]
    assert fails(Sweep, SMALL, (axis,), Save(("time_to_criterion",), SMALL.steps)) == any(wrong)


def test_an_extreme_value_is_built_once_where_many_points_have_it(monkeypatch):
    """Of 64 sets of 20 rows, all zeros and ones, few have every extreme and every largest difference."""
    shown = tuple(ChosenRows((0, 0)) for _ in range(10))
    experiment = with_values(SMALL, {"curriculum": Phases(0.1, (Phase(shown),))})
    paths = tuple(f"curriculum.phases.0.targets.{place}.tasks.{row}" for place in range(10) for row in range(2))
    values = [tuple(float(number >> (bit % 6) & 1 ^ bit // 6 & 1) for bit in range(20)) for number in range(64)]
    axes = Axis("rows", paths, tuple(values), tuple(range(64))), Axis("norm", "objective.norm", (0.0, 0.5, 1.0))
    built = []

    def build(*arguments):
        built.append(arguments)

    monkeypatch.setattr(checks, "_build", build)
    Sweep(experiment, axes, Save(("loss",), experiment.steps))
    assert 0 < len(built) < 40
    wrong = [*values[:30], tuple(2.0 if bit == 7 else 0.0 for bit in range(20)), *values[31:]]
    monkeypatch.undo()
    refused = Axis("rows", paths, tuple(wrong), tuple(range(64)))
    assert fails(Sweep, experiment, (refused, axes[1]), Save(("loss",), experiment.steps))
