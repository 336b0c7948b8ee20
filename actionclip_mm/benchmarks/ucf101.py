"""UCF101: 101 actions, three official splits."""

from .benchmark import AnnotationList, Benchmark, three_splits

UCF101 = Benchmark(
    name='ucf101',
    title='UCF101',
    num_classes=101,
    citation='Soomro, Zamir, Shah, CRCV-TR-12-01, 2012',
    layout='ucf101',
    videos='UCF101.rar -> UCF-101/<Class>/v_*.avi, or all in one folder',
    annotations='folder ucfTrainTestlist',
    annotation_archive='UCF101TrainTestSplits-RecognitionTask.zip',
    splits=three_splits('ucf101'),
    all_videos=AnnotationList('ucf101_all_{kind}.txt', test=True, published=('ucf101_all',)),
)
