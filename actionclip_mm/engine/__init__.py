"""Hooks, optimizers and sharding of mmengine's runner."""

from .hooks import *
from .optimizers import *
from .sharding import ShardedDataParallel, ShardedStrategy, clip_blocks
