"""What a protocol is: videos, classes, runs and a statistic, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..benchmarks import AnnotationList, Benchmark
from .classes import AllClasses, ClassChoice


@dataclass(frozen=True)
class Videos:
    """Videos of a data set and the classes they are labelled with.

    Attributes:
        lists: Annotation lists, read one after the other.
        published: Names of the published lists that these videos may equal; projects differ in
            their copies.
        classes: Classes that count; videos of others are dropped.
        shots: Videos drawn per class, None for all (training only).
    """

    lists: tuple[AnnotationList, ...]
    published: tuple[str, ...]
    classes: ClassChoice = field(default_factory=AllClasses)
    shots: int | None = None

    @classmethod
    def of(cls, listed: AnnotationList) -> 'Videos':
        """All videos of one list."""
        return cls((listed,), listed.published)


@dataclass(frozen=True)
class Run:
    """One split or one seed: trained at most once, tested in one or more parts.

    Attributes:
        name: Unique within the protocol; names its folder.
        tests: Part ('test', 'base', 'novel') -> videos.
        train: Training videos, None where the checkpoint is tested as it is.
        seed: Seed of the draw and, by default, of the training.
    """

    name: str
    tests: dict[str, Videos]
    train: Videos | None = None
    seed: int = 0


def seeded_runs(run: Run, seeds: Sequence[int]) -> tuple[Run, ...]:
    """The same run once per seed."""
    return tuple(replace(run, name=f'seed{seed}', seed=seed) for seed in seeds)


# What one test gave: its run, its part of the protocol, metrics as fractions.
Result = dict[str, Any]


@dataclass(frozen=True)
class MeanStd:
    """Mean and standard deviation of each metric over runs.

    Attributes:
        over: What the runs are: 'splits', 'draws', …
        ddof: 0 is numpy's default and what peers report.
    """

    over: str
    ddof: int = 0

    def rule(self, runs: int) -> str:
        """The statistic in words."""
        return 'one run' if runs == 1 else f'mean ± std (ddof={self.ddof}) over {self.over}'

    def compute(self, results: Sequence[Result]) -> list[dict[str, Any]]:
        """One row per part and metric: ``part, metric, mean, std, ddof, n``."""
        rows = []
        for part in dict.fromkeys(result['part'] for result in results):
            members = [result['metrics'] for result in results if result['part'] == part]
            for metric in members[0]:
                values = np.array([metrics[metric] for metrics in members], dtype=float)
                # None, not 0: one run has no spread
                std = float(values.std(ddof=self.ddof)) if len(values) > max(1, self.ddof) else None
                row = dict(part=part, metric=metric, mean=float(values.mean()), std=std)
                rows.append(row | dict(ddof=self.ddof, n=len(values)))
        return rows


@dataclass(frozen=True)
class HarmonicMean(MeanStd):
    """Base and novel averaged over seeds first, then HM = 2·B·N / (B + N) of the averages."""

    def rule(self, runs: int) -> str:
        return f'{super().rule(runs)}; HM = 2·base·novel/(base+novel) of the two means'

    def compute(self, results: Sequence[Result]) -> list[dict[str, Any]]:
        rows = super().compute(results)
        means = {(row['part'], row['metric']): row['mean'] for row in rows}
        for metric in dict.fromkeys(row['metric'] for row in rows):
            base, novel = means['base', metric], means['novel', metric]
            mean = harmonic_mean(base, novel)
            row = dict(part='harmonic mean', metric=metric, mean=mean, std=None)
            rows.append(row | dict(ddof=self.ddof, n=rows[0]['n']))
        return rows


def harmonic_mean(a: float, b: float) -> float:
    """2ab / (a + b), and 0 where both are 0."""
    return 2 * a * b / (a + b) if a + b else 0.0


# Of single-label protocols.
ACCURACY = (dict(type='AccMetric', metric_list=('top_k_accuracy', 'mean_class_accuracy')),)


@dataclass(frozen=True)
class Protocol:
    """A named way to measure.

    Attributes:
        id: Its name.
        meaning: One or two sentences.
        benchmark: The data set.
        leaf: Config of the model, below ``configs/``; ``--config`` replaces it.
        runs: Splits or seeds.
        statistic: How the numbers of the runs are combined.
        seeded: Whether the runs differ only in the seed, so that other seeds can be requested.
        unseen_classes: Whether it tests classes that the checkpoint was not trained on.
        metrics: Reported metric keys.
        evaluator: Metric configs, which replace those of the leaf config. A ``per_class_file`` is
            written into the folder of the test.
        views: Clips and crops that the protocol demands; None for those of the leaf config.
    """

    id: str
    meaning: str
    benchmark: Benchmark
    leaf: str
    runs: tuple[Run, ...]
    statistic: MeanStd
    seeded: bool = False
    unseen_classes: bool = False
    metrics: tuple[str, ...] = ('acc/top1', 'acc/top5', 'acc/mean1')
    evaluator: tuple[dict[str, Any], ...] = ACCURACY
    views: tuple[int, int] | None = None

    @property
    def trains(self) -> bool:
        return self.runs[0].train is not None

    @property
    def shots(self) -> int | None:
        train = self.runs[0].train
        return None if train is None else train.shots

    def with_seeds(self, seeds: Sequence[int]) -> 'Protocol':
        """The same protocol with other seeds.

        Raises:
            ValueError: The runs are not seeds, or the seeds repeat or are negative.
        """
        if not self.seeded:
            raise ValueError(
                f'{self.id} has fixed runs ({", ".join(run.name for run in self.runs)}): omit '
                '--seeds (--seed sets the seed of a training).'
            )
        if len(set(seeds)) != len(seeds) or min(seeds) < 0:
            raise ValueError(f'--seeds must be different non-negative integers, got {list(seeds)}.')
        return replace(self, runs=seeded_runs(self.runs[0], seeds))
