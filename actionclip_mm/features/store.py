"""A folder of features: an index, and shards that are written whole and checked by hash.

``index.json`` names the samples and what their features depend on (the key); it is the same for all
processes that write. Each shard, ``features-00000.safetensors``, holds the features of consecutive
samples and says in its metadata to which index it belongs, its hash and which samples failed. A
process that is interrupted loses the shard it was computing; shards are independent, so any number
of processes and machines can write one folder. No file can run code.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..utils import check_choice, check_positive, read_json_object, to_json, write_bytes, write_json
from ..utils.hashing import sha256_of_tensor

FORMAT = 'features of actionclip_mm, version 1'
INDEX = 'index.json'
PRECISIONS = dict(fp32=torch.float32, fp16=torch.float16, bf16=torch.bfloat16)


class Shard(NamedTuple):
    """A run of consecutive samples: its number, the first sample and one past the last."""

    number: int
    start: int
    stop: int


def sample_name(info: dict, prefix: str) -> str:
    """Name of a sample in a store: its path below the folder of a data set, and its segment.

    Args:
        info: Annotation with ``filename`` or ``frame_dir``, and perhaps ``segment``.
        prefix: Folder of the paths.
    """
    path = info['filename'] if 'filename' in info else info['frame_dir']
    name = os.path.relpath(path, prefix) if prefix else path
    if 'segment' in info:
        name += ' {:g}-{:g}'.format(*info['segment'])
    return name


class _Folder:
    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.index: dict[str, Any] = {}
        self._digest = ''

    @property
    def names(self) -> list[str]:
        """Names of the samples, in the order of the features."""
        return self.index['names']

    @property
    def key(self) -> dict[str, Any]:
        """What the features depend on."""
        return self.index['key']

    def path(self, number: int) -> Path:
        """File of a shard."""
        return self.folder / f'features-{number:05d}.safetensors'

    def shards(self) -> Iterator[Shard]:
        """All shards, written or not."""
        size, total = self.index['shard_size'], len(self.names)
        for number, start in enumerate(range(0, total, size)):
            yield Shard(number, start, min(start + size, total))

    def digest(self) -> str:
        """Hash of the index, which every shard repeats."""
        if not self._digest:  # of names that may be a million
            self._digest = hashlib.sha256(to_json(self.index, None).encode()).hexdigest()
        return self._digest

    def metadata(self, shard: Shard) -> dict[str, str]:
        """Metadata of a shard.

        Raises:
            FileNotFoundError: The shard has not been written.
            ValueError: It is damaged or belongs to another index.
        """
        path = self.path(shard.number)
        try:
            with safe_open(path, 'pt') as file:
                found = file.metadata() or {}
                count = file.get_slice('features').get_shape()[0]
        except SafetensorError as error:
            raise ValueError(f"'{path}' is damaged ({error}): delete it and run again.") from None
        if found.get('index') != self.digest() or count != shard.stop - shard.start:
            raise ValueError(f"'{path}' belongs to other features: delete it and run again.")
        return found


class FeatureWriter(_Folder):
    """Write the features of samples, in shards and in any order.

    Args:
        folder: The store, made if absent. One that exists is continued.
        names: Name of each sample, all different.
        key: What the features depend on, as JSON values.
        precision: ``'fp32'``, ``'fp16'`` or ``'bf16'``. Defaults to ``'fp16'``.
        shard_size: Samples per shard. Defaults to 256.

    Raises:
        ValueError: The folder holds features of other samples or of another key.
    """

    def __init__(
        self,
        folder: str | Path,
        names: Sequence[str],
        key: dict[str, Any],
        precision: str = 'fp16',
        shard_size: int = 256,
    ) -> None:
        super().__init__(folder)
        check_choice(precision, PRECISIONS, 'precision')
        check_positive(shard_size, 'shard_size')
        if len(set(names)) < len(names):
            raise ValueError('The names of samples in a feature store must differ.')
        self.precision = precision
        self.index = json.loads(
            to_json(
                dict(
                    format=FORMAT, key=key, precision=precision, shard_size=shard_size,
                    names=list(names),
                )
            )
        )  # fmt: skip
        path = self.folder / INDEX
        if not path.exists():
            write_json(path, self.index)
        old = read_json_object(path, 'the index of a feature store')
        if old != self.index:
            what = difference(old, self.index)
            raise ValueError(
                f"'{self.folder}' holds other features ({what}): give another folder, or delete it."
            )

    def pending(self, part: int = 0, parts: int = 1) -> list[Shard]:
        """Shards of one of several processes that are not written yet.

        Args:
            part: Number of the process, from 0.
            parts: Number of processes.
        """
        mine = [shard for shard in self.shards() if shard.number % parts == part]
        return [shard for shard in mine if not self._is_written(shard)]

    def write(self, shard: Shard, features: Tensor, failed: dict[int, str] | None = None) -> None:
        """Write a shard whole.

        Args:
            shard: One of :meth:`pending`.
            features: Features [n, ...] of its samples; any values for those that failed.
            failed: Place within the shard -> why the sample has no features.
        """
        values = features.detach().cpu().to(PRECISIONS[self.precision]).contiguous()
        metadata = dict(
            index=self.digest(), sha256=sha256_of_tensor(values),
            failed=to_json({str(place): why for place, why in (failed or {}).items()}, None),
        )  # fmt: skip
        write_bytes(self.path(shard.number), _in_order(save(dict(features=values), metadata)))

    def _is_written(self, shard: Shard) -> bool:
        try:
            self.metadata(shard)
        except (FileNotFoundError, ValueError):
            return False
        return True


class FeatureStore(_Folder):
    """Read features by the name of a sample; files are memory-mapped.

    Args:
        folder: What :class:`FeatureWriter` wrote.
        verify: Whether to compare the hash of each shard, which reads them all. Defaults to True.

    Attributes:
        failed: Name of a sample without features -> why.

    Raises:
        FileNotFoundError: No store, or shards are missing.
        ValueError: A file is damaged.
    """

    def __init__(self, folder: str | Path, verify: bool = True) -> None:
        super().__init__(folder)
        path = self.folder / INDEX
        if not path.is_file():
            raise FileNotFoundError(
                f"'{self.folder}' holds no features: make them with actionclip features or "
                'actionclip cache-features.'
            )
        self.index = read_json_object(path, 'the index of a feature store')
        if self.index.get('format') != FORMAT:
            raise ValueError(f"'{path}' is not an index of {FORMAT}.")
        shards = list(self.shards())
        missing = [shard for shard in shards if not self.path(shard.number).is_file()]
        if missing:
            raise FileNotFoundError(
                f"{len(missing)} of {len(shards)} shards of '{self.folder}' are missing: run the "
                'same command again to go on.'
            )
        self.failed: dict[str, str] = {}
        self._features: dict[int, Tensor] = {}
        for shard in shards:
            found = self.metadata(shard)
            for place, why in json.loads(found.get('failed', '{}')).items():
                self.failed[self.names[shard.start + int(place)]] = why
            if verify and sha256_of_tensor(self._shard(shard.number)) != found['sha256']:
                raise ValueError(
                    f"'{self.path(shard.number)}' is damaged: delete it and run the same "
                    'command again.'
                )
        self._places = {name: place for place, name in enumerate(self.names)}

    def matrix(self) -> tuple[list[str], Tensor]:
        """Names of the samples that have features, and their features [N, ...]."""
        rows = [place for place, name in enumerate(self.names) if name not in self.failed]
        features = torch.cat([self._shard(shard.number) for shard in self.shards()])
        if len(rows) < len(self):
            features = features[rows]
        return [self.names[row] for row in rows], features

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the features of one sample."""
        return tuple(self._shard(0).shape[1:])

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> Tensor:
        """Features of a sample, of the stored type.

        Raises:
            KeyError: No such sample, or it failed.
        """
        number, place = divmod(self._places[name], self.index['shard_size'])
        if name in self.failed:
            raise KeyError(name)
        return self._shard(number)[place]

    def _shard(self, number: int) -> Tensor:
        if number not in self._features:
            with safe_open(self.path(number), 'pt') as file:
                self._features[number] = file.get_tensor('features')
        return self._features[number]


def difference(old: Any, new: Any, at: str = '') -> str:
    """Where two JSON values differ first, in words; empty if they are equal."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            if old.get(name) != new.get(name):
                return difference(old.get(name), new.get(name), f'{at}.{name}' if at else name)
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            if one != other:
                return difference(one, other, f'{at}[{place}]')
    if old == new:
        return ''
    if isinstance(old, list) and isinstance(new, list):
        return f'{at}: {len(old)} there, {len(new)} here'
    return f'{at}: {_short(old)} there, {_short(new)} here'


def _short(value: Any) -> str:
    text = to_json(value, None)
    return text if len(text) <= 100 else f'{text[:60]}…{text[-30:]}'


def _in_order(content: bytes) -> bytes:
    """A safetensors file with its header sorted: the library's own order differs between calls."""
    size = int.from_bytes(content[:8], 'little')
    header = json.dumps(json.loads(content[8 : 8 + size]), sort_keys=True).encode()
    header += b' ' * (-len(header) % 8)
    return len(header).to_bytes(8, 'little') + header + content[8 + size :]
