"""UCF101, split 1 from video files, as clip_video.py reads them, without RandAugment.

data/ucf101/labels.txt                       101 class names, one per line, in id order
data/ucf101/ucf101_train_split_1_videos.txt  lines of `path label`
data/ucf101/ucf101_val_split_1_videos.txt
data/ucf101/videos

`actionclip prepare ucf101` writes these (docs/datasets.md); data/README.md has their format.
"""

_base_ = 'clip_video.py'

data_root = 'data/ucf101'
labels = f'{data_root}/labels.txt'

# the released recipe for UCF101 and HMDB51 has no RandAugment
train_pipeline = [step for step in _base_.train_pipeline if step.get('op') != 'RandAugment']

train_dataloader = dict(
    batch_size=16,  # on each of 4 GPUs
    dataset=dict(
        ann_file=f'{data_root}/ucf101_train_split_1_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ucf101_val_split_1_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    ),
)
test_dataloader = val_dataloader
