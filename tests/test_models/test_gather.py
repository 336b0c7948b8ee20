"""Gathered rows: each tensor once; reduce-scatter and all-reduce give the same gradients."""

import pytest
import torch
import torch.distributed as dist
from torch import multiprocessing

from actionclip_mm.models import gather


def work(rank, folder, counts):
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=len(counts)
    )
    sums, scattered = {}, []
    scatter = dist.reduce_scatter_tensor
    dist.reduce_scatter_tensor = lambda *args: (scattered.append(1), scatter(*args))[1]
    generator = torch.Generator().manual_seed(rank)
    rows = torch.randn(counts[rank], 3, generator=generator, requires_grad=True)
    columns = torch.randn(sum(counts), 3, generator=torch.Generator().manual_seed(9))
    for switch in ('', 'all_reduce'):
        gather.os.environ[gather.SWITCH] = switch
        rows.grad = None
        every, same = gather.gather_rows(rows, rows)
        assert same is every, 'gathered once'
        (every * columns * (rank + 1)).sum().backward()
        sums[switch] = rows.grad
        tried = len(scattered)
        assert tried == (len(set(counts)) == 1)
    torch.testing.assert_close(sums[''], sums['all_reduce'], rtol=1e-6, atol=1e-6)
    mine = slice(sum(counts[:rank]), sum(counts[: rank + 1]))
    torch.testing.assert_close(sums[''], columns[mine] * 3)  # 1 + 2
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.parametrize('counts', [(2, 2), (3, 1)])
def test_both_exchanges_agree(counts, tmp_path):
    multiprocessing.start_processes(work, (str(tmp_path), counts), nprocs=2, start_method='fork')


def test_the_exchange_falls_back_where_the_backend_cannot_scatter(monkeypatch):
    grad, reduced = torch.ones(4, 2), []

    def refuse(*args):
        raise RuntimeError('ProcessGroupGloo does not support _reduce_scatter_base')

    monkeypatch.setattr(gather.dist, 'reduce_scatter_tensor', refuse)
    monkeypatch.setattr(gather.dist, 'all_reduce', reduced.append)
    monkeypatch.setattr(gather, '_can_scatter', True)
    for calls in (1, 2):
        assert gather._sum_own_rows(grad, [2, 2], slice(0, 2)).shape == (2, 2)
        assert len(reduced) == calls and not gather._can_scatter
