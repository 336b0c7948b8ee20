"""Files of the same content, by size and SHA-256."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from ..utils.hashing import sha256_of_files


def find_duplicates(root: Path, paths: Iterable[str]) -> list[list[str]]:
    """Groups of two or more files with equal content, in the given order.

    Only files of equal size are read. Empty and missing files are left to the check of the videos.

    Args:
        root: Folder of the paths.
        paths: Files relative to it.
    """
    sizes: dict[int, list[str]] = defaultdict(list)
    for path in paths:
        if (root / path).is_file() and (size := (root / path).stat().st_size):
            sizes[size].append(path)
    found: dict[bytes, list[str]] = defaultdict(list)
    for same_size in sizes.values():
        if len(same_size) > 1:
            for path in same_size:
                found[sha256_of_files(root / path)].append(path)
    return [group for group in found.values() if len(group) > 1]
