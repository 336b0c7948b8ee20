"""Few-shot protocols: K training videos per class, tested on the full test set.

The peers' standard (X-CLIP, ViFi-CLIP): split 1 of UCF101 and HMDB51, one draw, a single view.
"""

from dataclasses import dataclass, replace

from .data_sets import (
    KINETICS400_TRAIN,
    KINETICS400_VAL,
    NAMES,
    SSV2_TRAIN,
    SSV2_VAL,
    split_test,
    split_train,
)
from .identity import known
from .protocol import Protocol, Run, Videos, seeded_runs
from .statistics import MeanStd

SHOTS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class _DataSet:
    name: str
    train: Videos
    test: Videos
    neck: str = 'transf'


SETS = {
    **{
        dataset: _DataSet(
            f'{NAMES[dataset]} (split 1)', split_train(dataset, 1), split_test(dataset, 1)
        )
        for dataset in ('ucf101', 'hmdb51')
    },
    'ssv2': _DataSet(NAMES['ssv2'], SSV2_TRAIN, SSV2_VAL),
    # figure 3: CLIP has no weights for Transf
    'kinetics400': _DataSet(
        NAMES['kinetics400'], KINETICS400_TRAIN, KINETICS400_VAL, neck='mean_p'
    ),
}


def _few_shot(dataset: str, shots: int) -> Protocol:
    about = SETS[dataset]
    published = known(f'{dataset}_{shots}_shots')
    train = replace(about.train, shots=shots, published=published)
    run = Run('draw', {'test': about.test}, train=train)
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
