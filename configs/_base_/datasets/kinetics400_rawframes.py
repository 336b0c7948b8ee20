"""Kinetics-400 from extracted frames, as clip_rawframes.py reads them.

data/kinetics400/labels.txt                            400 class names, one per line, in id order
data/kinetics400/kinetics400_train_list_rawframes.txt  lines of `folder frames label`
data/kinetics400/kinetics400_val_list_rawframes.txt
data/kinetics400/rawframes_train, data/kinetics400/rawframes_val

actionclip prepare kinetics400 writes them (docs/datasets.md); data/README.md has their rules.
"""

_base_ = 'clip_rawframes.py'

data_root = 'data/kinetics400'
labels = f'{data_root}/labels.txt'

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics400_train_list_rawframes.txt',
        data_prefix=dict(img=f'{data_root}/rawframes_train'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics400_val_list_rawframes.txt',
        data_prefix=dict(img=f'{data_root}/rawframes_val'),
    ),
)
test_dataloader = val_dataloader
