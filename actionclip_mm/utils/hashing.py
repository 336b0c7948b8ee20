"""SHA-256 of files and tensors."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 2**20  # bytes read at once


def sha256_of_files(*paths: str | Path) -> bytes:
    """SHA-256 of the contents of files, one after the other, without reading them whole."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, 'rb') as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.digest()


def bytes_of(tensor: 'Tensor') -> memoryview:
    """The bytes of a tensor of any type, without a copy on the CPU."""
    import torch

    flat = tensor.detach().cpu().contiguous().flatten()
    return memoryview(flat.view(torch.uint8).numpy())  # type: ignore[arg-type]  # it is one


def sha256_of_tensor(tensor: 'Tensor') -> str:
    """SHA-256 of the bytes of a tensor, in hexadecimal digits."""
    return hashlib.sha256(bytes_of(tensor)).hexdigest()
