"""One process of the multi-process test of CompleteEvaluator: runs evaluations."""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from mmaction.structures import ActionDataSample
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor, multiprocessing
from torch.utils.data import Dataset

import actionclip_mm.compat.at_run  # noqa: F401  as a run does

NUM_VIDEOS, NUM_CLASSES, BATCH = 11, 7, 4
FAILED = (0, 4, 10)  # the sampler pads with the first one, after the last one
ACCURACY = [
    dict(type='AccMetric'),
    dict(type='OrderPairAccuracy', pairs=[(0, 1), (2, 3)]),
    dict(type='ConfusionMatrix'),
]
PRECISION = [
    dict(type='AccMetric', metric_list=('mean_average_precision', 'mmit_mean_average_precision')),
    dict(type='CharadesMAP'),
]
# sampler, and whether the data loader drops the last batch
CASES = dict(
    padded=(dict(type='DefaultSampler', shuffle=False), False),
    uneven=(dict(type='DefaultSampler', shuffle=False, round_up=False), False),
    shuffled=(dict(type='DefaultSampler', shuffle=True, seed=3), False),
    dropped=(dict(type='DefaultSampler', shuffle=False), True),
)


class Predictions(Dataset):
    """Data samples with scores, as a model returns them."""

    def __init__(self, multi_label: bool) -> None:
        generator = torch.Generator().manual_seed(0)
        self.scores = torch.randn(NUM_VIDEOS, NUM_CLASSES, generator=generator).softmax(-1)
        chosen = torch.rand(NUM_VIDEOS, NUM_CLASSES, generator=generator)
        self.labels = (chosen < 0.4).float() if multi_label else chosen.argmax(-1)
        if multi_label:
            self.labels[:, 0] += self.labels.sum(1) == 0  # each video has a label

    def __len__(self) -> int:
        return NUM_VIDEOS

    def __getitem__(self, index: int) -> dict:
        label: Tensor = self.labels[index]
        metainfo = dict(sample_idx=index, filename=f'{index}.mp4')
        if index in FAILED:
            metainfo['undecodable'] = 'it is broken'
        sample = ActionDataSample(metainfo=metainfo).set_gt_label(label)
        return dict(data_samples=sample.set_pred_score(self.scores[index]))


def evaluate(multi_label: bool, case: str) -> dict:
    """The metrics of one case, as numbers and lists."""
    sampler, drop_last = CASES[case]
    loader = Runner.build_dataloader(
        dict(
            dataset=Predictions(multi_label), batch_size=BATCH, num_workers=0,
            sampler=sampler, drop_last=drop_last,
        )
    )  # fmt: skip
    metrics = PRECISION if multi_label else ACCURACY
    evaluator = Runner.build_evaluator(None, dict(type='CompleteEvaluator', metrics=metrics))
    for batch in loader:
        evaluator.process(batch['data_samples'])
    found = evaluator.evaluate(len(loader.dataset))
    return {
        name: value.flatten().tolist() if isinstance(value, Tensor) else float(value)
        for name, value in found.items()
    }


def work(rank: int, world: int, folder: Path) -> None:
    """Run all cases; rank 0 writes the results to ``<world>.json``."""
    torch.set_num_threads(1)
    init_default_scope('mmaction')
    if world:
        store = f'file://{folder}/store_{world}'
        dist.init_process_group('gloo', init_method=store, rank=rank, world_size=world)
    found = {f'{multi} {case}': evaluate(multi, case) for multi in (False, True) for case in CASES}
    if rank == 0:
        (folder / f'{world}.json').write_text(json.dumps(found))
    if world:
        dist.barrier()
        dist.destroy_process_group()


if __name__ == '__main__':
    for world in (0, 2, 3):  # 0: one process without a group
        # forked, for the import of the package takes longer than all cases
        multiprocessing.start_processes(
            work, (world, Path(sys.argv[1])), nprocs=max(world, 1), start_method='fork'
        )
