"""Minutes on two CPU cores: AdamW, one epoch of warm-up, then cosine; what is new learns faster."""

epochs = 8
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='CLIPOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=4e-4, betas=(0.9, 0.98), weight_decay=0.05),
    # the text tower learns faster than the image tower: words of motion are new to it
    paramwise_cfg=dict(custom_keys={'neck': dict(lr_mult=5.0), 'backbone': dict(lr_mult=0.5)}),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, end=epochs, eta_min=1e-6, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=32)
randomness = dict(seed=0)
