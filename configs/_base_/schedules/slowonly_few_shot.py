"""A 3D ResNet on few videos: SGD, 50 epochs of batch 64, cosine to zero, validated at the end.

The paper does not give the recipe of its baselines; this one is mmaction2's rate for SlowOnly on
small data sets, with the epochs of few_shot.py.
"""

max_epochs = 50

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=40),
)
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=max_epochs, eta_min=0.0, convert_to_iter_based=True)
]
auto_scale_lr = dict(enable=False, base_batch_size=64)
