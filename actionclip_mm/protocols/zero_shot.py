"""Zero-shot protocols: a model trained elsewhere is tested on classes it was not trained on.

Four variants are in use for UCF101 and HMDB51, whose numbers do not compare: Z3 (test splits), ZF
(all videos), ZF' (another "all" of HMDB51) and ZH (random halves of the classes).
"""

from .class_choices import RandomHalf
from .protocol import Protocol, Run, Videos
from .statistics import MeanStd, SingleRun

NAMES = dict(ucf101='UCF101', hmdb51='HMDB51')

# Published sizes of the test splits 1 to 3, and of all videos.
SPLITS = dict(ucf101=(3783, 3734, 3696), hmdb51=(1530, 1530, 1530))
ALL = dict(ucf101=13320, hmdb51=6766)

# Of the 3 x 160 classes of Kinetics-600, by pool: Text4Vis and BIKE (test), Open-VCLIP (val).
KINETICS600 = dict(test=(14119, 14067, 14161), val=(7276, 7226, 7261))


def _leaf(dataset: str) -> str:
    return f'zero_shot/actionclip_vit-b-16_transf_{dataset}.py'


def _all_videos(dataset: str) -> tuple[str, ...]:
    return (f'{dataset}_all_videos.txt',)


def _z3(dataset: str) -> Protocol:
    runs = tuple(
        Run(
            f'split{number}',
            {'test': Videos((f'{dataset}_val_split_{number}_videos.txt',), published_size=size)},
        )
        for number, size in enumerate(SPLITS[dataset], start=1)
    )
    return Protocol(
        id=f'zero_shot_{dataset}_z3',
        meaning=f'Zero-shot on {NAMES[dataset]}, Z3: the official test videos of splits 1, 2 and '
        '3, all classes; mean and standard deviation over the splits.',
        dataset=dataset,
        leaf=_leaf(dataset),
        runs=runs,
        statistic=MeanStd('3 splits'),
    )


def _zf(dataset: str) -> Protocol:
    videos = Videos(_all_videos(dataset), published_size=ALL[dataset])
    return Protocol(
        id=f'zero_shot_{dataset}_zf',
        meaning=f'Zero-shot on {NAMES[dataset]}, ZF: all {ALL[dataset]:,} videos, all classes.',
        dataset=dataset,
        leaf=_leaf(dataset),
        runs=(Run('all', {'test': videos}),),
        statistic=SingleRun(),
    )


def _zf_prime_hmdb51() -> Protocol:
    lists = ('hmdb51_train_split_1_videos.txt', 'hmdb51_val_split_1_videos.txt')
    return Protocol(
        id='zero_shot_hmdb51_zf_prime',
        meaning="Zero-shot on HMDB51, ZF': the 5,100 videos that split 1 marks as training or "
        'test, all classes. Open-VCLIP and FROSTER call it full; the data set has 6,766.',
        dataset='hmdb51',
        leaf=_leaf('hmdb51'),
        runs=(Run('split1', {'test': Videos(lists, published_size=5100)}),),
        statistic=SingleRun(),
    )


def _zf_prime_ucf101() -> Protocol:
    videos = Videos(_all_videos('ucf101'), published_size=ALL['ucf101'])
    return Protocol(
        id='zero_shot_ucf101_zf_prime',
        meaning="Zero-shot on UCF101, ZF': the same 13,320 videos as ZF; the two differ on HMDB51.",
        dataset='ucf101',
        leaf=_leaf('ucf101'),
        runs=(Run('all', {'test': videos}),),
        statistic=SingleRun(),
    )


def _zh(dataset: str) -> Protocol:
    runs = tuple(
        Run(f'half{seed}', {'test': Videos(_all_videos(dataset), classes=RandomHalf(seed))})
        for seed in range(10)
    )
    return Protocol(
        id=f'zero_shot_{dataset}_zh',
        meaning=f'Zero-shot on {NAMES[dataset]}, ZH: ten random halves of the classes '
        '(np.random.seed(s), permutation(C)[:C//2], s = 0..9), all videos of a half, and the '
        'classifier knows that half only; mean and standard deviation over the ten.',
        dataset=dataset,
        leaf=_leaf(dataset),
        runs=runs,
        statistic=MeanStd('10 halves'),
    )


def _kinetics600(pool: str) -> Protocol:
    runs = tuple(
        Run(
            f'split{number}',
            {
                'test': Videos(
                    (f'kinetics600_zero_shot_split_{number}_{pool}_videos.txt',),
                    folder=f'videos_{pool}',
                    labels=f'zero_shot_split_{number}_labels.txt',
                    published_size=size,
                )
            },
        )
        for number, size in enumerate(KINETICS600[pool], start=1)
    )
    users = dict(test='Text4Vis, BIKE, ViFi-CLIP, MAXI, OST, TC-CLIP', val='Open-VCLIP and FROSTER')
    return Protocol(
        id=f'zero_shot_kinetics600_{pool}',
        meaning='Zero-shot on Kinetics-600: 3 splits of 160 classes that Kinetics-400 lacks, '
        f"videos of Kinetics-600's {pool} set ({users[pool]}); the classifier knows the 160 "
        'classes only; mean and standard deviation over the splits.',
        dataset='kinetics600',
        leaf=_leaf('kinetics600'),
        runs=runs,
        statistic=MeanStd('3 splits of 160 classes'),
    )


PROTOCOLS = (
    *(build(dataset) for dataset in NAMES for build in (_z3, _zf, _zh)),
    _zf_prime_ucf101(),
    _zf_prime_hmdb51(),
    *(_kinetics600(pool) for pool in KINETICS600),
)
