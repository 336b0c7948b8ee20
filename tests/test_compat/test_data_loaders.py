"""Loaders of any number of workers start, and one whose workers cannot send ends."""

import multiprocessing.queues
import time
from typing import Any

import pytest
import torch
from mmengine.runner import FlexibleRunner, Runner
from torch.utils.data import Dataset

from actionclip_mm.compat.data_loaders import (
    BATCH_TIMEOUT,
    shared_memory_free,
    valid_options,
)

WORKERS = dict(persistent_workers=True, prefetch_factor=4, timeout=9)


class Unsendable(Dataset):
    """Samples that break while they are put into shared memory."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return Broken()


class Broken:
    def __reduce__(self) -> Any:
        raise OSError(28, 'No space left on device')


def loader(kind: type, data: Any, **options: Any) -> Any:
    options = dict(sampler=dict(type='DefaultSampler', shuffle=False), batch_size=1) | options
    return kind.build_dataloader(dict(dataset=data, **options))


@pytest.mark.parametrize('kind', [Runner, FlexibleRunner])
def test_options_of_workers_follow_their_number(kind) -> None:
    data = [torch.zeros(1)] * 2
    built = loader(kind, data, num_workers=0, **WORKERS)
    assert (built.persistent_workers, built.timeout, len(list(built))) == (False, 0, 2)
    built = loader(kind, data, num_workers=1, **WORKERS)
    assert (built.persistent_workers, built.timeout, built.prefetch_factor) == (True, 9, 4)
    assert loader(kind, data, num_workers=1).timeout == BATCH_TIMEOUT


def test_the_config_is_left_alone() -> None:
    options = dict(num_workers=0, batch_size=2, **WORKERS)
    assert valid_options(options) == dict(num_workers=0, batch_size=2)
    assert options['persistent_workers'] is True


def test_a_worker_that_cannot_send_ends_its_loader(capfd) -> None:
    built = loader(Runner, Unsendable(), num_workers=1, timeout=60)
    start = time.monotonic()
    with pytest.raises(RuntimeError, match='DataLoader worker .* exited unexpectedly'):
        list(built)
    assert time.monotonic() - start < 50, 'not by its timeout'
    text = capfd.readouterr().err
    assert 'cannot send a batch ([Errno 28] No space left on device)' in text
    assert '--shm-size' in text


def test_other_queues_go_on(capfd) -> None:
    queue = multiprocessing.Queue()
    queue.put(Broken())
    queue.put('next')
    assert queue.get(timeout=30) == 'next'
    assert 'No space left' in capfd.readouterr().err


def test_free_shared_memory(tmp_path) -> None:
    assert shared_memory_free(str(tmp_path)) > 0
    assert shared_memory_free(str(tmp_path / 'none')) is None
