"""Kinetics-600 from video files, as clip_video.py reads them.

data/kinetics600/labels.txt                         600 class names, one per line, in id order
data/kinetics600/kinetics600_train_list_videos.txt  lines of `path label`
data/kinetics600/kinetics600_val_list_videos.txt
data/kinetics600/videos_train, data/kinetics600/videos_val

`actionclip prepare kinetics600` writes these (docs/datasets.md); data/README.md has their format.
"""

_base_ = 'clip_video.py'

data_root = 'data/kinetics600'
labels = f'{data_root}/labels.txt'

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics600_train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_train'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics600_val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
    ),
)
test_dataloader = val_dataloader
