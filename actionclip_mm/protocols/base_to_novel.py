"""Base-to-novel generalisation (ViFi-CLIP): train on half the classes, test on both halves.

Half the classes are base: those with most training videos. The published label files decide where
counts are equal (every class of HMDB51's split 1 has 70 training videos), and can be given.
"""

from dataclasses import dataclass, replace

from .class_choices import BaseClasses, NovelClasses
from .few_shot import SETS
from .protocol import Protocol, Run, Videos, seeded_runs
from .statistics import HarmonicMean

SHOTS = 16
SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class _Sizes:
    """Published numbers of classes and of test videos, base then novel."""

    classes: tuple[int, int]
    test: tuple[int, int]


SIZES = dict(
    kinetics400=_Sizes((200, 200), (9944, 9933)),
    ucf101=_Sizes((51, 50), (2088, 1695)),
    hmdb51=_Sizes((26, 25), (780, 750)),
    ssv2=_Sizes((87, 87), (17562, 7215)),
)


def base_to_novel_run(
    train: Videos, test: Videos, shots: int, sizes: tuple[int | None, int | None] = (None, None)
) -> Run:
    """Trained on K videos of each base class, tested on both halves, each with its own classes."""
    base, novel = sizes
    return Run(
        'draw',
        {
            'base': replace(test, classes=BaseClasses(), published_size=base),
            'novel': replace(test, classes=NovelClasses(), published_size=novel),
        },
        train=replace(train, shots=shots, classes=BaseClasses()),
    )


def _base_to_novel(dataset: str) -> Protocol:
    about, sizes = SETS[dataset], SIZES[dataset]
    run = base_to_novel_run(about.train, about.test, SHOTS, sizes.test)
    return Protocol(
        id=f'base_to_novel_{dataset}',
        meaning=f'Base-to-novel on {about.name}: trained on 16 videos of each of the '
        f'{sizes.classes[0]} base classes, tested on base videos among base classes and on novel '
        f'videos among the {sizes.classes[1]} novel classes; seeds 1, 2, 3, harmonic mean of the '
        'averages.',
        dataset=dataset,
        leaf=f'base_to_novel/actionclip_vit-b-16_transf_{dataset}.py',
        runs=seeded_runs(run, SEEDS),
        statistic=HarmonicMean('seeds'),
        seeded=True,
    )


PROTOCOLS = tuple(_base_to_novel(dataset) for dataset in SIZES)
