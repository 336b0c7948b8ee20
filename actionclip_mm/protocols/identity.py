"""Published lists and classes by name."""

from ..benchmarks import PublishedList, get_benchmark, published_lists
from ..benchmarks.identity import hash_names, hash_videos, video_id

__all__ = [
    'PublishedList',
    'base_to_novel_classes',
    'hash_names',
    'hash_videos',
    'known',
    'published_lists',
    'video_id',
]


def known(*names: str) -> tuple[str, ...]:
    """Those of the names that are published lists."""
    return tuple(name for name in names if name in published_lists())


def base_to_novel_classes(dataset: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Base and novel classes as ViFi-CLIP published them, in its order."""
    benchmark = get_benchmark(dataset)
    return benchmark.base_classes, benchmark.novel_classes
