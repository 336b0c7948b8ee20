"""How a model is spread over processes, beyond what DDP does."""

from .sharded_data_parallel import ShardedDataParallel, clip_blocks
from .sharded_strategy import ShardedStrategy

__all__ = ['ShardedDataParallel', 'ShardedStrategy', 'clip_blocks']
