"""The folder for files that are computed once and can be deleted at any time."""

import os
from pathlib import Path

CACHE_KEY = 'ACTIONCLIP_CACHE'  # in the environment


def cache_folder(kind: str) -> Path:
    """Folder of one kind of cached files, which may not exist yet.

    Args:
        kind: Name of the subfolder, such as ``'text_banks'``.

    Returns:
        ``$ACTIONCLIP_CACHE/kind``; by default ``$XDG_CACHE_HOME/actionclip_mm/kind``, and without
        that variable ``~/.cache/actionclip_mm/kind``.
    """
    root = os.environ.get(CACHE_KEY)
    if root:
        return Path(root).expanduser() / kind
    home = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    return Path(home).expanduser() / 'actionclip_mm' / kind


def folder_size(folder: Path) -> int:
    """Bytes of the files directly in a folder; 0 if it does not exist."""
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        return 0
