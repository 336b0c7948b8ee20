"""Baseline of figure 3: 3D ResNet-50 (SlowOnly), K videos of each HMDB51 class.

python tools/run_protocol.py few_shot_hmdb51_k4 \
    --config configs/few_shot/slowonly_r50_hmdb51.py --checkpoint SLOWONLY_OF_KINETICS
4 GPUs with 16 videos each, starts from Kinetics-400. Published: values only in the figure
(paper, figure 3). Not measured here.
"""

_base_ = [
    'mmaction::_base_/models/slowonly_r50.py',
    '../_base_/datasets/hmdb51.py',
    '../_base_/schedules/slowonly_few_shot.py',
    '../_base_/default_runtime.py',
]

model = dict(cls_head=dict(num_classes=51))
train_dataloader = dict(drop_last=False)
