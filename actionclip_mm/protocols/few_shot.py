"""Few-shot protocols: K training videos per class, tested on the full test set.

The peers' standard (X-CLIP, ViFi-CLIP): split 1 of UCF101 and HMDB51, one draw, a single view.
"""

from dataclasses import dataclass, replace

from .protocol import Protocol, Run, Videos, seeded_runs
from .statistics import MeanStd

SHOTS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class _DataSet:
    name: str
    train: Videos
    test: Videos
    neck: str = 'transf'


SETS = dict(
    ucf101=_DataSet(
        'UCF101 (split 1)',
        Videos(('ucf101_train_split_1_videos.txt',)),
        Videos(('ucf101_val_split_1_videos.txt',), published_size=3783),
    ),
    hmdb51=_DataSet(
        'HMDB51 (split 1)',
        Videos(('hmdb51_train_split_1_videos.txt',)),
        Videos(('hmdb51_val_split_1_videos.txt',), published_size=1530),
    ),
    ssv2=_DataSet(
        'Something-Something V2',
        Videos(('ssv2_train_list_videos.txt',)),
        Videos(('ssv2_val_list_videos.txt',), published_size=24777),
    ),
    kinetics400=_DataSet(
        'Kinetics-400',
        Videos(('kinetics400_train_list_videos.txt',), folder='videos_train'),
        Videos(('kinetics400_val_list_videos.txt',), folder='videos_val'),
        neck='mean_p',  # figure 3: CLIP has no weights for Transf
    ),
)


def with_shots(videos: Videos, shots: int) -> Videos:
    """K videos per class of a training list."""
    return replace(videos, shots=shots)


def _few_shot(dataset: str, shots: int) -> Protocol:
    about = SETS[dataset]
    run = Run('draw', {'test': about.test}, train=with_shots(about.train, shots))
    return Protocol(
        id=f'few_shot_{dataset}_k{shots}',
        meaning=f'{shots}-shot on {about.name}: trained on {shots} drawn video'
        f'{"s" * (shots > 1)} per class, from CLIP or from a given checkpoint, and tested on all '
        'test videos. One draw (seed 1) unless --seeds asks for more.',
        dataset=dataset,
        leaf=f'few_shot/actionclip_vit-b-16_{about.neck}_{dataset}.py',
        runs=seeded_runs(run, (1,)),
        statistic=MeanStd('draws'),
        seeded=True,
    )


PROTOCOLS = tuple(_few_shot(dataset, shots) for dataset in SETS for shots in SHOTS)
