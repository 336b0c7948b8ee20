"""HMDB51, split 1 from video files, as clip_video.py reads them, without RandAugment.

data/hmdb51/labels.txt                       51 class names, one per line, in id order
data/hmdb51/hmdb51_train_split_1_videos.txt  lines of `path label`
data/hmdb51/hmdb51_val_split_1_videos.txt
data/hmdb51/videos

`actionclip prepare hmdb51` writes these (docs/datasets.md); data/README.md has their format.
"""

_base_ = 'clip_video.py'

data_root = 'data/hmdb51'
labels = f'{data_root}/labels.txt'

# the released recipe for UCF101 and HMDB51 has no RandAugment
train_pipeline = [step for step in _base_.train_pipeline if step.get('op') != 'RandAugment']

train_dataloader = dict(
    batch_size=16,  # on each of 4 GPUs
    dataset=dict(
        ann_file=f'{data_root}/hmdb51_train_split_1_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/hmdb51_val_split_1_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    ),
)
test_dataloader = val_dataloader
