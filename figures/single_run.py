"""What a picture of a single experiment shows, and what it is called: known before anything is drawn or computed."""

from __future__ import annotations

import hashlib

from gatednet import Experiment, Save, to_toml
from gatednet.sweeps.imports import sources_of


def observables(experiment: Experiment) -> tuple[str, str, str]:
    """What is saved for the picture of an experiment: where tasks are about labels there is accuracy to see."""
    return ("loss", "gates", "accuracy" if experiment.labelled else "alignment")


def file_name(name: str, run: tuple[Experiment, Save], defaults: tuple[Experiment, Save], seed: int) -> str:
    """What the files of a run of the experiment `name` are called.

    `run` is its experiment and what is saved of it, `defaults` those of both. With the defaults it is the name
    of the experiment; otherwise eight digits of a digest follow. Seeds other than 0 are named.
    """
    parts = [name]
    if run != defaults:
        experiment, save = run
        text = f"{to_toml(experiment)}\n{save.every}\n{' '.join(save.observables)}"
        # Parts of a user's own change with their source.
        for module, digest in sources_of(experiment, save.observables, ()).items():
            text += f"\n{module} {digest}"
        parts.append(hashlib.sha256(text.encode()).hexdigest()[:8])
    return "-".join([*parts, *([f"seed{seed}"] if seed else [])])
