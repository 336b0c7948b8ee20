"""FSDP: each process holds a part of weights, gradients and optimizer state.

Added to the _base_ of any config; run with several processes. See docs/distributed.md.
"""

runner_type = 'FlexibleRunner'
strategy = dict(type='ShardedStrategy')
