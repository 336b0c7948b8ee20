"""Fine-tune on a user's own videos: from a folder or a table to a run folder and its result."""

from .collection import Clip, Collection, read_collection
from .splitting import Grouping, source_of, split_clips

__all__ = ['Clip', 'Collection', 'Grouping', 'read_collection', 'source_of', 'split_clips']
