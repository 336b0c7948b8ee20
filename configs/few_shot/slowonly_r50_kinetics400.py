"""Baseline of figure 3: 3D ResNet-50 (SlowOnly), K videos of each Kinetics-400 class.

python tools/run_protocol.py few_shot_kinetics400_k4 \
    --config configs/few_shot/slowonly_r50_kinetics400.py
4 GPUs with 16 videos each, starts from ImageNet. Published: values only in the figure
(paper, figure 3). Not measured here.
"""

_base_ = [
    'mmaction::_base_/models/slowonly_r50.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/slowonly_few_shot.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16, drop_last=False)
