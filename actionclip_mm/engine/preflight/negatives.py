"""Checks of batches under contrastive losses, and of host options that change the loss."""

from collections import Counter
from collections.abc import Iterator

from mmengine.dataset import DefaultSampler

from .view import Finding, LoopView, RunView, refuse, warn

OFTEN, RARELY = 0.5, 0.05  # share of steps without a negative: refused above, ignored below
ALL_CLASSES = "set cls_head.loss_cls=dict(type='VideoAllTextKLLoss'), the loss over all classes"


def negatives(view: RunView) -> Iterator[Finding]:
    """Refuse runs whose batches have no negatives, so that loss and gradients are 0.

    The loss gathers all processes, so the global batch counts.
    """
    # losses over all classes have negatives in any batch
    if view.train is None or not getattr(view.head.loss, 'needs_labels', False):
        return
    loop, batch = view.train, view.train.batch_size * view.world_size
    if batch == 1:
        yield refuse(
            'Each step would compare one video with its own text only, and train nothing: increase '
            f'train_dataloader.batch_size, or {ALL_CLASSES}.'
        )
        return
    labels = [tuple(data.class_ids(i)) for data in loop.annotations for i in range(len(data))]
    labels = [label for label in labels if label]
    if not labels or 'captions' in loop.annotations[0].info(0):  # captions are their own classes
        return
    common = set(labels[0]).intersection(*labels)
    if common:
        yield refuse(
            f'All {len(labels)} training videos have class {min(common)}, so no batch has a '
            f'negative and nothing is trained: train on several classes, or {ALL_CLASSES}.'
        )
        return
    share = _share_without_negatives(loop, labels, batch)
    text = (
        f'About {share:.0%} of the steps train nothing, because all {batch} videos of their batch '
        'share a class: '
    )
    if share > RARELY:
        advice = f'shuffle the list, increase batch_size, or {ALL_CLASSES}.'
        yield refuse(text + advice) if share > OFTEN else warn(text + advice)
    size = loop.size or 0
    if not loop.drop_last and view.world_size == 1 and size % batch == 1:
        yield warn(
            'The last batch of each epoch holds one video and trains nothing: set '
            'train_dataloader.drop_last=True, or another batch_size.'
        )


def _share_without_negatives(loop: LoopView, labels: list[tuple[int, ...]], batch: int) -> float:
    """Share of batches whose videos share a class: counted, or its expectation if shuffled."""
    sampler = getattr(loop.loader, 'sampler', None)
    if isinstance(sampler, DefaultSampler) and not sampler.shuffle:
        batches = [labels[i : i + batch] for i in range(0, len(labels), batch)]
        return sum(bool(set(b[0]).intersection(*b)) for b in batches) / len(batches)
    counts = Counter(label for several in labels for label in several)
    return min(1.0, sum((count / len(labels)) ** batch for count in counts.values()))


def one_class(view: RunView) -> Iterator[Finding]:
    """Refuse or warn of a head with one class, which is always right."""
    for loop in view.loops.values():
        if loop.num_classes == 1 and view.head.loss is not None and not view.head.multi_class:
            if loop.name == 'train' and not getattr(view.head.loss, 'needs_labels', True):
                yield refuse(
                    'The head has one class, so every prediction is right and nothing is trained: '
                    'set a label list with several classes.'
                )
            else:
                yield warn(f'The head has one class in {loop.name}: every prediction is right.')


def accumulated_batches(view: RunView) -> Iterator[Finding]:
    """Warn of gradient accumulation, which adds no negatives."""
    if view.train is None:
        return
    count = (view.cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    steps = getattr(view.train.loop, 'max_iters', 0)
    if steps and count > steps:
        yield warn(
            f'optim_wrapper.accumulative_counts={count} exceeds the {steps} iterations of the run: '
            'the weights change once, at its end.'
        )
    if count > 1 and getattr(view.head.loss, 'needs_labels', False):
        batch = view.train.batch_size * view.world_size
        yield warn(
            f'optim_wrapper.accumulative_counts={count} does not enlarge the contrastive batch: '
            f'each video is still compared with {batch - 1} others; model.micro_batch_size '
            'computes a large batch in parts under one loss.'
        )


def mixed_videos(view: RunView) -> Iterator[Finding]:
    """Refuse MixUp, CutMix and the like under losses between videos and sentences."""
    blending = ((view.cfg.get('model') or {}).get('data_preprocessor') or {}).get('blending')
    if view.train is not None and blending and hasattr(view.head.loss, 'draw_classes'):
        yield refuse(
            f'data_preprocessor.blending={blending.get("type")} mixes videos, but sentences of '
            f'{view.head.loss_name} describe single videos: set it to None.'
        )


CHECKS = (negatives, one_class, accumulated_batches, mixed_videos)
