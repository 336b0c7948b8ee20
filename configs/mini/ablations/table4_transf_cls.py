"""Table 4, Transf_cls: a class token reads the frames.

python tools/train.py configs/mini/ablations/table4_transf_cls.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'

model = dict(
    neck=dict(
        _delete_=True,
        type='TransfClsPrompt',
        num_frames=8,
        zero_init=True,
        position_std=1.0,
    )
)
