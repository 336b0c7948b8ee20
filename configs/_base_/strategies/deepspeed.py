"""DeepSpeed ZeRO-2: each process holds a part of gradients and optimizer state.

Added to the _base_ of any config, with optim_wrapper = dict(type='DeepSpeedOptimWrapper') there.
Needs `pip install deepspeed` and several processes; see docs/distributed.md. Not run here.
"""

runner_type = 'FlexibleRunner'
strategy = dict(
    type='DeepSpeedStrategy',
    # of optim_wrapper.clip_grad, which DeepSpeed's wrapper does not take: gradient_clipping=…
    zero_optimization=dict(
        stage=2,
        allgather_partitions=True,
        reduce_scatter=True,
        overlap_comm=True,
        contiguous_gradients=True,
    ),
)
