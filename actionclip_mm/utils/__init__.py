"""What several parts of the package share, and none of them owns."""

from .errors import first_line
from .json_files import read_json_object
from .names import list_names
from .seeding import seed_all
from .wrapped_datasets import innermost_config, innermost_datasets

__all__ = [
    'first_line',
    'innermost_config',
    'innermost_datasets',
    'list_names',
    'read_json_object',
    'seed_all',
]
