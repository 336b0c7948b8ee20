"""Fully supervised protocols: single view (1 clip x 1 crop) and multi-view (10 clips x 3 crops)."""

from .data_sets import KINETICS400_VAL, NAMES, SPLITS, split_test, split_train
from .protocol import Protocol, Run, Videos
from .statistics import MeanStd

NUMBERS = {'1x1': (1, 1), '10x3': (10, 3)}
VIEWS = {'1x1': 'a single view', '10x3': '10 clips x 3 crops'}

_KINETICS_LEAVES = {
    '1x1': 'actionclip/actionclip_vit-b-16_transf_k400_8f.py',
    '10x3': 'actionclip/actionclip_vit-b-16_transf_k400_32f_10x3.py',
}
_KINETICS_FRAMES = {'1x1': 8, '10x3': 32}


def _kinetics400(views: str) -> Protocol:
    return Protocol(
        id=f'k400_{views}',
        meaning='Fully supervised on Kinetics-400: a trained checkpoint tested on the validation '
        f'videos with {VIEWS[views]}, {_KINETICS_FRAMES[views]} frames each unless the config '
        'says otherwise. Copies of the data differ (19,357 to 19,877 videos): quote the number.',
        dataset='kinetics400',
        leaf=_KINETICS_LEAVES[views],
        runs=(Run('val', {'test': KINETICS400_VAL}),),
        statistic=MeanStd('runs'),
        views=NUMBERS[views],
    )


def _splits(dataset: str, views: str) -> Protocol:
    runs = tuple(
        Run(f'split{n}', {'test': split_test(dataset, n)}, train=split_train(dataset, n))
        for n in (1, 2, 3)
    )
    return Protocol(
        id=f'{dataset}_{views}',
        meaning=f'Fully supervised on {NAMES[dataset]}: for each of the three splits trained on '
        f'its training videos, from a given checkpoint or from CLIP, and tested on its test videos '
        f'with {VIEWS[views]}; mean and standard deviation over the splits.',
        dataset=dataset,
        leaf=f'finetune/actionclip_vit-b-16_transf_{dataset}_32f.py',
        runs=runs,
        statistic=MeanStd('3 splits'),
        views=NUMBERS[views],
    )


def _charades() -> Protocol:
    return Protocol(
        id='charades_10x3',
        meaning='Charades, multi-label: a trained checkpoint tested on all 1,863 test videos with '
        '10 clips x 3 crops, mean average precision over classes (and weighted by their videos), '
        "by the benchmark's definition and by MAXI's (videos without a label left out).",
        dataset='charades',
        leaf='charades/actionclip_vit-b-16_transf_charades_32f_10x3.py',
        runs=(
            Run(
                'test',
                {'test': Videos(('charades_test_list_videos.txt',), published=('charades_test',))},
            ),
        ),
        statistic=MeanStd('runs'),
        metrics=('charades/mAP', 'charades/wAP', 'maxi/mAP'),
        evaluator=(
            dict(type='CharadesMAP', per_class_file='class_ap.csv'),
            dict(type='CharadesMAP', definition='maxi'),
        ),
        views=NUMBERS['10x3'],
        multi_label=True,
    )


PROTOCOLS = (
    *(_kinetics400(views) for views in VIEWS),
    *(_splits(dataset, views) for dataset in SPLITS for views in VIEWS),
    _charades(),
)
