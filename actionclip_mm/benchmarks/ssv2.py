"""Something-Something V2; its test list has no labels."""

from .benchmark import AnnotationList, Benchmark, Split

SSV2 = Benchmark(
    name='ssv2',
    title='Something-Something V2',
    num_classes=174,
    citation='Goyal et al., ICCV 2017',
    layout='ssv2',
    videos='20bn-something-something-v2-00, … -> 20bn-something-something-v2/<id>.webm',
    annotations='folder of labels.json, train.json, validation.json, test.json',
    annotation_archive='the label archive of Something-Something V2',
    splits=(
        Split(
            AnnotationList('ssv2_train_list_{kind}.txt', counts=(168913,)),
            AnnotationList('ssv2_val_list_{kind}.txt', test=True, published=('ssv2_val',)),
        ),
    ),
    others=(AnnotationList('ssv2_test_list_{kind}.txt', test=True, counts=(27157,)),),
)
