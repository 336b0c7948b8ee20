"""Hugging Face's ``CLIPModel``: queries, keys and values apart, projections as linear layers.

Only the tensors of ``CLIPModel`` are known here (ViT towers); ``pre_layrnorm`` is its spelling.
"""

import re
from typing import Any

import torch
from torch import Tensor

from .mapped import Mapped
from .renaming import SCALE, TEXT, VISUAL, Rules, inverse, rename

LAYERS: Rules = (
    ('self_attn.out_proj.', 'attn.out_proj.'),
    ('layer_norm1.', 'ln_1.'),
    ('layer_norm2.', 'ln_2.'),
    ('mlp.fc1.', 'mlp.c_fc.'),
    ('mlp.fc2.', 'mlp.c_proj.'),
    ('self_attn.in_proj_', 'attn.in_proj_'),  # after joining
)
TOWERS: Rules = (
    ('text_model.embeddings.token_embedding.', f'{TEXT}token_embedding.'),
    ('text_model.embeddings.position_embedding.weight', f'{TEXT}positional_embedding'),
    ('text_model.final_layer_norm.', f'{TEXT}ln_final.'),
    ('vision_model.embeddings.class_embedding', f'{VISUAL}class_embedding'),
    ('vision_model.embeddings.patch_embedding.weight', f'{VISUAL}conv1.weight'),
    ('vision_model.embeddings.position_embedding.weight', f'{VISUAL}positional_embedding'),
    ('vision_model.pre_layrnorm.', f'{VISUAL}ln_pre.'),
    ('vision_model.post_layernorm.', f'{VISUAL}ln_post.'),
    ('text_projection.weight', f'{TEXT}text_projection'),
    ('visual_projection.weight', f'{VISUAL}proj'),
    ('logit_scale', SCALE),
)
BLOCKS: Rules = (
    ('text_model.encoder.layers.', f'{TEXT}transformer.resblocks.'),
    ('vision_model.encoder.layers.', f'{VISUAL}transformer.resblocks.'),
)
PROJECTIONS = (f'{TEXT}text_projection', f'{VISUAL}proj')  # linear layers keep them transposed
_POSITION_IDS = re.compile(r'^(text|vision)_model\.embeddings\.position_ids$')
_QUERY = re.compile(r'^(.*\.self_attn\.)q_proj\.(weight|bias)$')
_JOINED = re.compile(r'^(.*\.self_attn\.)in_proj_(weight|bias)$')


def matches(content: dict[str, Any]) -> bool:
    """The towers are called ``vision_model`` and ``text_model``."""
    return any(name.startswith(('vision_model.', 'text_model.')) for name in content)


def to_recognizer(content: dict[str, Any]) -> Mapped:
    """Hugging Face's weights under the names of ``CLIPRecognizer``."""
    unused = [name for name in content if _POSITION_IDS.match(name)]
    state = _join_attention({k: v for k, v in content.items() if k not in unused})
    renamed, rest = rename(state, TOWERS)
    blocks, unknown = _rename_blocks({name: state[name] for name in rest}, BLOCKS, LAYERS)
    renamed.update(blocks)
    return Mapped(_transpose_projections(renamed), unknown, unused)


def from_recognizer(state: dict[str, Tensor]) -> dict[str, Any]:
    """The way back.

    Raises:
        ValueError: Weights that ``CLIPModel`` has no place for.
    """
    state = _transpose_projections(state)
    renamed, rest = rename(state, inverse(TOWERS))
    blocks, unknown = _rename_blocks(
        {name: state[name] for name in rest}, inverse(BLOCKS), inverse(LAYERS)
    )
    if unknown:
        raise ValueError(f'CLIPModel has no place for {unknown[0]}: take out the visual prompt.')
    return {**renamed, **_split_attention(blocks)}


def _rename_blocks(
    state: dict[str, Tensor], towers: Rules, layers: Rules
) -> tuple[dict[str, Tensor], list[str]]:
    """Renames ``<tower><block number>.<layer>``; also gives the names that are not of this form."""
    renamed, unknown = {}, []
    for name, value in state.items():
        for old, new in towers:
            number, _, layer = name[len(old) :].partition('.')
            known, _ = rename({layer: value}, layers)
            if name.startswith(old) and number.isdigit() and known:
                renamed[f'{new}{number}.{next(iter(known))}'] = value
                break
        else:
            unknown.append(name)
    return renamed, unknown


def _join_attention(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Stacks query, key and value as torch's attention keeps them: three [W, W] -> [3·W, W].

    A layer that lacks one of the three is left as it is, so that its names are found unknown.
    """
    joined = dict(state)
    for name in state:
        match = _QUERY.match(name)
        if match is None:
            continue
        parts = [f'{match[1]}{letter}_proj.{match[2]}' for letter in 'qkv']
        if all(part in joined for part in parts):
            stacked = torch.cat([joined.pop(part) for part in parts])
            joined[f'{match[1]}in_proj_{match[2]}'] = stacked
    return joined


def _split_attention(state: dict[str, Tensor]) -> dict[str, Tensor]:
    split = {}
    for name, value in state.items():
        match = _JOINED.match(name)
        if match is None:
            split[name] = value
            continue
        for letter, part in zip('qkv', value.chunk(3), strict=True):
            split[f'{match[1]}{letter}_proj.{match[2]}'] = part
    return split


def _transpose_projections(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: value.t() if name in PROJECTIONS and value.dim() == 2 else value
        for name, value in state.items()
    }
