"""Constraints of a user's own: reduced where they say so, written and read, swept, ended, taken implicitly."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from gatednet import (
    Constraint,
    Experiment,
    GatedLinear,
    GateNorm,
    NegativeGates,
    Network,
    Objective,
    Proximal,
    ProximalMap,
    Released,
    Rows,
    Save,
    SettingError,
    SoftmaxCrossEntropy,
    Stiffness,
    WeightCost,
    from_toml,
    obstacle,
    paths,
    simulate,
    to_toml,
    with_values,
)
from gatednet.arrays.rows import total
from gatednet.dynamics.stability import instability
from gatednet.experiment import check_precision
from gatednet.settings import Number, field
from gatednet.sweeps.spec import changed, sweep_of
from tests.gatednet.tools import SMALL, run_many

WIDE = with_values(SMALL, {"network": GatedLinear(paths=2, inputs=6, outputs=2)})
SAVE = Save(("loss", "gates"), 20)


class Shrinkage(ProximalMap):
    """Gates towards a centre, in closed form."""

    def __init__(self, strength: Any, centre: Any) -> None:
        self.strength, self.centre = strength, centre

    def __call__(self, network: Network, rows: Rows, rates: Any) -> Rows:
        pull = rates["gates"] * self.strength
        moved = tuple(tuple((gate + pull * self.centre) / (1 + pull) for gate in path) for path in rows.gates)
        return rows.changed(gates=moved)


class Centred(Constraint):
    """½ Σ (c - centre)² over the gates, which says all there is to say."""

    centre: float = field(0.5, Number(), "where gates are pulled to")

    @property
    def isotropic(self) -> bool:
        return True

    def penalty(self, network: Any, rows: Rows) -> Array:
        return 0.5 * total(tuple((gate - self.centre) ** 2 for path in rows.gates for gate in path))

    def stiffness(self, network: Any) -> tuple[Stiffness, ...]:
        return (Stiffness("strength", "gates", self.strength),)

    def proximal_map(self) -> ProximalMap:
        return Shrinkage(self.strength, self.centre)


class Silent(Centred):
    """The same, and nothing is said of it."""

    def penalty(self, network: Any, rows: Rows) -> Array:
        return super().penalty(network, rows)


class Magnitudes(Constraint):
    """Σ |W|, of which nothing is said."""

    def penalty(self, network: Any, rows: Rows) -> Array:
        return total(tuple(jnp.abs(network.join(rows).weights)[None]))


class InTurns(Centred):
    """The same, half of it in each turn of a loop of JAX's, which is given a method with `centre` in it."""

    def further(self, turn: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        gates, value = state
        return gates, value + 0.25 * jnp.sum((gates - self.centre) ** 2, axis=0)

    def penalty(self, network: Any, rows: Rows) -> Array:
        gates = jnp.stack([gate for path in rows.gates for gate in path])
        return jax.lax.fori_loop(0, 2, self.further, (gates, jnp.zeros_like(gates[0])))[1]


def having(*constraints: Constraint, **others: Any) -> Experiment:
    """The experiment with further constraints, and none of the paper's."""
    return with_values(WIDE, {"objective": Objective(norm=0.0, nonnegativity=0.0, constraints=constraints), **others})


def test_reduced_where_it_says_so() -> None:
    told, silent = having(Centred(0.4)), having(Silent(0.4))
    assert obstacle(told) is None
    assert obstacle(silent) == "constraint Silent does not declare isotropic, and Silent has its own penalty"
    assert obstacle(having(Centred(), Magnitudes())) == "constraint Magnitudes does not declare isotropic"
    assert obstacle(having(WeightCost(norm="columns"))).startswith(
        "constraint WeightCost is not isotropic: WeightCost("
    )
    save = Save(("loss", "gates", "weights"), 20)
    runs = [simulate(told, save, reduced=wanted, precision="float64") for wanted in (True, False)]
    np.testing.assert_allclose(runs[0].gates, runs[1].gates, rtol=1e-10)
    # By default the silent one is not reduced, and so is the same run bit for bit.
    np.testing.assert_array_equal(simulate(silent, save, precision="float64").gates, runs[1].gates)


def test_its_methods_are_handed_to_loops() -> None:
    plain, in_turns = (
        run_many(having(kind(0.4)), SAVE, {"objective.constraints.0.centre": [0.2, 0.6]}, (0, 0))
        for kind in (Centred, InTurns)
    )
    np.testing.assert_allclose(in_turns["loss"], plain["loss"], rtol=1e-5)
    assert plain["loss"][0, -1] != plain["loss"][1, -1]


def test_further_constraints_are_the_papers_where_they_are_the_same() -> None:
    of_fields = Objective(norm=0.4, nonnegativity=0.2, weight_cost=0.1)
    others = Objective(
        norm=0.0, nonnegativity=0.0, constraints=(GateNorm(0.4), NegativeGates(0.2), WeightCost(strength=0.1))
    )
    for rule in (WIDE.rule, Proximal()):
        one, other = (
            simulate(
                with_values(WIDE, {"objective": each, "rule": rule, "initial.gates": -0.2}), SAVE, precision="float64"
            )
            for each in (of_fields, others)
        )
        np.testing.assert_allclose(one.gates, other.gates, rtol=1e-12)
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-12)


def test_written_and_read() -> None:
    experiment = having(Centred(0.4, centre=0.1), Magnitudes(0.2, until=3.0))
    again = from_toml(to_toml(experiment))
    assert again == experiment
    assert hash(again) == hash(experiment)
    assert [type(each) for each in again.objective.constraints] == [Centred, Magnitudes]
    assert paths(again)["objective.constraints.1.until"] == 3.0
    text = to_toml(having(Centred(0.4)))
    assert '{ kind = "Centred", strength = 0.4, centre = 0.5 }' in text
    assert "task" not in text.partition("[objective]")[2].partition("[timescales]")[0]
    # A text of before is one of today.
    assert "constraints" not in to_toml(WIDE)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            '[[objective.constraints]]\nkind = "Centered"',
            "objective.constraints.0: unknown kind 'Centered': did you mean 'Centred'?",
        ),
        (
            "[objective]\nconstraints = [3]",
            "objective.constraints.0: is 3, allowed is a table with the fields of a Constraint",
        ),
        (
            "[objective]\nconstraints = 3",
            "objective: Objective.constraints is 3, allowed is a list of instances of Constraint",
        ),
        (
            '[[objective.constraints]]\nkind = "Centred"\nstrength = -1.0',
            "objective.constraints.0: Centred.strength is -1.0, allowed is a finite number at least 0",
        ),
        (
            '[[objective.constraints]]\nkind = "Centred"\nuntil = nan',
            "objective.constraints.0: Centred.until is nan, allowed is a finite number at least 0, or inf",
        ),
        ("[objective.task]\nkind = 3", "objective.task: unknown kind 3: known are "),
    ],
)
def test_refused_in_one_line(text: str, refusal: str) -> None:
    with pytest.raises(SettingError) as caught:
        from_toml(text)
    assert str(caught.value).startswith(refusal)
    assert "\n" not in str(caught.value)


def test_an_error_of_another_kind_is_read() -> None:
    text = '[objective.task]\nkind = "SoftmaxCrossEntropy"'
    with pytest.raises(SettingError, match="do not go together"):
        from_toml(text)
    assert Objective(task=SoftmaxCrossEntropy()).labelled


@pytest.mark.optimized
def test_swept_from_a_file_without_compiling_again() -> None:
    sweep = sweep_of(
        {
            "base": "fig2-flexible",
            "save": ["gates"],
            "every": 20,
            "set": {
                "inputs": {"kind": "Population"},
                "network.inputs": 6,
                "network.outputs": 2,
                "steps": 20,
                "objective.constraints": [{"kind": "Centred", "centre": 0.2}],
            },
            "axes": {"pull": {"path": "objective.constraints.0.strength", "values": [0, 0.5, 2.0]}, "seed": 2},
        }
    )
    assert sweep.static_places == ()
    assert sweep.axes[0].values == (0.0, 0.5, 2.0)
    experiment = sweep.experiment
    assert experiment.objective.norm == 0.909
    together = run_many(experiment, sweep.save, {"objective.constraints.0.strength": sweep.axes[0].values}, (1,))
    for run, strength in enumerate(sweep.axes[0].values):
        alone = with_values(experiment, {"objective.constraints.0.strength": strength})
        np.testing.assert_array_equal(run_many(alone, sweep.save, seeds=(1,))["gates"][0], together["gates"][run])
    assert not np.array_equal(together["gates"][0], together["gates"][2])
    assert changed(experiment, {"objective.constraints": []}).objective.constraints == ()


def test_each_ends_at_its_own_time() -> None:
    def run(*constraints: Constraint, **objective: Any) -> np.ndarray:
        kind = Released if objective else Objective
        made = kind(norm=0.0, nonnegativity=0.0, constraints=constraints, **objective)
        return simulate(with_values(WIDE, {"objective": made}), Save(("gates",), 1), reduced=False).gates.values

    lasting, ended = run(Centred(3.0, centre=0.0)), run(Centred(3.0, centre=0.0, until=0.2))
    np.testing.assert_array_equal(lasting[:21], ended[:21])
    assert not np.array_equal(lasting[21], ended[21])
    # One that has ended leaves the others alone, and the end of all is theirs too.
    np.testing.assert_array_equal(run(Centred(3.0, centre=0.0, until=0.0), Silent(1.0)), run(Silent(1.0)))
    np.testing.assert_array_equal(run(Centred(3.0, centre=0.0), until=0.2), ended)


def test_implicit_where_it_has_a_map_and_explicit_where_it_has_none() -> None:
    # So stiff that explicit steps diverge.
    stiff = having(Centred(500.0, centre=0.3), **{"timescales.gates": 0.05, "rule": Proximal()})
    gates = simulate(stiff, SAVE).gates.values
    np.testing.assert_allclose(gates[-1], 0.3, atol=0.01)
    explicit = [having(Magnitudes(0.2), rule=rule) for rule in (Proximal(), WIDE.rule)]
    runs = [simulate(each, SAVE).gates.values for each in explicit]
    np.testing.assert_array_equal(runs[0], runs[1])


def test_its_stiffness_is_told_by_its_path() -> None:
    found = instability(having(Magnitudes(), Centred(500.0)))
    assert found is not None
    assert (found.setting, found.time) == ("objective.constraints.1.strength", "timescales.gates")
    assert found.largest == pytest.approx(2 * 0.05 / 500.0)


def test_captions_name_it() -> None:
    assert having(Centred(0.4)).objective.summary() == (
        "λ_norm = 0 (k = 1), λ_nonneg = 0, Centred with strength = 0.4, centre = 0.5, loss sum over outputs"
    )
    assert Objective(task=SoftmaxCrossEntropy()).summary() == (
        "λ_norm = 0.909 (k = 1), λ_nonneg = 0.0909, cross-entropy sum over outputs"
    )


def test_lasts_for_ever_by_default() -> None:
    assert Centred().until == math.inf
    # The single precision of a simulation has a place for it.
    check_precision(having(Centred()), np.float32)
