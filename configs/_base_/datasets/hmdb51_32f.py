"""HMDB51 with 32 frames of each video."""

_base_ = 'hmdb51.py'

num_frames = 32
train_pipeline = _base_.train_pipeline
test_pipeline = _base_.test_pipeline
multi_view_pipeline = _base_.multi_view_pipeline
train_pipeline[1].clip_len = num_frames
test_pipeline[1].clip_len = num_frames
multi_view_pipeline[1].clip_len = num_frames

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
