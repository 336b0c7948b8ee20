"""Charades: any number of actions per video, each with start and end."""

from .benchmark import AnnotationList, Benchmark, Split

CHARADES = Benchmark(
    name='charades',
    title='Charades',
    num_classes=157,
    citation='Sigurdsson et al., ECCV 2016',
    layout='charades',
    videos='Charades_v1_480.zip (or Charades_v1.zip) -> Charades_v1_480/<ID>.mp4',
    annotations='folder of Charades_v1_train.csv, _test.csv and _classes.txt',
    annotation_archive='Charades.zip',
    splits=(
        Split(
            AnnotationList(
                'charades_train_list_{kind}.txt', counts=(7985,), unlabelled=174, actions=49809
            ),
            AnnotationList(
                'charades_test_list_{kind}.txt',
                test=True,
                published=('charades_test',),
                unlabelled=49,
                actions=16691,
            ),
        ),
    ),
    # one line per action of a training video: `path label start end`, in seconds
    others=(AnnotationList('charades_train_segments.txt'),),
    multi_label=True,
)
