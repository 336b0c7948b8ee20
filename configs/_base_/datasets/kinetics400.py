"""Kinetics-400 from video files, as clip_video.py reads them.

data/kinetics400/labels.txt                         400 class names, one per line, in id order
data/kinetics400/kinetics400_train_list_videos.txt  lines of `path label`
data/kinetics400/kinetics400_val_list_videos.txt
data/kinetics400/videos_train, data/kinetics400/videos_val

`actionclip prepare kinetics400` writes these (docs/datasets.md); data/README.md has their format.
"""

_base_ = 'clip_video.py'

data_root = 'data/kinetics400'
labels = f'{data_root}/labels.txt'

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics400_train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_train'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics400_val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
    ),
)
test_dataloader = val_dataloader
