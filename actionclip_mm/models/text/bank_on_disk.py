"""Text features on disk: the second process that needs a bank reads it instead of computing it.

A file is used only if everything its features depend on is equal: weights, structure of the tower,
token ids (that is class names, templates and tokenizer), precision, device and versions. Files are
safetensors, checked by SHA-256 and replaced whole, so processes can share the folder; a damaged one
is computed again. They can be deleted at any time.
"""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import torch
from mmengine.logging import print_log
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ...utils import first_line, write_bytes
from ...utils.cache_folder import cache_folder
from ...utils.hashing import sha256_of_tensor
from ...utils.versions import installed_versions

SWITCH = 'ACTIONCLIP_TEXT_BANKS'  # in the environment; 0 neither reads nor writes
FEWEST = 128  # sentences of the smallest bank worth a file
MOST_BYTES = 2**30  # of all files; the least recently used are deleted
FORMAT = '1'
PACKAGES = ('actionclip_mm', 'open_clip_torch', 'torch', 'transformers')


def is_enabled() -> bool:
    """Whether the environment allows files of text banks."""
    return os.environ.get(SWITCH, '1').lower() not in ('0', 'false', 'off')


def folder() -> Path:
    """Where the files are, see :func:`cache_folder`."""
    return cache_folder('text_banks')


def key_of(weights: str, tokens: Tensor, precision: torch.dtype, device: str) -> dict[str, str]:
    """Everything that text features depend on.

    Args:
        weights: See :func:`digest_of_weights`.
        tokens: Token ids [P, C, L].
        precision: Type of matrix products.
        device: Kind of device, such as ``'cpu'``.
    """
    return dict(
        format=FORMAT,
        weights=weights,
        tokens=sha256_of_tensor(tokens),
        shape=str(list(tokens.shape)),
        precision=f'{precision} {torch.get_float32_matmul_precision()}',
        device=device,
        versions=json.dumps(installed_versions(PACKAGES), sort_keys=True),
    )


def load_or_compute(key: dict[str, str], width: int, compute: Callable[[], Tensor]) -> Tensor:
    """Features from the file of a key, or computed and written there.

    Whatever is wrong with the folder or the file, features are computed; one warning says so.

    Args:
        key: See :func:`key_of`.
        width: D.
        compute: Gives the features [P, C, D].
    """
    path = folder() / f'{_digest(key)}.safetensors'
    features = _load(path, key, width)
    if features is not None:
        with suppress(OSError):
            os.utime(path)  # used last
        return features
    features = compute()
    size = features.numel() * features.element_size()
    if size <= MOST_BYTES:
        try:
            _save(path, key, features)
            _delete_oldest(path.parent, MOST_BYTES)
        except OSError as error:
            _warn(f'Text features are not kept on disk: {first_line(error)}')
    return features


def _load(path: Path, key: dict[str, str], width: int) -> Tensor | None:
    if not path.is_file():
        return None
    shape = [*json.loads(key['shape'])[:2], width]
    try:
        with safe_open(path, framework='pt') as file:
            meta = file.metadata() or {}
            features = file.get_tensor('features').clone()  # not of a file that may change
        if {name: meta.get(name) for name in key} != key:
            raise ValueError('it belongs to other weights, texts or versions')
        if list(features.shape) != shape or not features.is_floating_point():
            raise ValueError(f'it holds {features.dtype} {list(features.shape)}, not {shape}')
        if meta.get('sha256') != sha256_of_tensor(features):
            raise ValueError('its checksum is wrong')
    except (OSError, SafetensorError, ValueError) as error:
        _warn(f"The text features in '{path}' are computed again: {first_line(error)}.")
        return None
    return features


def _save(path: Path, key: dict[str, str], features: Tensor) -> None:
    features = features.detach().cpu().contiguous()
    meta = dict(key, sha256=sha256_of_tensor(features))
    write_bytes(path, save(dict(features=features), metadata=meta))


def _delete_oldest(where: Path, most: int) -> None:
    """Delete the files used least recently until the others have ``most`` bytes or fewer."""
    files: list[tuple[float, int, Path]] = []
    for path in where.glob('*.safetensors'):
        with suppress(OSError):
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= most:
            return
        with suppress(OSError):
            path.unlink()
        total -= size


def _digest(key: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:40]


@cache
def _warn(message: str) -> None:
    """Log a warning once in a process."""
    print_log(message, 'current', 30)
