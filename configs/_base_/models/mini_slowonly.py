"""mmaction2's SlowOnly, narrow and at random weights, for the mini benchmark."""

_base_ = 'mmaction::_base_/models/slowonly_r50.py'

model = dict(
    backbone=dict(
        depth=18,
        base_channels=16,  # the last stage has 128
        pretrained=None,
    ),
    cls_head=dict(in_channels=128, num_classes=60),
)
