"""Which blocks let a network specialize within a run (derived here, from the two-dimensional equivalent model).

Two paths w¹, w² and gates c¹, c² of the equivalent model (paper, Figure A1) are written as c ± g and w ± v. The output
is 2cw + 2gv. While paths are nearly equal the product of two small numbers is left out, and the error ε = 2cw - e of
the target e on show is that of a network with equal paths, which obeys τ_w dw/dt = -c ε and τ_c dc/dt = -w·ε -
λ_norm (2c - 1). It drives what tells the paths apart,

    τ_c dg/dt = -v·ε - p(g),    τ_w dv/dt = -g ε,

where p is half the difference of both gates' penalties: 0 for |g| < c, and beyond λ_norm (2|g| - 1) + ½ λ_nonneg, with
the sign of g. The drive does not depend on g and v: the loop is open.

Without p, in a time dt, (g √τ_c, v √τ_w) is boosted along ε by the rapidity |ε| dt/√(τ_c τ_w), and τ_w v² - τ_c g² is
conserved. Blocks A and B of rapidity η, with errors at an angle θ to each other, are together a boost ψ with

    sinh ¼ψ = |cos ½θ| sinh ½η.

In the middle of learning y_A + y_B = e_A + e_B, so that errors of both tasks are opposite, θ = π: then ψ = 0, and what
a block brings the next one takes back. The paper's ½ C τ_B² a block (`block_length`) is cosh η - 1 = ½ η² to lowest
order, which is that of one block from equal gates, g = 0, and would come again and again if gates were equal at every
switch. They are not. Specialization is left by gates that meet their bounds, where p takes from g and not from v, and
by ε along e_A + e_B, which is large at the start of a run. That part also lets one path win both tasks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gatednet.theory.values import Values

Floats = NDArray[np.float64]


def boost_of_period(rapidity: Values, angle: Values) -> Floats:
    """The boost ψ of two blocks of rapidity η = |ε| τ_B/√(τ_c τ_w), whose errors are at an `angle` θ, in radians.

    It is the logarithm of the Floquet multiplier of the gap between paths; 0 for θ = π, and 2η for θ = 0.
    """
    part = np.abs(np.cos(0.5 * np.asarray(angle, np.float64)))
    return np.asarray(4.0 * np.arcsinh(part * np.sinh(0.5 * np.asarray(rapidity, np.float64))))


def gap_of_alignment(total_alignment: float) -> float:
    """The gap |v_A - v_B| / (w_A + w_B) of mirrored paths of some total alignment a: (1 + r)/√(2 (1 + r²)) = a.

    Both of them know both tasks equally where a is √½, and the gap is 0.

    **Raises** `ValueError` for a total alignment below √½ or above 1.
    """
    excess = 2.0 * total_alignment**2 - 1.0
    if not -1e-12 <= excess <= 1.0:
        raise ValueError(f"total_alignment is {total_alignment!r}, allowed is √½ to 1")
    return 0.0 if excess <= 0 else float((1.0 - np.sqrt(1.0 - excess**2)) / excess)


def gap_of_specialization(specialization: float) -> float:
    """The same gap from the matched minus the unmatched alignment s of mirrored paths: s/√(2 - s²)."""
    return float(specialization / np.sqrt(2.0 - specialization**2))


def block_averaged_boundary(
    gates: Values, weights: Values, duration: float, growth: float, squared_error: float = 0.5
) -> Floats:
    """The length of blocks at which w̄ grows by a factor `growth` in a run: 2 τ_c τ_w ln(growth) / (|ε|² T).

    It is the paper's growth per time, w̄ |ε|² τ_B / (2 τ_c τ_w), from the start to the end of the `duration` T. |ε|² is
    ½ for a network that is half way between two orthogonal targets.
    """
    times = np.asarray(gates, np.float64) * np.asarray(weights, np.float64)
    return np.asarray(2.0 * times * np.log(growth) / (squared_error * duration))


def typical_starts(scale: float, sizes: int, angles: int) -> Floats:
    """Evenly spread starts v, (sizes · angles, 2), of independent Gaussian v_A and v_B with a standard deviation.

    Their sizes are the middles of `sizes` equal parts of the distribution of |v|, their directions are even over half a
    turn: what follows from v follows from -v with both paths exchanged.
    """
    sizes_of = scale * np.sqrt(-2.0 * np.log1p(-(np.arange(sizes) + 0.5) / sizes))
    turns = np.pi * (np.arange(angles) + 0.5) / angles
    return np.stack(
        np.broadcast_arrays(np.outer(sizes_of, np.cos(turns)), np.outer(sizes_of, np.sin(turns))), -1
    ).reshape(-1, 2)


def start_scale(deviation: float, squares: float) -> float:
    """The standard deviation of v_A and v_B from that of initial weights and Σ s² of a teacher: deviation/√(2 Σ s²)."""
    return float(deviation / np.sqrt(2.0 * squares))


@dataclasses.dataclass(frozen=True)
class OpenLoop:
    """The model above in explicit steps `dt`; its parameters broadcast against each other and against block lengths.

    `gates` and `weights` are the time constants of the equivalent model, `norm` and `nonnegativity` its penalties. With
    `equal_gates` gates are set equal, g = 0, at every switch, as the paper's growth in a block assumes. With `closed`
    nothing is left out, and it is the equivalent model itself, from the start w = 0.
    """

    gates: Values
    weights: Values
    norm: Values
    nonnegativity: Values
    dt: float
    equal_gates: bool = False
    closed: bool = False

    def gap(self, block_steps: int | Values, starts: Floats, steps: int) -> Floats:
        """The gap |v_A - v_B| / (w_A + w_B) after so many steps, (..., starts), from `starts`, (starts, 2)."""
        (found,) = self._gaps(block_steps, starts, steps, steps)
        return found

    def onset(self, block_steps: int | Values, starts: Floats, gap: float, steps: int, every: int) -> NDArray[np.int64]:
        """The first step, of those in distances of `every`, at which the gap is reached; `steps` where at none."""
        found = np.full(self._shape(np.shape(block_steps), starts), steps)
        for look, each in enumerate(self._gaps(block_steps, starts, steps, every), 1):
            found = np.where((each >= gap) & (found == steps), look * every, found)
            if (found < steps).all():
                break
        return found

    def _shape(self, lengths: tuple[int, ...], starts: Floats) -> tuple[int, ...]:
        given = (self.gates, self.weights, self.norm, self.nonnegativity)
        return np.broadcast_shapes(*(np.shape(each) for each in given), lengths, (len(starts),))

    def _gaps(self, block_steps: int | Values, starts: Floats, steps: int, every: int) -> Iterator[Floats]:
        """The gap every so many steps."""
        shape = self._shape(np.shape(block_steps), starts)
        gate_rate, weight_rate = (self.dt / np.broadcast_to(each, shape) for each in (self.gates, self.weights))
        norm, negative = (np.broadcast_to(each, shape) for each in (self.norm, self.nonnegativity))
        length = np.broadcast_to(np.asarray(block_steps, np.int64), shape)
        # Sums and differences of the two entries: targets are (1, ±1).
        total, apart, gate = np.zeros(shape), np.zeros(shape), np.full(shape, 0.5)
        v_total, v_apart = (np.broadcast_to(each, shape) for each in (starts.sum(axis=1), starts[:, 0] - starts[:, 1]))
        g, sign, switch = np.zeros(shape), np.ones(shape), length
        for step in range(steps):
            switched = np.equal(step, switch)
            if np.any(switched):
                sign, switch = np.where(switched, -sign, sign), np.where(switched, switch + length, switch)
                g = np.where(switched, 0.0, g) if self.equal_gates else g
            error, error_apart = 2.0 * gate * total - 1.0, 2.0 * gate * apart - sign
            if self.closed:
                error, error_apart = error + 2.0 * g * v_total, error_apart + 2.0 * g * v_apart
            size = np.abs(g)
            beyond = np.sign(g) * (size > gate) * (norm * (2.0 * size - 1.0) + 0.5 * negative)
            slope = 0.5 * (v_total * error + v_apart * error_apart) + beyond
            held = norm * (2.0 * gate - 1.0)
            if self.closed:
                # A gate below 0 adds to their norm by being so.
                held = np.where(size > gate, -0.5 * negative, held)
            pull = 0.5 * (total * error + apart * error_apart) + held
            moved = weight_rate * g
            v_total, v_apart = v_total - moved * error, v_apart - moved * error_apart
            moved = weight_rate * gate
            total, apart = total - moved * error, apart - moved * error_apart
            g, gate = g - gate_rate * slope, gate - gate_rate * pull
            if (step + 1) % every == 0:
                yield np.abs(v_apart) / total

    def boundary(self, low: float, high: Values, starts: Floats, gap: float, steps: int, rounds: int) -> Floats:
        """The length of blocks at which the gap at the end of a run crosses a value, (..., starts), by bisection.

        Lengths are in whole steps from `low` to `high`, which broadcasts. Where the gap is not below at `low`, or is so
        at `high`, the boundary is that end.
        """
        shape = self._shape((), starts)
        ends = (np.round(np.asarray(end, np.float64) / self.dt).astype(np.int64) for end in (low, high))
        first, last = (np.broadcast_to(each, shape) for each in ends)
        at_first, at_last = (self.gap(each, starts, steps) >= gap for each in (first, last))
        below, above = first, last
        for _ in range(rounds):
            middle = (below + above) // 2
            over = self.gap(middle, starts, steps) >= gap
            below, above = np.where(over, below, middle), np.where(over, middle, above)
        found = np.where(at_first, first, np.where(at_last, 0.5 * (below + above), last))
        return np.asarray(found * self.dt)
