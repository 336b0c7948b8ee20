"""Charades, whole videos with all their labels, as clip_video.py reads them, 32 frames.

data/charades/labels.txt                      157 class names, one per line, in id order
data/charades/charades_train_list_videos.txt  lines of `path label label …`; 174 have no label
data/charades/charades_test_list_videos.txt   1,863 lines; 49 have no label
data/charades/videos

`actionclip prepare charades` writes these; docs/charades.md explains the metrics.
"""

_base_ = 'clip_video.py'

from actionclip_mm.utils.data_configs import set_num_frames

set_num_frames(_base_, 32)

data_root = 'data/charades'
labels = f'{data_root}/labels.txt'

sets = dict(multi_class=True, num_classes=157, data_prefix=dict(video=f'{data_root}/videos'))
train_dataloader = dict(
    dataset=dict(ann_file=f'{data_root}/charades_train_list_videos.txt', **sets),
)
val_dataloader = dict(
    dataset=dict(ann_file=f'{data_root}/charades_test_list_videos.txt', **sets),
)
test_dataloader = val_dataloader

# the benchmark's metric first: it selects the best checkpoint; MAXI's list has 1,814 videos
val_evaluator = dict(
    metrics=[dict(type='CharadesMAP'), dict(type='CharadesMAP', definition='maxi')]
)
test_evaluator = val_evaluator
