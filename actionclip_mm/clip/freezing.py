"""Freezing a tower or its first blocks (table 5): no gradient, no memory for it, eval mode.

Autograd keeps nothing for operations whose inputs and weights need no gradient, so it is enough
that the frozen part comes first and its weights are fixed. A prompt with weights of its own inside
a frozen tower (Joint) still learns, because gradients may pass through.
"""

from collections.abc import Iterable

from open_clip.hf_model import HFTextEncoder
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import TextTransformer, VisionTransformer
from torch import nn

Parts = list[nn.Module | nn.Parameter]


def freeze_stages(tower: nn.Module, frozen_stages: int | str, key: str) -> list[nn.Module]:
    """Fixes the weights of a tower's first stages, counted as mmaction2's backbones count them.

    Args:
        tower: Image or text tower of open_clip.
        frozen_stages: -1 for none, 0 for what lies before the first block (patches, tokens,
            positions), k for that and the first k blocks (stages of a convolutional tower),
            ``'all'`` for the whole tower.
        key: Name of the config key, for messages.

    Returns:
        The frozen modules, which must stay in eval mode.

    Raises:
        ValueError: ``frozen_stages`` is none of these, or above the number of blocks.
    """
    if frozen_stages == 'all':
        parts: Parts = [tower]
    elif isinstance(frozen_stages, bool) or not isinstance(frozen_stages, int):
        raise ValueError(
            f"{key}={frozen_stages!r} is unknown: set -1 (none), 'all', or the number of first "
            'blocks to freeze (0 for what lies before them).'
        )
    elif frozen_stages == -1:
        return []
    else:
        parts = _first_stages(tower, frozen_stages, key)
    for part in parts:
        part.requires_grad_(False)
    return [part for part in parts if isinstance(part, nn.Module)]


def _first_stages(tower: nn.Module, count: int, key: str) -> Parts:
    stem, blocks = _stem_and_blocks(tower, key)
    if not 0 <= count <= len(blocks):
        raise ValueError(
            f'{key}={count} but the tower has {len(blocks)} blocks: set -1 (none), 0 to '
            f"{len(blocks)}, or 'all'."
        )
    return [*stem, *blocks[:count]]


def _stem_and_blocks(tower: nn.Module, key: str) -> tuple[Parts, list[nn.Module]]:
    if isinstance(tower, VisionTransformer):
        positions = [tower.class_embedding, tower.positional_embedding]
        stem = [tower.conv1, *positions, tower.patch_dropout, tower.ln_pre]
        return stem, list(tower.transformer.resblocks)
    if isinstance(tower, TextTransformer):
        stem = [tower.token_embedding, tower.positional_embedding, tower.cls_emb]
        return [part for part in stem if part is not None], list(tower.transformer.resblocks)
    if isinstance(tower, ModifiedResNet):
        return _children_before(tower, 'layer1'), [
            tower.layer1, tower.layer2, tower.layer3, tower.layer4
        ]  # fmt: skip
    if isinstance(tower, TimmModel):
        for name in ('blocks', 'stages', 'layers'):  # Transformers, convolutional, Swin
            blocks = getattr(tower.trunk, name, None)
            if isinstance(blocks, Iterable):
                tables: Parts = list(tower.trunk.parameters(recurse=False))
                return tables + _children_before(tower.trunk, name), list(blocks)
    kind = type(tower).__name__
    if isinstance(tower, HFTextEncoder):
        kind = type(tower.transformer).__name__
    raise ValueError(f"The blocks of a {kind} are not known: set {key} to -1 (none) or 'all'.")


def _children_before(module: nn.Module, name: str) -> Parts:
    """The children of a module that were registered before another one."""
    names = list(dict(module.named_children()))
    return [module.get_submodule(child) for child in names[: names.index(name)]]
