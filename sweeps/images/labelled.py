"""The examples that labelled experiments learn from: features of images, which the cache has or which are computed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from gatednet.experiment import Experiment
from gatednet.inputs.examples import Examples, examples_of
from gatednet.inputs.features import Features
from gatednet.sweeps.images.datasets import at_hand
from gatednet.sweeps.images.features import FeatureData, are_kept, check_source, features_of
from gatednet.sweeps.progress import Progress
from gatednet.sweeps.sweep import Sweep

# The progress of a training, by its title.
Training = Callable[[str], Progress]


class FeatureSource(NamedTuple):
    """What features are made of: images, numbers of features and of ReLU units before them, and the network's seed."""

    images: str
    width: int
    relu_hidden: int
    seed: int

    def __str__(self) -> str:
        before = f" after {self.relu_hidden} ReLU units" if self.relu_hidden else ""
        return f"{self.images}, {self.width} features{before}, seed {self.seed}"

    def kept(self) -> bool:
        """Whether the cache has them, see `are_kept`."""
        return are_kept(self.images, self.width, self.seed, relu_hidden=self.relu_hidden)

    def check(self) -> None:
        """Check what can be known without training a network, see `check_source`."""
        check_source(self.images, self.width, self.seed, relu_hidden=self.relu_hidden)

    def data(self, progress: Training | None = None) -> FeatureData:
        """The features themselves, see `features_of`; `progress` is as in `prepare`."""
        told = progress(f"features of {self.images}") if progress else None
        return features_of(self.images, self.width, self.seed, progress=told, relu_hidden=self.relu_hidden)


def sources_of(sweeps: Iterable[Sweep]) -> list[FeatureSource]:
    """The sources of all features that sweeps need, each once."""
    experiments = (sweep.group(group) for sweep in sweeps for group in sweep.groups())
    return list(dict.fromkeys(source for each in experiments if (source := source_of(each)) is not None))


def source_of(experiment: Experiment) -> FeatureSource | None:
    """The source of an experiment's features, None where it learns from no labels."""
    inputs = experiment.inputs
    if not isinstance(inputs, Features):
        return None
    return FeatureSource(inputs.images, inputs.width, inputs.relu_hidden, inputs.network_seed)


def are_at_hand(sweeps: Iterable[Sweep]) -> bool:
    """Whether all images that sweeps need are there without a network."""
    return all(at_hand(source.images) for source in sources_of(sweeps))


def are_prepared(sweeps: Iterable[Sweep]) -> bool:
    """Whether all features that sweeps need are in the cache."""
    return all(at_hand(source.images) and source.kept() for source in sources_of(sweeps))


def check_images(sweeps: Iterable[Sweep]) -> None:
    """Check that all features that sweeps need can be had, before a network is trained for any of them.

    Images are fetched where that is possible. **Raises** `SettingError` as `features_of` does but for a training.
    """
    for source in sources_of(sweeps):
        source.check()


def prepare(sweeps: Iterable[Sweep], progress: Training) -> None:
    """See to it that all features that sweeps need are in the cache; networks are trained where they are not.

    `progress` gives the progress of a training by its title. **Raises** `SettingError` as `features_of` does.
    """
    for source in sources_of(sweeps):
        source.data(progress)


def fingerprints(sweeps: Sequence[Sweep]) -> dict[str, dict[str, str | float]]:
    """What is known of the features of sweeps, by their sources: fingerprint, and accuracy of the network itself.

    **Raises** `SettingError` as `features_of` does, and where an experiment needs other examples than its features are.
    """
    for sweep in sweeps:
        for group in sweep.groups():
            experiment = sweep.group(group)
            experiment.inputs.check_examples(examples_for(experiment), experiment.network)
    found = {}
    for source in sources_of(sweeps):
        data = source.data()
        found[str(source)] = {"fingerprint": data.fingerprint, "accuracy": data.accuracy}
    return found


def examples_for(experiment: Experiment, progress: Training | None = None) -> Examples | None:
    """The examples of an experiment, None where it learns from no labels; `progress` is as in `prepare`.

    **Raises** `SettingError` as `features_of` does.
    """
    source = source_of(experiment)
    if source is None:
        return None
    return _examples(source, source.data(progress).fingerprint)


@functools.lru_cache(4)
def _examples(source: FeatureSource, fingerprint: str) -> Examples:
    """The examples of a source; the fingerprint tells other images of the same name apart."""
    del fingerprint
    data = source.data()
    return examples_of(data.train, data.train_labels, data.test, data.test_labels, data.classes)
