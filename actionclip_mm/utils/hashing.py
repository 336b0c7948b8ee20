"""SHA-256 of files."""

import hashlib
from pathlib import Path

CHUNK = 2**20  # bytes read at once


def sha256_of_files(*paths: str | Path) -> bytes:
    """SHA-256 of the contents of files, one after the other, without reading them whole."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, 'rb') as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.digest()
