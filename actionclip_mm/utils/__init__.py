"""Shared helpers. Standard library only: what needs torch or mmengine is imported by module."""

from .checks import (
    EXPORTED_FILES,
    RunRefused,
    UserError,
    check_choice,
    check_file,
    check_frames,
    check_positive,
    check_range,
    check_videos_read,
    check_weights_path,
    refuse_overwriting,
)
from .foreign_text import first_line, in_docstring, list_names, literal, on_page, printable
from .label_names import normalize_name
from .reading import decode_text, explain, read_config, read_json, read_json_object, read_text
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

__all__ = [
    'EXPORTED_FILES',
    'RunRefused',
    'UserError',
    'WorkDirLock',
    'check_choice',
    'check_range',
    'check_frames',
    'check_file',
    'check_positive',
    'check_videos_read',
    'check_weights_path',
    'check_writable',
    'decode_text',
    'explain',
    'first_line',
    'in_docstring',
    'list_names',
    'literal',
    'name_errors',
    'normalize_name',
    'on_page',
    'printable',
    'read_config',
    'read_json',
    'read_json_object',
    'read_text',
    'refuse_overwriting',
    'to_json',
    'write_bytes',
    'write_figure',
    'write_json',
    'write_text',
]
