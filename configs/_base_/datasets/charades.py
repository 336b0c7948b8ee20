"""Charades, whole videos with all their labels, as clip_video.py reads them, 32 frames.

data/charades/labels.txt                      157 class names, one per line, in id order
data/charades/charades_train_list_videos.txt  lines of `path label label …`; 174 have no label
data/charades/charades_test_list_videos.txt   1,863 lines; 49 have no label
data/charades/videos

actionclip prepare charades writes them; docs/charades.md says what is measured and how.
"""

_base_ = 'clip_video.py'

data_root = 'data/charades'
labels = f'{data_root}/labels.txt'
num_frames = 32

train_pipeline = _base_.train_pipeline
test_pipeline = _base_.test_pipeline
multi_view_pipeline = _base_.multi_view_pipeline
train_pipeline[1].clip_len = num_frames
test_pipeline[1].clip_len = num_frames
multi_view_pipeline[1].clip_len = num_frames

sets = dict(multi_class=True, num_classes=157, data_prefix=dict(video=f'{data_root}/videos'))
train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/charades_train_list_videos.txt', pipeline=train_pipeline, **sets
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/charades_test_list_videos.txt', pipeline=test_pipeline, **sets
    ),
)
test_dataloader = val_dataloader

# the benchmark's number first, for it chooses the best checkpoint; MAXI's list has 1,814 videos
val_evaluator = dict(
    metrics=[dict(type='CharadesMAP'), dict(type='CharadesMAP', definition='maxi')]
)
test_evaluator = val_evaluator
