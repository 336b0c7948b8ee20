"""What a protocol is: videos, classes, runs and a statistic, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .class_choices import AllClasses, ClassChoice
from .statistics import MeanStd


@dataclass(frozen=True)
class Videos:
    """Videos of a data set with their labels; names are relative to the data set's folder.

    Attributes:
        lists: Annotation files, read one after the other.
        folder: Where the videos are.
        labels: File with the class names.
        classes: Which of the classes count; the others' videos are left out.
        shots: Videos drawn per class, None for all (training only).
        published: Names of the published lists that this may be (see :mod:`.identity`); projects
            differ in their copies.
    """

    lists: tuple[str, ...]
    folder: str = 'videos'
    labels: str = 'labels.txt'
    classes: ClassChoice = field(default_factory=AllClasses)
    shots: int | None = None
    published: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One split or one seed: trained at most once, tested in one or more parts.

    Attributes:
        name: Unique within the protocol; names its folder.
        tests: Part ('test', 'base', 'novel') -> videos.
        train: What is trained on, None where the checkpoint is tested as it is.
        seed: Of the draw and, unless another is asked for, of the training.
    """

    name: str
    tests: dict[str, Videos]
    train: Videos | None = None
    seed: int = 0


# Of single-label protocols.
ACCURACY = (dict(type='AccMetric', metric_list=('top_k_accuracy', 'mean_class_accuracy')),)


@dataclass(frozen=True)
class Protocol:
    """A way to measure that has a name.

    Attributes:
        id: Its name.
        meaning: One or two sentences.
        dataset: Folder below the data root, and of the preparation tool.
        leaf: Config of the model, below ``configs/``; another one can be given.
        runs: Splits or seeds.
        statistic: What becomes of the numbers of the runs.
        seeded: Whether the runs differ in nothing but the seed, so that others may be asked for.
        metrics: Keys that are reported.
        evaluator: Configs of the metrics, whatever a leaf config has; a ``per_class_file`` is
            written into the folder of the test.
        views: Clips and crops that the protocol demands; None for those of the leaf config.
        multi_label: Whether videos have any number of labels.
    """

    id: str
    meaning: str
    dataset: str
    leaf: str
    runs: tuple[Run, ...]
    statistic: MeanStd
    seeded: bool = False
    metrics: tuple[str, ...] = ('acc/top1', 'acc/top5', 'acc/mean1')
    evaluator: tuple[dict[str, Any], ...] = ACCURACY
    views: tuple[int, int] | None = None
    multi_label: bool = False

    @property
    def trains(self) -> bool:
        return self.runs[0].train is not None

    @property
    def shots(self) -> int | None:
        train = self.runs[0].train
        return None if train is None else train.shots

    def with_seeds(self, seeds: Sequence[int]) -> 'Protocol':
        """The same with other seeds.

        Raises:
            ValueError: The runs are no seeds, or a seed is there twice.
        """
        if not self.seeded:
            raise ValueError(
                f'{self.id} has fixed runs ({", ".join(run.name for run in self.runs)}): leave '
                '--seeds out (--seed sets the seed of a training).'
            )
        if len(set(seeds)) != len(seeds) or min(seeds) < 0:
            raise ValueError(f'--seeds {list(seeds)} must be different numbers from 0 on.')
        return replace(self, runs=seeded_runs(self.runs[0], seeds))


def seeded_runs(run: Run, seeds: Sequence[int]) -> tuple[Run, ...]:
    """The same run once per seed."""
    return tuple(replace(run, name=f'seed{seed}', seed=seed) for seed in seeds)
