"""The generated mini benchmark: minutes on a CPU, for trying and for tests."""

from .benchmark import AnnotationList, Benchmark, Split

MINI = Benchmark(
    name='mini',
    title='mini benchmark',
    num_classes=60,
    splits=(
        Split(
            AnnotationList('train.txt', labels='labels_seen.txt'),
            AnnotationList('val.txt', labels='labels_seen.txt', test=True),
        ),
    ),
    zero_shot=dict(
        unseen=(AnnotationList('unseen.txt', labels='labels_unseen.txt', test=True),),
    ),
)
