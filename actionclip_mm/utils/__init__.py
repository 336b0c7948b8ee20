"""What data sets and hooks share."""

from .seeding import seed_all
from .wrapped_datasets import innermost_datasets

__all__ = ['innermost_datasets', 'seed_all']
