"""Kinetics-600, and zero-shot transfer to the classes that Kinetics-400 lacks.

The three zero-shot splits of 160 classes are those of Chen and Huang, "Elaborative Rehearsal for
Zero-shot Action Recognition", ICCV 2021. Test videos are taken from the test part or from the val
part; both are in use.
"""

from .benchmark import AnnotationList, Benchmark, Split


def _part(part: str) -> AnnotationList:
    return AnnotationList(
        f'kinetics600_{part}_list_{{kind}}.txt', folder=f'{{kind}}_{part}', test=part != 'train'
    )


def _zero_shot(
    pool: str, number: int, projects: tuple[str, ...], counts: tuple[int, ...] = ()
) -> AnnotationList:
    return AnnotationList(
        f'kinetics600_zero_shot_split_{number}_{pool}_{{kind}}.txt',
        folder=f'{{kind}}_{pool}',
        labels=f'zero_shot_split_{number}_labels.txt',
        test=True,
        published=tuple(f'kinetics600_zero_shot_{pool}_{number}{whose}' for whose in projects),
        counts=counts,
    )


KINETICS600 = Benchmark(
    name='kinetics600',
    title='Kinetics-600',
    num_classes=600,
    citation='Carreira et al., arXiv 1808.01340',
    layout='kinetics',
    videos='train, val, test -> [<class>/]<youtube_id>_<start>_<end>.mp4 or <youtube_id>.mp4',
    annotations='folder of train.csv, val.csv and test.csv',
    annotation_archive='the annotations of Kinetics-600',
    splits=(Split(_part('train'), _part('val')),),
    others=(_part('test'),),
    zero_shot=dict(
        test=tuple(_zero_shot('test', n, ('_text4vis', '_vifi_clip')) for n in (1, 2, 3)),
        val=(
            # counts: lines of Open-VCLIP's and FROSTER's lists, one of which repeats a video
            _zero_shot('val', 1, ('',), counts=(7276,)),
            _zero_shot('val', 2, ('',), counts=(7226,)),
            _zero_shot('val', 3, ('',)),
        ),
    ),
    parts=('train', 'val', 'test'),
    fixed_sizes=False,
)
