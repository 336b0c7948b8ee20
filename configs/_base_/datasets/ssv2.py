"""Something-Something V2 from video files, as clip_video.py reads them, without flips.

data/ssv2/labels.txt                  174 class names, one per line, in id order
data/ssv2/ssv2_train_list_videos.txt  lines of `path label`
data/ssv2/ssv2_val_list_videos.txt
data/ssv2/videos

Some of its 174 classes differ by left and right only. mmaction2's Flip could swap their labels
(flip_label_map), but the map depends on the order of ids; nothing is flipped here.

`actionclip prepare ssv2` writes these (docs/datasets.md); data/README.md has their format.
"""

_base_ = 'clip_video.py'

data_root = 'data/ssv2'
labels = f'{data_root}/labels.txt'

# a flip would turn "from right to left" into "from left to right"
train_pipeline = [step for step in _base_.train_pipeline if step.type != 'Flip']

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ssv2_train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ssv2_val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    ),
)
test_dataloader = val_dataloader
