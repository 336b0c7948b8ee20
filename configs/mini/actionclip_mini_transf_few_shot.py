"""K videos of each class of the mini benchmark, Transf from the mini CLIP: 16 epochs of batch 16.

python tools/run_protocol.py mini_few_shot_k4 \
    --config configs/mini/actionclip_mini_transf_few_shot.py

Minutes on 2 cores. The tool draws the K videos; the last epoch counts. Measured, K = 4, seed 1:
top-1 87.2 % of 60 classes; docs/few_shot_mini.md has more.
"""

_base_ = ['actionclip_mini_transf.py']

epochs = 16
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
# with few videos no batch may be dropped
train_dataloader = dict(batch_size=16, drop_last=False)
param_scheduler = _base_.param_scheduler
param_scheduler[0].end = param_scheduler[1].begin = 2
param_scheduler[1].end = epochs
default_hooks = dict(checkpoint=dict(interval=5))
auto_scale_lr = dict(base_batch_size=16)
