"""The same protocols on the mini benchmark, minutes on a CPU: for trying and for tests."""

from dataclasses import replace

from .base_to_novel import base_to_novel_run
from .protocol import Protocol, Run, Videos, seeded_runs
from .statistics import HarmonicMean, MeanStd

LEAF = 'mini/actionclip_mini_transf.py'
FEW_SHOT_LEAF = 'mini/actionclip_mini_transf_few_shot.py'
SHOTS = (1, 2, 4, 8)

_TRAIN = Videos(('train.txt',), labels='labels_seen.txt')
_TEST = Videos(('val.txt',), labels='labels_seen.txt')
_UNSEEN = Videos(('unseen.txt',), labels='labels_unseen.txt')


def _few_shot(shots: int) -> Protocol:
    run = Run('draw', {'test': _TEST}, train=replace(_TRAIN, shots=shots))
    return Protocol(
        id=f'mini_few_shot_k{shots}',
        meaning=f'{shots}-shot on the mini benchmark: {shots} of 24 training clips per class, from '
        'the mini CLIP or from a given checkpoint, tested on all test clips of the 60 seen '
        'classes.',
        dataset='mini',
        leaf=FEW_SHOT_LEAF,
        runs=seeded_runs(run, (1,)),
        statistic=MeanStd('draws'),
        seeded=True,
    )


PROTOCOLS = (
    Protocol(
        id='mini_zero_shot',
        meaning='Zero-shot on the mini benchmark: a model trained on the seen classes is tested on '
        'all clips of the 28 unseen class names.',
        dataset='mini',
        leaf=LEAF,
        runs=(Run('unseen', {'test': _UNSEEN}),),
        statistic=MeanStd('runs'),
    ),
    *(_few_shot(shots) for shots in SHOTS),
    Protocol(
        id='mini_base_to_novel',
        meaning='Base-to-novel on the mini benchmark: trained on 8 clips of each of 30 seen '
        'classes, tested on those and on the other 30; seeds 1, 2, 3, harmonic mean of the '
        'averages.',
        dataset='mini',
        leaf=FEW_SHOT_LEAF,
        runs=seeded_runs(base_to_novel_run(_TRAIN, _TEST, 8), (1, 2, 3)),
        statistic=HarmonicMean('seeds'),
        seeded=True,
    ),
    Protocol(
        id='mini_supervised',
        meaning='Fully supervised on the mini benchmark: trained on all clips of the seen classes, '
        'tested on their test clips with a single view.',
        dataset='mini',
        leaf=LEAF,
        runs=seeded_runs(Run('draw', {'test': _TEST}, train=_TRAIN), (0,)),
        statistic=MeanStd('seeds'),
        seeded=True,
    ),
    Protocol(
        id='mini_10x3',
        meaning='Multi-view on the mini benchmark: a trained checkpoint tested on the test clips '
        'of the seen classes with 10 clips x 3 crops.',
        dataset='mini',
        leaf='mini/actionclip_mini_transf_10x3.py',
        runs=(Run('val', {'test': _TEST}),),
        statistic=MeanStd('runs'),
        views=(10, 3),
    ),
)
