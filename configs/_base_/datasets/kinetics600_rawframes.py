"""Kinetics-600 from extracted frames, as clip_rawframes.py reads them.

data/kinetics600/labels.txt                            600 class names, one per line, in id order
data/kinetics600/kinetics600_train_list_rawframes.txt  lines of `folder frames label`
data/kinetics600/kinetics600_val_list_rawframes.txt
data/kinetics600/rawframes_train, data/kinetics600/rawframes_val

actionclip prepare kinetics600 writes them (docs/datasets.md); data/README.md has their rules.
"""

_base_ = 'clip_rawframes.py'

data_root = 'data/kinetics600'
labels = f'{data_root}/labels.txt'

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics600_train_list_rawframes.txt',
        data_prefix=dict(img=f'{data_root}/rawframes_train'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics600_val_list_rawframes.txt',
        data_prefix=dict(img=f'{data_root}/rawframes_val'),
    ),
)
test_dataloader = val_dataloader
