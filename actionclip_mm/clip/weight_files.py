"""Writing checkpoints, and telling files apart by their SHA-256."""

import io
import json
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from ..utils import check_weights_path, write_bytes
from ..utils.hashing import sha256_of_files
from ..utils.weight_values import check_weight_values
from .state_dict import shards_of


def write_weights(path: str | Path, state: dict[str, Tensor], meta: dict[str, str]) -> None:
    """Writes weights so that ``load_from`` and ``tools/test.py`` can read them.

    Args:
        path: ``.safetensors``, or ``.pth`` with the keys ``meta`` and ``state_dict``.
        state: The weights.
        meta: What is to be known about them; kept in the file.

    Raises:
        ValueError: Another suffix, or weights that nobody can use (NaN, Inf).
        OSError: The file was not written, with the reason.
    """
    check_weights_path(path)
    check_weight_values(state, str(path))
    # own memory each: safetensors refuses views of one storage
    state = {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}
    if Path(path).suffix == '.safetensors':
        write_bytes(path, with_sorted_header(save(state, metadata={'format': 'pt', **meta})))
    else:
        content = io.BytesIO()
        torch.save(dict(meta=meta, state_dict=state), content)
        write_bytes(path, content.getvalue())


def with_sorted_header(content: bytes) -> bytes:
    """A safetensors file whose header has its keys in order: the library mixes those of metadata.

    Equal weights with equal metadata are equal files then, and have one SHA-256.
    """
    end = 8 + int.from_bytes(content[:8], 'little')
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(',', ':')).encode()
    header += b' ' * (-len(header) % 8)  # the format's alignment
    return len(header).to_bytes(8, 'little') + header + content[end:]


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits; of a sharded save that of all its parts."""
    return sha256_of_files(*shards_of(path)).hex()
