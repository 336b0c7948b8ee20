"""The paper's schedule (Sec. 4.1): AdamW, 50 epochs of batch 128, warm-up then cosine to zero."""

max_epochs = 50
warmup_epochs = 5  # 10 %

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=max_epochs, val_begin=1, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    # norms, biases and logit_scale do not decay; paramwise_cfg.decay_all=True is the released way
    constructor='CLIPOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=5e-6, betas=(0.9, 0.98), weight_decay=0.2),
    paramwise_cfg=dict(
        custom_keys={
            # not pre-trained, so they learn ten times faster
            'neck': dict(lr_mult=10.0),
            'visual_prompt': dict(lr_mult=10.0),
            'cls_head.projection': dict(lr_mult=10.0),
            'label_encoder.context': dict(lr_mult=10.0),
        },
    ),
)

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-6,  # the released one begins at 0, which mmengine refuses
        by_epoch=True,
        begin=0,
        end=warmup_epochs,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=0.0,
        by_epoch=True,
        begin=warmup_epochs,
        end=max_epochs,
        T_max=max_epochs - warmup_epochs,
        convert_to_iter_based=True,
    ),
]

auto_scale_lr = dict(enable=False, base_batch_size=128)
