"""Manifest of a generated data set: its lists and clips must belong together."""

import hashlib
import json
from pathlib import Path
from typing import Any

from .hashing import sha256_of_files

NAME = 'manifest.json'
KIND = 'generated set of actionclip_mm'
AGAIN = 'generate the set again (`actionclip prepare mini`)'


def being_replaced() -> dict[str, Any]:
    """Manifest while the files of an older set are replaced."""
    return dict(kind=KIND, complete=False)


def describe(root: Path, made: dict[str, Any]) -> dict[str, Any]:
    """Build the manifest of a set.

    Args:
        root: Its folder: text files, and clips in ``videos/SPLIT``.
        made: Seed and sizes it was generated with.
    """
    splits = sorted(folder.name for folder in (root / 'videos').iterdir())
    texts = sorted(path for path in root.iterdir() if path.suffix == '.txt')
    return dict(
        kind=KIND,
        complete=True,
        made=made,
        lists={path.name: sha256_of_files(path).hex() for path in texts},
        clips={split: _hash_files(root / 'videos' / split) for split in splits},
    )


def check_generated_set(annotations: str | Path) -> None:
    """Refuse a list of a generated set if the list or its clips differ from the manifest.

    Lists without a manifest next to them are not checked. Reads every clip of the split once, 0.3 s
    for 1440 clips.

    Args:
        annotations: A list of the set, such as ``data/mini/train.txt``.

    Raises:
        ValueError: Generation was interrupted, or files changed since.
    """
    path = Path(annotations)
    try:
        manifest = json.loads((path.parent / NAME).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return
    if not isinstance(manifest, dict) or manifest.get('kind') != KIND:
        return
    if not manifest.get('complete'):
        raise ValueError(
            f"'{path.parent}' was being replaced when its generation stopped, so lists and clips "
            f'do not belong together: {AGAIN}.'
        )
    wanted = manifest['lists'].get(path.name)
    if wanted is None or not path.is_file():
        return
    if sha256_of_files(path).hex() != wanted:
        raise ValueError(f"'{path}' was changed since it was generated: rename it, or {AGAIN}.")
    split = path.stem.split('_')[0]
    if split in manifest['clips']:
        folder = path.parent / 'videos' / split
        if not folder.is_dir() or _hash_files(folder) != manifest['clips'][split]:
            raise ValueError(
                f"The clips in '{folder}' are not those that '{path.name}' was generated with: "
                f'{AGAIN}.'
            )


def _hash_files(folder: Path) -> str:
    """SHA-256 of the names and contents of the files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode(errors='surrogateescape') + b'\0')
        digest.update(sha256_of_files(path))
    return digest.hexdigest()
