"""Small stores that a page looks at, and what it asks of them."""

import pytest

from gatednet import Save, SettingError
from gatednet.sweeps.axes import Axis
from gatednet.sweeps.execution.run import run_sweep
from gatednet.sweeps.sweep import Sweep
from tests.explore.tools import short

SAVE = Save(
    ("loss", "gates", "alignment", "total_alignment", "teacher_component", "specialization", "block_loss"), 20
)  # fmt: skip
REDUCTIONS = Axis(
    "convention",
    ("objective.reduction", "teachers.scale"),
    (("sum", "input"), ("mean", "unit")),
    ("as released", "averaged"),
)
GATES = Axis.geomspace("speed", "timescales.gates", 0.03, 1.0, 4)
LENGTHS = Axis.linspace("length", "curriculum.block_length", 0.4, 0.8, 3)


def run(folder, axes, save=SAVE, experiment=None):
    """The store of a sweep of 200 steps."""
    return run_sweep(Sweep(experiment or short(steps=200), axes, save), folder)


def diagram_of(source, view):
    (diagram,) = source.diagrams(view, lambda: True, lambda begins: None)
    return diagram


def curves_of(source, view, cell=None):
    return source.curves(view, cell, lambda begins: None)


def refused(build):
    with pytest.raises(SettingError) as found:
        build()
    assert "\n" not in str(found.value)
    return str(found.value)
