"""Table 1, unimodal: a linear classifier in the place of the texts.

python tools/train.py configs/mini/ablations/table1_unimodal.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(
    cls_head=dict(
        _delete_=True,
        type='TimeSformerHead',
        num_classes=60,
        average_clips='prob',
    )
)
