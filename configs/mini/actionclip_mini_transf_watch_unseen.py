"""Trains on the seen classes and validates on the unseen ones: zero-shot transfer as it goes.

actionclip prepare mini
python tools/train.py configs/mini/actionclip_mini_transf_watch_unseen.py
Not measured; after training, the same question is answered by actionclip_mini_transf_zero_shot.py.
"""

_base_ = 'actionclip_mini_transf.py'

unseen = 'data/mini/labels_unseen.txt'
val_dataloader = dict(dataset=dict(ann_file='data/mini/unseen.txt'))
val_evaluator = dict(
    metrics=[
        dict(type='AccMetric'),
        dict(type='OrderPairAccuracy', pairs='data/mini/order_pairs_unseen.txt'),
    ]
)
custom_hooks = [dict(type='LabelSwitchHook', val=unseen)]
