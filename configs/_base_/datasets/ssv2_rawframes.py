"""Something-Something V2 from extracted frames, as clip_rawframes.py reads them, without flips.

data/ssv2/labels.txt                     174 class names, one per line, in id order
data/ssv2/ssv2_train_list_rawframes.txt  lines of `folder frames label`
data/ssv2/ssv2_val_list_rawframes.txt
data/ssv2/rawframes

Some of its 174 classes are told apart by left and right. mmaction2's Flip could exchange their
labels (flip_label_map), with a map that holds for one order of the ids; nothing is flipped here.

actionclip prepare ssv2 writes them (docs/datasets.md); data/README.md has their rules.
"""

_base_ = 'clip_rawframes.py'

data_root = 'data/ssv2'
labels = f'{data_root}/labels.txt'

# a flip would make "from left to right" of "from right to left"
train_pipeline = [step for step in _base_.train_pipeline if step.type != 'Flip']

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ssv2_train_list_rawframes.txt',
        data_prefix=dict(img=f'{data_root}/rawframes'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ssv2_val_list_rawframes.txt',
        data_prefix=dict(img=f'{data_root}/rawframes'),
    ),
)
test_dataloader = val_dataloader
