"""Writes lists, label files and links, and never over something else without being told."""

import os
from pathlib import Path

from ..utils import name_errors, write_text


def check_text(text: str, path: Path, overwrite: bool) -> None:
    """Raise FileExistsError if another text is there and must stay."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise FileExistsError(f"'{path}' is no plain file: move it away.")
    if overwrite or not path.exists():
        return
    if path.read_bytes() != text.encode():
        raise FileExistsError(
            f"'{path}' is there and differs from what would be written: move it away, or add "
            '--overwrite to replace it.'
        )


def write_texts(texts: dict[Path, str], overwrite: bool) -> list[Path]:
    """Writes several files or, if one of them must stay as it is, none.

    Args:
        texts: Path -> content.
        overwrite: Whether a file with another content is replaced.

    Returns:
        The files that are new or changed.

    Raises:
        FileExistsError: A file with another content is there and ``overwrite`` is not set.
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
            f"'{link}' is a folder of its own, and the videos are in '{folder}': give '{link}' "
            'itself, or another --out.'
        )
    if not overwrite:
        raise FileExistsError(
            f"'{link}' leads to '{link.resolve()}' and not to '{folder}': add --overwrite to "
            'make it lead there (only the link changes).'
        )


def make_link(link: Path, folder: Path) -> None:
    """Makes ``link`` lead to the user's folder, unless it is that folder or leads there already."""
    if link.exists() and link.resolve() == folder.resolve():
        return
    with name_errors(link):
        link.parent.mkdir(parents=True, exist_ok=True)
        part = link.with_name(f'.{link.name}.{os.getpid()}.part')
        part.symlink_to(folder.resolve(), target_is_directory=True)
        os.replace(part, link)
