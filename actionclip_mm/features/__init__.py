"""Features of videos on disk: written once, in resumable shards, and read by name."""

from .store import PRECISIONS, FeatureStore, FeatureWriter, sample_name

__all__ = ['PRECISIONS', 'FeatureStore', 'FeatureWriter', 'sample_name']
