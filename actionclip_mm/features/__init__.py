"""Features of videos on disk: written once, in resumable shards, read by name and searched."""

from typing import TYPE_CHECKING, Any

from .store import PRECISIONS, FeatureStore, FeatureWriter, sample_name

if TYPE_CHECKING:
    from .search import FeatureIndex, Hit

__all__ = ['PRECISIONS', 'FeatureIndex', 'FeatureStore', 'FeatureWriter', 'Hit', 'sample_name']


def __getattr__(name: str) -> Any:
    """Import the search when it is needed: models, which it needs, import the store."""
    if name not in ('FeatureIndex', 'Hit'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from . import search

    return getattr(search, name)
