"""Write lists, label files and links; replace other content only if asked to."""

import os
from pathlib import Path

from ..utils import name_errors, write_text


def check_text(text: str, path: Path, overwrite: bool) -> None:
    """Raise FileExistsError if a file with other content must stay."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise FileExistsError(f"'{path}' is not a regular file: move it away.")
    if overwrite or not path.exists():
        return
    if path.read_bytes() != text.encode():
        raise FileExistsError(
            f"'{path}' exists and differs from the new content: move it away, or add "
            '--overwrite to replace it.'
        )


def write_texts(texts: dict[Path, str], overwrite: bool) -> list[Path]:
    """Write several files, or none if one of them must stay.

    Args:
        texts: Path -> content.
        overwrite: Whether to replace files with other content.

    Returns:
        New and changed files.

    Raises:
        FileExistsError: A file has other content and ``overwrite`` is not set.
    """
    for path, text in texts.items():
        check_text(text, path, overwrite)
    changed = []
    for path, text in texts.items():
        if path.exists() and path.read_bytes() == text.encode():
            continue
        write_text(path, text)
        changed.append(path)
    return changed


def check_link(link: Path, folder: Path, overwrite: bool) -> None:
    """Raise FileExistsError if the link cannot be made."""
    if not link.is_symlink() and not link.exists():
        return
    if link.resolve() == folder.resolve():
        return
    if not link.is_symlink():
        raise FileExistsError(
            f"'{link}' is a folder, but the videos are in '{folder}': give '{link}' itself, or "
            'another --out.'
        )
    if not overwrite:
        raise FileExistsError(
            f"'{link}' leads to '{link.resolve()}' and not to '{folder}': add --overwrite to "
            'make it lead there (only the link changes).'
        )


def make_link(link: Path, folder: Path) -> None:
    """Point ``link`` at the user's folder, unless it is that folder or points there already."""
    if link.exists() and link.resolve() == folder.resolve():
        return
    with name_errors(link):
        link.parent.mkdir(parents=True, exist_ok=True)
        part = link.with_name(f'.{link.name}.{os.getpid()}.part')
        part.symlink_to(folder.resolve(), target_is_directory=True)
        os.replace(part, link)
