"""HMDB51: 51 actions, three splits of 70 training and 30 test videos per class."""

from .benchmark import AnnotationList, Benchmark, three_splits

HMDB51 = Benchmark(
    name='hmdb51',
    title='HMDB51',
    num_classes=51,
    citation='Kuehne et al., ICCV 2011',
    layout='hmdb51',
    videos='hmdb51_org.rar -> 51 <class>.rar -> hmdb51_org/<class>/*.avi, or all in one folder',
    annotations='folder testTrainMulti_7030_splits',
    annotation_archive='test_train_splits.rar',
    splits=three_splits('hmdb51'),
    all_videos=AnnotationList('hmdb51_all_{kind}.txt', test=True, published=('hmdb51_all',)),
    # Text4Vis and BIKE list 'kick ball' before 'kick' and 'sword exercise' before 'sword'
    novel_first=True,
)
