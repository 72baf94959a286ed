"""Every observable by hand: from weights, gates and teachers at every step, in NumPy, one run at a time."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Record:
    """A run step by step.

    `weights` (steps + 1, paths, outputs, inputs), `gates` (steps + 1, paths, outputs), `teachers` (tasks, outputs,
    inputs), and the loss on the batch of each step, (steps,); `tasks` says which task each step has, `block_steps` how
    long a block is, `dt`, `tau_w`, `tau_c` are the constants, `every` the steps between saves.
    """

    weights: np.ndarray
    gates: np.ndarray
    teachers: np.ndarray
    batch_loss: np.ndarray
    tasks: np.ndarray
    block_steps: int
    dt: float
    tau_w: float
    tau_c: float
    every: int

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.tasks)

    @property
    def blocks(self) -> list[slice]:
        """The steps of each block; the last may be cut short."""
        return [
            slice(first, min(first + self.block_steps, self.steps)) for first in range(0, self.steps, self.block_steps)
        ]


def effective_map(record: Record) -> np.ndarray:
    return np.sum(record.gates[..., None] * record.weights, axis=1)


def loss(record: Record) -> np.ndarray:
    task = np.append(record.tasks, record.tasks[-1])  # the end is seen with the task of the last step
    return 0.5 * np.sum((effective_map(record) - record.teachers[task]) ** 2, axis=(1, 2))


def alignment(record: Record) -> np.ndarray:
    teachers, paths = record.teachers[:, None], record.weights[:, None]
    cosines = np.sum(teachers * paths, axis=-1) / np.sqrt(np.sum(teachers**2, axis=-1) * np.sum(paths**2, axis=-1))
    return np.mean(cosines, axis=-1)


def unit_alignment(record: Record) -> np.ndarray:
    units = record.weights.reshape(record.steps + 1, -1, record.weights.shape[-1])
    lengths = np.linalg.norm(record.teachers, axis=2)[..., None] * np.linalg.norm(units, axis=2)[:, None, None]
    return np.einsum("moi,sui->smou", record.teachers, units) / lengths


def best_pairs(score: np.ndarray) -> list[tuple[int, int]]:
    """The pairs (task, path) with the largest summed score, no task and no path twice, by trying all."""
    tasks, paths = score.shape
    pairs = min(tasks, paths)
    candidates = [
        list(zip(some, others, strict=True))
        for some in itertools.combinations(range(tasks), pairs)
        for others in itertools.permutations(range(paths), pairs)
    ]
    return max(candidates, key=lambda each: sum(score[pair] for pair in each))


def matching(record: Record) -> np.ndarray:
    matched = np.full((record.steps + 1, len(record.teachers)), -1)
    for row, score in zip(matched, alignment(record), strict=True):
        for task, path in best_pairs(score):
            row[task] = path
    return matched


def total_alignment(record: Record) -> np.ndarray:
    return np.array([np.mean([score[pair] for pair in best_pairs(score)]) for score in alignment(record)])


def specialization(record: Record) -> np.ndarray:
    saves = alignment(record)[:: record.every]
    last = saves[-max(1, round(len(saves) / 10)) :]
    differences = []
    for score in last:
        matched = best_pairs(score)
        others = [value for pair, value in np.ndenumerate(score) if pair not in matched]
        differences.append(np.mean([score[pair] for pair in matched]) - (np.mean(others) if others else 0))
    return np.asarray(np.mean(differences))


def relative_specialization(record: Record) -> np.ndarray:
    def row_cosine(one: np.ndarray, other: np.ndarray) -> float:
        return np.mean([a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in zip(one, other, strict=True)])

    saves = record.weights[:: record.every]
    last = saves[-max(1, round(len(saves) / 10)) :]
    shares = []
    for paths, score in zip(last, alignment(record)[:: record.every][-len(last) :], strict=True):
        matched = best_pairs(score)
        ideal = {path: record.teachers[task] for task, path in matched}
        differences = []
        for maps in (paths, ideal):
            own = [row_cosine(record.teachers[task], maps[path]) for task, path in matched]
            others = [
                row_cosine(teacher, maps[path])
                for task, path in matched
                for other, teacher in enumerate(record.teachers)
                if other != task
            ]
            differences.append(np.mean(own) - np.mean(others))
        shares.append(differences[0] / differences[1])
    return np.asarray(np.mean(shares))


def rates(values: np.ndarray, dt: float) -> np.ndarray:
    """Norms of the rate of change in each step."""
    return np.linalg.norm(np.diff(values.reshape(len(values), -1), axis=0), axis=1) / dt


def norms(values: np.ndarray) -> np.ndarray:
    return np.linalg.norm(values.reshape(len(values), -1), axis=1)


def own_gates(record: Record) -> np.ndarray:
    """The gates that are parameters: one for each path where all of its outputs share one."""
    equal = np.all(record.gates == record.gates[..., :1])
    return record.gates[..., :1] if equal else record.gates


def time_to_criterion(record: Record) -> np.ndarray:
    def steps(losses: np.ndarray) -> float:
        below = np.flatnonzero(losses < 0.1)
        never = record.block_steps if len(losses) == record.block_steps else np.nan
        return below[0] if len(below) else never

    return np.array([steps(record.batch_loss[block]) for block in record.blocks]) * record.dt / record.tau_w


def loss_after_switch(record: Record) -> np.ndarray:
    first = np.full((len(record.blocks), 5), np.nan)
    for row, block in zip(first, record.blocks, strict=True):
        losses = record.batch_loss[block][:5]
        row[: len(losses)] = losses
    return first


def gate_speed(record: Record) -> np.ndarray:
    speeds = record.tau_c * np.abs(np.diff(record.gates, axis=0)) / record.dt
    return np.array([speeds[block].max() for block in record.blocks])


def target(record: Record) -> np.ndarray:
    return record.teachers[np.append(record.tasks, record.tasks[-1])]


def map_alignment(record: Record) -> np.ndarray:
    shown, asked = effective_map(record), target(record)
    lengths = np.linalg.norm(shown, axis=2) * np.linalg.norm(asked, axis=2)
    return np.mean(np.sum(shown * asked, axis=2) / lengths, axis=1)


def silent_alignment(record: Record) -> np.ndarray:
    def cosine(teacher: np.ndarray, path: np.ndarray) -> float:
        one, other = teacher.T @ teacher, path.T @ path
        return np.sum(one * other) / np.sqrt(np.sum(one**2) * np.sum(other**2))

    return np.array([[[cosine(one, path) for path in paths] for one in record.teachers] for paths in record.weights])


def readout(record: Record) -> np.ndarray:
    return np.concatenate([[np.diag(gates) for gates in path] for path in record.gates.transpose(1, 0, 2)], axis=2)


def modes(record: Record) -> np.ndarray:
    """The singular values of each path, (steps + 1, paths, modes)."""
    return np.linalg.svd(record.weights, compute_uv=False)


def teacher_modes(record: Record) -> np.ndarray:
    def of_pair(teacher: np.ndarray, path: np.ndarray) -> np.ndarray:
        # Projectors on what the teacher reads and writes, whatever the basis.
        reads, writes = np.linalg.pinv(teacher) @ teacher, teacher @ np.linalg.pinv(teacher)
        return np.linalg.svd(writes @ path @ reads, compute_uv=False)

    return np.array([[[of_pair(one, path) for path in paths] for one in record.teachers] for paths in record.weights])


def teacher_component(record: Record) -> np.ndarray:
    dot = np.sum(record.teachers[:, None] * record.weights[:, None], axis=(3, 4))
    return dot / np.sum(record.teachers**2, axis=(1, 2))[:, None]


def adaptation_speed(record: Record) -> np.ndarray:
    return np.array([
        max(np.abs(np.diff(record.batch_loss[block])), default=0.0) / record.dt for block in record.blocks
    ])  # fmt: skip


def block_distance(record: Record) -> np.ndarray:
    distances = np.full(record.steps + 1, np.nan)
    if record.block_steps % record.every == 0:
        parameters = np.concatenate(
            [each.reshape(record.steps + 1, -1) for each in (record.weights, own_gates(record))], axis=1
        )
        lag = record.block_steps
        distances[lag:] = np.linalg.norm(parameters[lag:] - parameters[:-lag], axis=1)
    return distances


# The value at all steps, at all blocks, or at the end. Rates have none after the last step.
BY_HAND: dict[str, Callable[[Record], np.ndarray]] = {
    "adaptation_speed": adaptation_speed,
    "alignment": alignment,
    "batch_loss": lambda record: record.batch_loss,
    "block_distance": block_distance,
    "block_loss": lambda record: np.array([record.batch_loss[block].mean() for block in record.blocks]),
    "effective_map": effective_map,
    "gate_change": lambda record: rates(own_gates(record), record.dt),
    "gate_norm": lambda record: norms(own_gates(record)),
    "gate_speed": gate_speed,
    "gate_step": lambda record: rates(own_gates(record), 1.0),
    "gates": lambda record: record.gates.mean(axis=2),
    "loss": loss,
    "loss_after_switch": loss_after_switch,
    "loss_every_step": lambda record: record.batch_loss,
    "map_alignment": map_alignment,
    "matching": matching,
    "neuron_gates": lambda record: record.gates,
    "participation_ratio": lambda record: np.sum(modes(record) ** 2, axis=2) ** 2 / np.sum(modes(record) ** 4, axis=2),
    "path_norm": lambda record: np.linalg.norm(record.weights, axis=(2, 3)),
    "rank": lambda record: np.sum(modes(record) > 0.01 * modes(record)[..., :1], axis=2),
    "readout": readout,
    "relative_specialization": relative_specialization,
    "representation_cost": lambda record: 0.5 * norms(record.weights) ** 2,
    "second_layer": readout,
    "silent_alignment": silent_alignment,
    "singular_values": modes,
    "specialization": specialization,
    "teacher_component": teacher_component,
    "teacher_modes": teacher_modes,
    "teachers": lambda record: np.broadcast_to(record.teachers, (record.steps + 1, *record.teachers.shape)),
    "time_to_criterion": time_to_criterion,
    "total_alignment": total_alignment,
    "total_weight": lambda record: teacher_component(record).sum(axis=2),
    "unit_alignment": unit_alignment,
    "units": lambda record: record.weights.reshape(record.steps + 1, -1, record.weights.shape[-1]),
    "weight_change": lambda record: rates(record.weights, record.dt) / norms(record.weights)[:-1],
    "weight_norm": lambda record: norms(record.weights),
    "weight_step": lambda record: rates(record.weights, 1.0),
    "weights": lambda record: record.weights,
}
