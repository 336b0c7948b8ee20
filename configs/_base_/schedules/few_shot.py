"""Few videos of each class: 50 epochs of batch 64 at lr 2e-6, validated once, at the end.

ActionCLIP's own few-shot recipe is not published. These values are X-CLIP's and ViFi-CLIP's; decay,
warm-up and the tenfold rate of what is new are those of adamw_50e.py. A test set that chose the
best epoch would be part of the training, so the last epoch counts.
"""

_base_ = 'adamw_50e.py'

train_cfg = dict(val_interval=50)
optim_wrapper = dict(optimizer=dict(lr=2e-6))
auto_scale_lr = dict(base_batch_size=64)
