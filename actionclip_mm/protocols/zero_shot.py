"""Zero-shot protocols: a model trained elsewhere is tested on classes it was not trained on.

Four variants are in use for UCF101 and HMDB51, whose numbers do not compare: Z3 (test splits), ZF
(all videos), ZF' (another "all" of HMDB51) and ZH (random halves of the classes).
"""

from dataclasses import replace

from .class_choices import RandomHalf
from .data_sets import ALL, NAMES, SPLITS, all_videos, split_test, split_train
from .identity import base_to_novel_classes
from .protocol import Protocol, Run, Videos
from .statistics import MeanStd

# Whose lists of the 3 x 160 classes of Kinetics-600 are known, by pool.
KINETICS600 = dict(test=('_text4vis', '_vifi_clip'), val=('',))


# Text4Vis and BIKE number HMDB51's classes with 'kick ball' before 'kick' and 'sword exercise'
# before 'sword'; its 26 base classes are the last ones. UCF101's order is the official one.
_BASE, _NOVEL = base_to_novel_classes('hmdb51')
PUBLISHED_ORDER = {'hmdb51': _NOVEL + _BASE}


def _protocol(
    dataset: str, variant: str, meaning: str, runs: tuple[Run, ...], over: str = 'runs'
) -> Protocol:
    return Protocol(
        id=f'zero_shot_{dataset}_{variant}',
        meaning=f'Zero-shot on {NAMES[dataset]}{meaning}',
        dataset=dataset,
        leaf=f'zero_shot/actionclip_vit-b-16_transf_{dataset}.py',
        runs=runs,
        statistic=MeanStd(over),
    )


def _z3(dataset: str) -> Protocol:
    meaning = (
        ', Z3: the official test videos of splits 1, 2 and 3, all classes; mean and standard '
        'deviation over the splits.'
    )
    runs = tuple(Run(f'split{n}', {'test': split_test(dataset, n)}) for n in (1, 2, 3))
    return _protocol(dataset, 'z3', meaning, runs, '3 splits')


def _zf(dataset: str) -> Protocol:
    meaning = f', ZF: all {ALL[dataset]:,} videos, all classes.'
    return _protocol(dataset, 'zf', meaning, (Run('all', {'test': all_videos(dataset)}),))


def _zf_prime_hmdb51() -> Protocol:
    meaning = (
        ", ZF': the 5,100 videos that split 1 marks as training or test, all classes. Open-VCLIP "
        f'and FROSTER call it full; the data set has {ALL["hmdb51"]:,}.'
    )
    lists = split_train('hmdb51', 1).lists + split_test('hmdb51', 1).lists
    run = Run('split1', {'test': Videos(lists, published=('hmdb51_split_1_both',))})
    return _protocol('hmdb51', 'zf_prime', meaning, (run,))


def _zf_prime_ucf101() -> Protocol:
    meaning = f", ZF': the same {ALL['ucf101']:,} videos as ZF; the two differ on HMDB51."
    return _protocol('ucf101', 'zf_prime', meaning, (Run('all', {'test': all_videos('ucf101')}),))


def _zh(dataset: str) -> Protocol:
    meaning = (
        ', ZH: ten random halves of the classes (np.random.seed(s), permutation(C)[:C//2], '
        's = 0..9), all videos of a half, and the classifier knows that half only; mean and '
        'standard deviation over the ten.'
    )
    runs = tuple(
        Run(
            f'half{seed}',
            {
                'test': replace(
                    all_videos(dataset),
                    classes=RandomHalf(seed, PUBLISHED_ORDER.get(dataset, ())),
                    published=(f'{dataset}_half_{seed}',),
                )
            },
        )
        for seed in range(10)
    )
    return _protocol(dataset, 'zh', meaning, runs, '10 halves')


def _kinetics600(pool: str) -> Protocol:
    users = dict(test='Text4Vis, BIKE, ViFi-CLIP, MAXI, OST, TC-CLIP', val='Open-VCLIP and FROSTER')
    meaning = (
        f": 3 splits of 160 classes that Kinetics-400 lacks, videos of Kinetics-600's {pool} set "
        f'({users[pool]}); the classifier knows the 160 classes only; mean and standard deviation '
        'over the splits.'
    )
    runs = tuple(
        Run(
            f'split{number}',
            {
                'test': Videos(
                    (f'kinetics600_zero_shot_split_{number}_{pool}_videos.txt',),
                    folder=f'videos_{pool}',
                    labels=f'zero_shot_split_{number}_labels.txt',
                    published=tuple(
                        f'kinetics600_zero_shot_{pool}_{number}{whose}'
                        for whose in KINETICS600[pool]
                    ),
                )
            },
        )
        for number in (1, 2, 3)
    )
    return _protocol('kinetics600', pool, meaning, runs, '3 splits of 160 classes')


PROTOCOLS = (
    *(build(dataset) for dataset in SPLITS for build in (_z3, _zf, _zh)),
    _zf_prime_ucf101(),
    _zf_prime_hmdb51(),
    *(_kinetics600(pool) for pool in KINETICS600),
)
