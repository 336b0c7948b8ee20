"""Kinetics-400: clips of YouTube, so every copy lacks others."""

from .benchmark import AnnotationList, Benchmark, Split

KINETICS400 = Benchmark(
    name='kinetics400',
    title='Kinetics-400',
    num_classes=400,
    citation='Kay et al., arXiv 1705.06950',
    layout='kinetics',
    videos='train, val -> [<class>/]<youtube_id>_<start>_<end>.mp4 or <youtube_id>.mp4',
    annotations='folder of train.csv and val.csv',
    annotation_archive='the annotations of Kinetics-400',
    # counts: rows of the official CSV files
    splits=(
        Split(
            AnnotationList(
                'kinetics400_train_list_{kind}.txt', folder='{kind}_train', counts=(246534,)
            ),
            AnnotationList(
                'kinetics400_val_list_{kind}.txt',
                folder='{kind}_val',
                test=True,
                published=(
                    'kinetics400_val_actionclip',
                    'kinetics400_val_text4vis',
                    'kinetics400_val_vifi_clip',
                ),
                counts=(19906,),
            ),
        ),
    ),
    parts=('train', 'val'),
    fixed_sizes=False,
)
