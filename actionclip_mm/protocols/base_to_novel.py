"""Base-to-novel generalisation (ViFi-CLIP): train on half the classes, test on both halves.

Half the classes are base. Which ones is published by name, so names decide; on other data sets
those with most training videos are base, ties to the larger class id.
"""

from dataclasses import replace

from .class_choices import BaseClasses, NovelClasses
from .few_shot import SETS
from .identity import base_to_novel_classes, known
from .protocol import Protocol, Run, Videos, seeded_runs
from .statistics import HarmonicMean

SHOTS = 16
SEEDS = (1, 2, 3)
DATASETS = ('kinetics400', 'ucf101', 'hmdb51', 'ssv2')


def base_to_novel_run(train: Videos, test: Videos, shots: int, dataset: str | None = None) -> Run:
    """Trained on K videos of each base class, tested on both halves, each with its own classes.

    Args:
        train: All training videos.
        test: All test videos.
        shots: K.
        dataset: Whose published classes and lists are meant; None for those of the rule.
    """
    base, novel = (
        known(f'{dataset}_{part}', f'{dataset}_{part}_froster') for part in ('base', 'novel')
    )
    drawn = known(
        *(
            f'{dataset}_base_{shots}_shots_{seed}{whose}'
            for whose in ('', '_froster')
            for seed in SEEDS
        )
    )
    return Run(
        'draw',
        {
            'base': replace(test, classes=BaseClasses(dataset), published=base),
            'novel': replace(test, classes=NovelClasses(dataset), published=novel),
        },
        train=replace(train, shots=shots, classes=BaseClasses(dataset), published=drawn),
    )


def _base_to_novel(dataset: str) -> Protocol:
    about = SETS[dataset]
    base, novel = base_to_novel_classes(dataset)
    return Protocol(
        id=f'base_to_novel_{dataset}',
        meaning=f'Base-to-novel on {about.name}: trained on 16 videos of each of the '
        f'{len(base)} published base classes, tested on base videos among base classes and on '
        f'novel videos among the {len(novel)} novel classes; seeds 1, 2, 3, harmonic mean of the '
        'averages.',
        dataset=dataset,
        leaf=f'base_to_novel/actionclip_vit-b-16_transf_{dataset}.py',
        runs=seeded_runs(base_to_novel_run(about.train, about.test, SHOTS, dataset), SEEDS),
        statistic=HarmonicMean('seeds'),
        seeded=True,
    )


PROTOCOLS = tuple(_base_to_novel(dataset) for dataset in DATASETS)
