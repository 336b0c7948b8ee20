"""Relative paths in configs: of the current folder, of the config's folder, or of the package."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .carried_files import find_file

# Values that name files of a model or of a data set; other strings are left alone.
SUFFIXES = (
    '.txt', '.json', '.csv', '.tsv', '.yaml', '.yml',
    '.pt', '.pth', '.bin', '.safetensors', '.pkl', '.npy',
)  # fmt: skip
FOLDERS = ('data_root', 'video', 'img', 'tokenizer')  # keys whose values are folders
SKIPPED = ('work_dir', 'filename')


def resolve_paths(config: Any) -> list[str]:
    """Make relative paths absolute if they exist only next to the config or in the package.

    A path that exists in the current folder stays as it is, as mmengine reads it; so does one that
    exists nowhere.

    Args:
        config: mmengine ``Config``, changed in place.

    Returns:
        A line for each path that was changed.
    """
    folder = Path(config.filename).resolve().parent if config.filename else None
    changed = []
    for owner, key, value in list(_paths(config._cfg_dict)):  # noqa: SLF001
        found = _elsewhere(value, folder)
        if found is not None:
            owner[key] = found
            changed.append(f'{key}: {value} is {found}')
    return changed


def _elsewhere(value: str, folder: Path | None) -> str | None:
    if not value or Path(value).is_absolute() or Path(value).exists():
        return None
    if folder is not None and (folder / value).exists():
        return str(folder / value)
    found = find_file(value)
    return None if found == value else found


def _paths(value: Any) -> Iterator[tuple[Any, Any, str]]:
    """Owner, key and value of every string that may be a path."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, (dict, list)):
            yield from _paths(item)
        elif isinstance(item, str) and key not in SKIPPED and '://' not in item:
            if item.endswith(SUFFIXES) or key in FOLDERS:
                yield value, key, item
