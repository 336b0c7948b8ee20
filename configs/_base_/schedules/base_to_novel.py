"""16 videos of each base class: 11 epochs, 5 of them warm-up, as ViFi-CLIP has them."""

_base_ = 'few_shot.py'

max_epochs = 11
warmup_epochs = 5
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = max_epochs
param_scheduler[1].T_max = max_epochs - warmup_epochs
