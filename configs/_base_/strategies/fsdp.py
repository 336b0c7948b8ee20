"""FSDP: each process holds a part of weights, gradients and optimizer state. See docs/distributed.md.

Added to the _base_ of any config; run with several processes.
"""

runner_type = 'FlexibleRunner'
strategy = dict(type='ShardedStrategy')
