"""All protocols by name, in their families.

Zero-shot: four variants are in use for UCF101 and HMDB51, whose numbers do not compare: Z3 (test
splits), ZF (all videos), ZF' (another "all" of HMDB51) and ZH (random halves of the classes).
Few-shot: the peers' standard (X-CLIP, ViFi-CLIP) is split 1 of UCF101 and HMDB51, one draw, a
single view. Base-to-novel (ViFi-CLIP): train on half the classes, test on both halves.
"""

import difflib
from dataclasses import replace

from ..benchmarks import Benchmark
from ..benchmarks.charades import CHARADES
from ..benchmarks.hmdb51 import HMDB51
from ..benchmarks.kinetics400 import KINETICS400
from ..benchmarks.kinetics600 import KINETICS600
from ..benchmarks.mini import MINI
from ..benchmarks.ssv2 import SSV2
from ..benchmarks.ucf101 import UCF101
from .classes import BaseClasses, NovelClasses, RandomHalf
from .protocol import HarmonicMean, MeanStd, Protocol, Run, Videos, seeded_runs

# Data sets with official splits; a new one in their layout is added here.
WITH_SPLITS = (UCF101, HMDB51)
TRAINABLE = (*WITH_SPLITS, SSV2, KINETICS400)
# Data sets with leaf configs of their own; others use those of UCF101, with their own videos.
WITH_CONFIGS = (UCF101, HMDB51, SSV2, KINETICS400, KINETICS600)

SEEDS = (1, 2, 3)
BASE_TO_NOVEL_SHOTS = 16
VIEWS = {'1x1': ((1, 1), 'a single view'), '10x3': ((10, 3), '10 clips x 3 crops')}
# Who tests on which part of Kinetics-600.
POOLS = dict(test='Text4Vis, BIKE, ViFi-CLIP, MAXI, OST, TC-CLIP', val='Open-VCLIP and FROSTER')


def _leaf(pattern: str, benchmark: Benchmark) -> str:
    return pattern.format(benchmark.name if benchmark in WITH_CONFIGS else UCF101.name)


def _zero_shot(
    benchmark: Benchmark, variant: str, meaning: str, runs: tuple[Run, ...], over: str = 'runs'
) -> Protocol:
    return Protocol(
        id=f'zero_shot_{benchmark.name}_{variant}',
        meaning=f'Zero-shot on {benchmark.title}{meaning}',
        benchmark=benchmark,
        leaf=_leaf('zero_shot/actionclip_vit-b-16_transf_{}.py', benchmark),
        runs=runs,
        statistic=MeanStd(over),
        unseen_classes=True,
    )


def _z3(benchmark: Benchmark) -> Protocol:
    meaning = (
        ', Z3: the official test videos of splits 1, 2 and 3, all classes; mean and standard '
        'deviation over the splits.'
    )
    runs = tuple(
        Run(f'split{number}', {'test': Videos.of(split.test)})
        for number, split in enumerate(benchmark.splits, start=1)
    )
    return _zero_shot(benchmark, 'z3', meaning, runs, '3 splits')


def _zf(benchmark: Benchmark) -> Protocol:
    videos, number = _all_videos(benchmark)
    meaning = f', ZF: all {number:,} videos, all classes.'
    return _zero_shot(benchmark, 'zf', meaning, (Run('all', {'test': videos}),))


def _zf_prime_ucf101() -> Protocol:
    videos, number = _all_videos(UCF101)
    meaning = f", ZF': the same {number:,} videos as ZF; the two differ on HMDB51."
    return _zero_shot(UCF101, 'zf_prime', meaning, (Run('all', {'test': videos}),))


def _zf_prime_hmdb51() -> Protocol:
    meaning = (
        ", ZF': the 5,100 videos that split 1 marks as training or test, all classes. Open-VCLIP "
        f'and FROSTER call it full; the data set has {_all_videos(HMDB51)[1]:,}.'
    )
    run = Run('split1', {'test': Videos(HMDB51.splits[0], published=('hmdb51_split_1_both',))})
    return _zero_shot(HMDB51, 'zf_prime', meaning, (run,))


def _zh(benchmark: Benchmark) -> Protocol:
    meaning = (
        ', ZH: ten random halves of the classes (np.random.seed(s), permutation(C)[:C//2], '
        's = 0..9), all videos of a half, and the classifier knows that half only; mean and '
        'standard deviation over the ten.'
    )
    videos, _ = _all_videos(benchmark)
    halves = tuple(
        Run(
            f'half{seed}',
            {
                'test': replace(
                    videos,
                    classes=RandomHalf(seed, benchmark.published_order),
                    published=_known(benchmark, f'half_{seed}'),
                )
            },
        )
        for seed in range(10)
    )
    return _zero_shot(benchmark, 'zh', meaning, halves, '10 halves')


def _kinetics600(pool: str) -> Protocol:
    meaning = (
        f": 3 splits of 160 classes that Kinetics-400 lacks, videos of Kinetics-600's {pool} set "
        f'({POOLS[pool]}); the classifier knows the 160 classes only; mean and standard deviation '
        'over the splits.'
    )
    runs = tuple(
        Run(f'split{number}', {'test': Videos.of(listed)})
        for number, listed in enumerate(KINETICS600.zero_shot[pool], start=1)
    )
    return _zero_shot(KINETICS600, pool, meaning, runs, '3 splits of 160 classes')


def _few_shot(benchmark: Benchmark, shots: int) -> Protocol:
    split = benchmark.splits[0]
    train = replace(
        Videos.of(split.train), shots=shots, published=_known(benchmark, f'{shots}_shots')
    )
    # figure 3: CLIP has no weights for Transf
    neck = 'mean_p' if benchmark is KINETICS400 else 'transf'
    return Protocol(
        id=f'few_shot_{benchmark.name}_k{shots}',
        meaning=f'{shots}-shot on {_first_split(benchmark)}: trained on {shots} drawn video'
        f'{"s" * (shots > 1)} per class, from CLIP or from a given checkpoint, and tested on all '
        'test videos. One draw (seed 1) unless --seeds asks for more.',
        benchmark=benchmark,
        leaf=_leaf(f'few_shot/actionclip_vit-b-16_{neck}_{{}}.py', benchmark),
        runs=seeded_runs(Run('draw', {'test': Videos.of(split.test)}, train=train), (1,)),
        statistic=MeanStd('draws'),
        seeded=True,
    )


def _base_to_novel(benchmark: Benchmark) -> Protocol:
    base, novel = benchmark.base_classes, benchmark.novel_classes
    return Protocol(
        id=f'base_to_novel_{benchmark.name}',
        meaning=f'Base-to-novel on {_first_split(benchmark)}: trained on 16 videos of each of the '
        f'{len(base) or "most frequent"} {"published " * bool(base)}base classes, tested on base '
        f'videos among base classes and on novel videos among the {len(novel) or "other"} novel '
        'classes; seeds 1, 2, 3, harmonic mean of the averages.',
        benchmark=benchmark,
        leaf=_leaf('base_to_novel/actionclip_vit-b-16_transf_{}.py', benchmark),
        runs=seeded_runs(_base_to_novel_run(benchmark, BASE_TO_NOVEL_SHOTS), SEEDS),
        statistic=HarmonicMean('seeds'),
        seeded=True,
    )


def _base_to_novel_run(benchmark: Benchmark, shots: int) -> Run:
    """Train on K videos of each base class, test both halves, each with its own classes."""
    train, test = map(Videos.of, benchmark.splits[0])
    names = (benchmark.base_classes, benchmark.novel_classes)
    whose = ('', '_froster')
    drawn = (f'base_{shots}_shots_{seed}{end}' for end in whose for seed in SEEDS)
    base, novel = (_known(benchmark, part, f'{part}_froster') for part in ('base', 'novel'))
    return Run(
        'draw',
        {
            'base': replace(test, classes=BaseClasses(*names), published=base),
            'novel': replace(test, classes=NovelClasses(*names), published=novel),
        },
        train=replace(
            train, shots=shots, classes=BaseClasses(*names), published=_known(benchmark, *drawn)
        ),
    )


def _kinetics400(views: str, leaf: str, frames: int) -> Protocol:
    numbers, words = VIEWS[views]
    val = KINETICS400.splits[0].test
    copies = [KINETICS400.published[name].size for name in val.published]
    return Protocol(
        id=f'k400_{views}',
        meaning='Fully supervised on Kinetics-400: a trained checkpoint tested on the validation '
        f'videos with {words}, {frames} frames each unless the config says otherwise. Copies of '
        f'the data differ ({min(copies):,} to {max(copies):,} videos): quote the number.',
        benchmark=KINETICS400,
        leaf=f'actionclip/actionclip_vit-b-16_transf_k400_{leaf}.py',
        runs=(Run('val', {'test': Videos.of(val)}),),
        statistic=MeanStd('runs'),
        views=numbers,
    )


def _supervised(benchmark: Benchmark, views: str) -> Protocol:
    numbers, words = VIEWS[views]
    runs = tuple(
        Run(f'split{n}', {'test': Videos.of(split.test)}, train=Videos.of(split.train))
        for n, split in enumerate(benchmark.splits, start=1)
    )
    return Protocol(
        id=f'{benchmark.name}_{views}',
        meaning=f'Fully supervised on {benchmark.title}: for each of the three splits trained on '
        f'its training videos, from a given checkpoint or from CLIP, and tested on its test videos '
        f'with {words}; mean and standard deviation over the splits.',
        benchmark=benchmark,
        leaf=_leaf('finetune/actionclip_vit-b-16_transf_{}_32f.py', benchmark),
        runs=runs,
        statistic=MeanStd('3 splits'),
        views=numbers,
    )


def _charades() -> Protocol:
    (size,) = CHARADES.sizes(CHARADES.splits[0].test)
    return Protocol(
        id='charades_10x3',
        meaning=f'Charades, multi-label: a trained checkpoint tested on all {size:,} test videos '
        'with 10 clips x 3 crops, mean average precision over classes (and weighted by their '
        "videos), by the benchmark's definition and by MAXI's (videos without a label left out).",
        benchmark=CHARADES,
        leaf='charades/actionclip_vit-b-16_transf_charades_32f_10x3.py',
        runs=(Run('test', {'test': Videos.of(CHARADES.splits[0].test)}),),
        statistic=MeanStd('runs'),
        metrics=('charades/mAP', 'charades/wAP', 'maxi/mAP'),
        evaluator=(
            dict(type='CharadesMAP', per_class_file='class_ap.csv'),
            dict(type='CharadesMAP', definition='maxi'),
        ),
        views=VIEWS['10x3'][0],
    )


def _mini() -> tuple[Protocol, ...]:
    """The same protocols on the mini benchmark, minutes on a CPU: for trying and for tests."""
    train, test = map(Videos.of, MINI.splits[0])
    unseen = Videos.of(MINI.zero_shot['unseen'][0])
    leaf, few_shot = 'mini/actionclip_mini_transf.py', 'mini/actionclip_mini_transf_few_shot.py'
    return (
        Protocol(
            'mini_zero_shot',
            'Zero-shot on the mini benchmark: a model trained on the seen classes is tested on all '
            'clips of the 28 unseen class names.',
            MINI,
            leaf,
            runs=(Run('unseen', {'test': unseen}),),
            statistic=MeanStd('runs'),
            unseen_classes=True,
        ),
        *(
            Protocol(
                f'mini_few_shot_k{shots}',
                f'{shots}-shot on the mini benchmark: {shots} of 24 training clips per class, from '
                'the mini CLIP or from a given checkpoint, tested on all test clips of the 60 seen '
                'classes.',
                MINI,
                few_shot,
                runs=seeded_runs(Run('draw', {'test': test}, replace(train, shots=shots)), (1,)),
                statistic=MeanStd('draws'),
                seeded=True,
            )
            for shots in (1, 2, 4, 8)
        ),
        Protocol(
            'mini_base_to_novel',
            'Base-to-novel on the mini benchmark: trained on 8 clips of each of 30 seen classes, '
            'tested on those and on the other 30; seeds 1, 2, 3, harmonic mean of the averages.',
            MINI,
            few_shot,
            runs=seeded_runs(_base_to_novel_run(MINI, shots=8), SEEDS),
            statistic=HarmonicMean('seeds'),
            seeded=True,
        ),
        Protocol(
            'mini_supervised',
            'Fully supervised on the mini benchmark: trained on all clips of the seen classes, '
            'tested on their test clips with a single view.',
            MINI,
            leaf,
            runs=seeded_runs(Run('draw', {'test': test}, train), (0,)),
            statistic=MeanStd('seeds'),
            seeded=True,
        ),
        Protocol(
            'mini_10x3',
            'Multi-view on the mini benchmark: a trained checkpoint tested on the test clips of '
            'the seen classes with 10 clips x 3 crops.',
            MINI,
            'mini/actionclip_mini_transf_10x3.py',
            runs=(Run('val', {'test': test}),),
            statistic=MeanStd('runs'),
            views=VIEWS['10x3'][0],
        ),
    )


def _all_videos(benchmark: Benchmark) -> tuple[Videos, int]:
    """All videos of a data set, and their official number."""
    listed = benchmark.all_videos
    assert listed is not None, f'{benchmark.name} has no list of all videos'
    return Videos.of(listed), max(benchmark.sizes(listed), default=0)


def _first_split(benchmark: Benchmark) -> str:
    return benchmark.title + ' (split 1)' * (len(benchmark.splits) > 1)


def _known(benchmark: Benchmark, *names: str) -> tuple[str, ...]:
    """Published lists of a data set among the given ones."""
    names = tuple(f'{benchmark.name}_{name}' for name in names)
    return tuple(name for name in names if name in benchmark.published)


FAMILIES: dict[str, tuple[Protocol, ...]] = {
    'zero-shot': (
        *(build(benchmark) for benchmark in WITH_SPLITS for build in (_z3, _zf, _zh)),
        _zf_prime_ucf101(),
        _zf_prime_hmdb51(),
        *map(_kinetics600, POOLS),
    ),
    'few-shot': tuple(_few_shot(each, shots) for each in TRAINABLE for shots in (1, 2, 4, 8, 16)),
    'base-to-novel': tuple(map(_base_to_novel, (KINETICS400, *WITH_SPLITS, SSV2))),
    'fully supervised': (
        _kinetics400('1x1', '8f', 8),
        _kinetics400('10x3', '32f_10x3', 32),
        *(_supervised(benchmark, views) for benchmark in WITH_SPLITS for views in VIEWS),
        _charades(),
    ),
    'mini': _mini(),
}
PROTOCOLS = {each.id: each for family in FAMILIES.values() for each in family}


def get_protocol(name: str) -> Protocol:
    """Return the protocol of a name.

    Raises:
        ValueError: Unknown name; similar ones are listed.
    """
    if name not in PROTOCOLS:
        near = difflib.get_close_matches(name, PROTOCOLS, n=4, cutoff=0.5)
        raise ValueError(
            f"Unknown protocol '{name}' (similar: {', '.join(near) or 'none'}): choose one of "
            '`actionclip protocol --list`.'
        )
    return PROTOCOLS[name]


def describe_protocols() -> str:
    """All names and what they mean, as text."""
    lines = []
    for family, protocols in FAMILIES.items():
        lines += [f'{family}:', *(f'  {p.id}\n      {p.meaning}' for p in protocols), '']
    return '\n'.join(lines)
