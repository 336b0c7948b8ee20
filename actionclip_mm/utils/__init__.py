"""What several parts of the package share, and none of them owns."""

from .errors import first_line
from .foreign_text import in_docstring, literal, on_page, printable
from .json_files import read_json_object
from .names import list_names
from .seeding import seed_all
from .weight_values import check_scores, check_weight_values
from .whole_files import (
    check_writable,
    name_errors,
    to_json,
    write_bytes,
    write_figure,
    write_json,
    write_text,
)
from .work_dir_lock import WorkDirLock
from .wrapped_datasets import innermost_config, innermost_datasets

__all__ = [
    'WorkDirLock',
    'check_scores',
    'check_weight_values',
    'check_writable',
    'first_line',
    'in_docstring',
    'innermost_config',
    'innermost_datasets',
    'list_names',
    'literal',
    'name_errors',
    'on_page',
    'printable',
    'read_json_object',
    'seed_all',
    'to_json',
    'write_bytes',
    'write_figure',
    'write_json',
    'write_text',
]
