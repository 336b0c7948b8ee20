"""One process of the multi-process tests: one training step of a tiny model."""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.registry import init_default_scope
from torch import Tensor, multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

import actionclip_mm.compat.at_run  # noqa: F401  as a run does

NUM_VIDEOS = 8
LABELS = ['run', 'jump', 'sing', 'dance', 'swim', 'write']
IDS = torch.tensor([0, 1, 2, 0, 3, 1, 0, 4])
SETS = torch.tensor(
    [
        [1, 1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 1, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 1, 0, 1, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0],
    ]
)
# the same with two videos that have no label
GAPS = SETS * torch.tensor([1, 0, 1, 1, 1, 1, 1, 0])[:, None]
WEIGHTS = [0.5, 2.0, 1.0, 3.0, 0.0, 1.0]  # of classes, in losses that are called 'weighted'
LABELS_OF = dict(ids=IDS, sets=SETS, gaps=GAPS)
# The losses meet different visual prompts, so that these are run under DDP as well.
PROMPTS = {
    'VideoTextKLLoss': (
        dict(type='ShiftPrompt'),
        dict(type='TransfPrompt', in_channels=32, num_layers=1, num_heads=2),
    ),
    'VideoAllTextKLLoss': (
        dict(type='JointPrompt', num_frames=2),
        dict(type='MeanPPrompt', in_channels=32),
    ),
    'VideoTextBCELoss': (None, dict(type='MeanPPrompt', in_channels=32)),
}


def build(loss: str, multi_class: bool, pieces: int | None) -> nn.Module:
    """A tiny recognizer, the same on every process; it encodes ``pieces`` videos at once."""
    init_default_scope('mmaction')
    torch.manual_seed(0)
    loss, _, weighted = loss.partition(' ')
    inside, neck = PROMPTS[loss]
    arch = dict(
        embed_dim=32,
        vision_cfg=dict(image_size=32, layers=2, width=64, head_width=32, patch_size=16),
        text_cfg=dict(context_length=16, vocab_size=49408, width=32, heads=2, layers=1),
    )
    encoder = dict(
        type='TextPromptLabelEncoder',
        labels=LABELS,
        templates=['{}'],  # one, for a template is drawn by chance
        arch=arch,
        micro_batch_size=pieces,
    )
    head = dict(
        type='VideoTextHead',
        in_channels=32,
        label_encoder=encoder,
        loss_cls=dict(type=loss, class_weight=WEIGHTS if weighted else None),
        multi_class=multi_class,
    )
    model = MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', arch=arch, visual_prompt=inside),
            neck=neck,
            cls_head=head,
            micro_batch_size=pieces,
        )
    )
    return model.train()


def without_chance(loss: nn.Module) -> None:
    """Use the first class of each video instead of a random one."""
    draw = loss.draw_classes

    def draw_first(labels: Tensor, num_classes: int) -> Tensor:
        return draw(labels.argmax(dim=1) if labels.dim() == 2 else labels, num_classes)

    loss.draw_classes = draw_first


def with_shapes(loss: nn.Module) -> list[tuple[int, ...]]:
    """Record the shape of each similarity matrix of a KL loss."""
    shapes: list[tuple[int, ...]] = []
    if not hasattr(loss, 'divergence'):
        return shapes
    divergence = loss.divergence

    def noted(logits: Tensor, positives: Tensor) -> Tensor:
        shapes.append(tuple(logits.shape))
        return divergence(logits, positives)

    loss.divergence = noted
    return shapes


def step(
    loss_type: str, labels: str, counts: list[int], rank: int, pieces: int | None = None
) -> dict:
    """Loss, gradients and shapes of similarity matrices; rank r has ``counts[r]`` videos."""
    model = build(loss_type, labels != 'ids', pieces)
    without_chance(model.cls_head.loss_cls)
    shapes = with_shapes(model.cls_head.loss_cls)
    generator = torch.Generator().manual_seed(1)
    videos = torch.randn(NUM_VIDEOS, 1, 3, 2, 32, 32, generator=generator)
    mine = slice(sum(counts[:rank]), sum(counts[: rank + 1]))
    samples = [
        ActionDataSample().set_gt_label(label if label.dim() else int(label))
        for label in LABELS_OF[labels][mine]
    ]
    wrapped = DistributedDataParallel(model) if dist.is_initialized() else model
    loss = wrapped(videos[mine], samples, mode='loss')['loss_cls']
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return dict(loss=loss.item(), gradients=gradients, shapes=shapes)


def work(rank: int, cases: list, folder: Path) -> None:
    """Run all cases in every group of this process."""
    torch.set_num_threads(1)
    for world in map(int, cases[0][2]):
        if rank >= max(world, 1):
            continue
        if world:
            store = f'file://{folder}/store_{world}'
            dist.init_process_group('gloo', init_method=store, rank=rank, world_size=world)
        results = [
            step(loss, labels, counts[str(world)], rank, pieces if world else None)
            for loss, labels, counts, pieces in cases
        ]
        torch.save(results, folder / f'{world}_{rank}.pt')
        if world:
            dist.barrier()
            dist.destroy_process_group()


def main(folder: Path) -> None:
    """Run the cases of ``cases.json`` and write the results to ``<world>_<rank>.pt``.

    A case is [loss, labels, {world: videos per rank}, videos encoded at once]; world 0 is one
    process without a group, which encodes all videos at once.
    """
    cases = json.loads((folder / 'cases.json').read_text())
    num_processes = max(map(int, cases[0][2]))
    # forked, for the import of the package takes longer than all cases; nothing has run before
    multiprocessing.start_processes(
        work, (cases, folder), nprocs=num_processes, start_method='fork'
    )


if __name__ == '__main__':
    main(Path(sys.argv[1]))
