"""One process of the multi-process test of CharadesMAP: an evaluation."""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from mmaction.registry import EVALUATOR
from mmaction.structures import ActionDataSample
from mmengine.dataset import DefaultSampler
from mmengine.registry import init_default_scope
from torch import multiprocessing

import actionclip_mm.compat.at_run  # noqa: F401  as a run does

NUM_VIDEOS, NUM_CLASSES = 11, 4


def evaluate() -> dict:
    """Score the videos of this process, in batches of two."""
    init_default_scope('mmaction')
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(NUM_VIDEOS, NUM_CLASSES, generator=generator)
    labels = (torch.rand(NUM_VIDEOS, NUM_CLASSES, generator=generator) < 0.4).float()
    evaluator = EVALUATOR.build(
        dict(
            type='CompleteEvaluator',
            metrics=[
                dict(type='CharadesMAP'),
                dict(type='CharadesMAP', definition='torchnet'),  # the order of the list matters
            ],
        )
    )
    mine = list(DefaultSampler(range(NUM_VIDEOS), shuffle=False))
    for start in range(0, len(mine), 2):
        batch = []
        for index in mine[start : start + 2]:
            metainfo = dict(sample_idx=index, filename=f'{index}.mp4')
            sample = ActionDataSample(metainfo=metainfo).set_gt_label(labels[index])
            batch.append(sample.set_pred_score(scores[index].round()))
        evaluator.process(batch)
    return evaluator.evaluate(NUM_VIDEOS)


def work(rank: int, world: int, folder: Path) -> None:
    torch.set_num_threads(1)
    store = f'file://{folder}/store_{world}'
    dist.init_process_group('gloo', init_method=store, rank=rank, world_size=world)
    found = evaluate()
    if rank == 0:
        (folder / f'{world}.json').write_text(json.dumps(found))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == '__main__':
    for world in (1, 2):
        # forked, for the import of the package takes longer than all of this
        multiprocessing.start_processes(
            work, (world, Path(sys.argv[1])), nprocs=world, start_method='fork'
        )
