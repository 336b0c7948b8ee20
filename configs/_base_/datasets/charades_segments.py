"""Charades, trained on trimmed segments of one label each, tested on whole videos.

data/charades/charades_train_segments.txt  lines of `path label start end`, in seconds

The rest is as in charades.py.
"""

_base_ = 'charades.py'

train_pipeline = [_base_.train_pipeline[0], dict(type='SegmentFrames'), *_base_.train_pipeline[1:]]
train_dataloader = dict(
    dataset=dict(
        type='VideoSegmentDataset',
        ann_file='data/charades/charades_train_segments.txt',
        pipeline=train_pipeline,
    ),
)
