"""What every run shares: hooks, processes, logging. Importing the plugin registers its parts."""

custom_imports = dict(
    imports=['actionclip_mm', 'actionclip_mm.compat.at_run'], allow_failed_imports=False
)
default_scope = 'mmaction'

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # the newest checkpoints for --resume, and the best one by the first metric of the evaluator
    checkpoint=dict(type='SafeCheckpointHook', interval=1, save_best='auto', max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'),
    # idle unless tools/test.py gets --show or --show-dir
    visualization=dict(type='VideoVisualizationHook'),
    # a checkpoint of another model stops a run before it has begun
    check_weights=dict(type='CheckWeightsHook'),
    # a NaN or infinite loss stops the run before the weights change
    finite_loss=dict(type='FiniteLossHook'),
    # a run that was interrupted and resumed ends like one that was not
    exact_resume=dict(type='ExactResumeHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),  # gloo takes its place on a machine without a GPU
)

log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True)
visualizer = dict(type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
# what a run would find out after hours is asked before it starts (docs/reliability.md); False, or
# dict(skip=['disk_space']), to go without
preflight = True
# on a GPU: bfloat16, pinned memory and a fused optimizer where the config leaves them open
# (docs/performance.md); False, or dict(skip=['bf16']), to go without
gpu_defaults = True
load_from = None
resume = False
