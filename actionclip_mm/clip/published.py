"""Weights that others published: addresses, sizes, licences, and which ones are on this machine.

Addresses and accuracies of ActionCLIP weights are those of mmaction2's
``projects/actionclip/README.md``.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import open_clip
from huggingface_hub import constants, try_to_load_from_cache

from .arch import clean_name, get_model_config

HOST = 'https://download.openmmlab.com/mmaction/v1.0/projects/actionclip/'
_START, _END = 'actionclip_vit-base-p', '_k400-rgb'
HUB_FILES = ('open_clip_model.safetensors', 'open_clip_pytorch_model.bin')
URL_CACHE = Path('~/.cache/clip')  # open_clip puts files of plain URLs here
# Starts of tags and the licences of their model cards; the card of a model decides.
LICENCES = {
    'openai': 'MIT',
    'laion': 'MIT',
    'datacomp_': 'MIT',
    'commonpool': 'MIT',
    'datacomp1b': 'see its card',
    'datacompdr': 'Apple ML research',
    'dfn': 'Apple',
    'webli': 'Apache-2.0',
    'metaclip': 'CC-BY-NC-4.0',
}


@dataclass(frozen=True)
class PublishedClip:
    """One pair of ``arch`` and ``pretrained`` of open_clip.

    Attributes:
        arch: Name of the model.
        tag: Name of the weights.
        address: Where they are.
        licence: Licence of the weights, as far as it is known.
        parameters: Of both towers, estimated from the config; None for towers of timm and
            transformers.
        cached: The file on this machine, or None.
    """

    arch: str
    tag: str
    address: str
    licence: str
    parameters: int | None
    cached: str | None


def published_clips() -> Iterator[PublishedClip]:
    """All pairs that open_clip can download."""
    for arch, tag in open_clip.list_pretrained():
        yield PublishedClip(
            arch,
            tag,
            address_of(arch, tag),
            next((text for start, text in LICENCES.items() if tag.startswith(start)), 'see card'),
            estimate_parameters(get_model_config(arch) or {}),
            cached_file(arch, tag),
        )


def address_of(arch: str, tag: str) -> str:
    """Web address of the weights of a tag; that of the hub, or of its mirror, first."""
    cfg = open_clip.get_pretrained_cfg(clean_name(arch), tag)
    repository, file = _on_hub(cfg)
    if repository:
        return f'{constants.ENDPOINT}/{repository}' + (f'/resolve/main/{file}' if file else '')
    return cfg.get('url', '')


def cached_file(arch: str, tag: str) -> str | None:
    """Path of the weights of a tag on this machine, or None."""
    cfg = open_clip.get_pretrained_cfg(clean_name(arch), tag)
    repository, file = _on_hub(cfg)
    if repository:
        for name in (file,) if file else HUB_FILES:
            found = try_to_load_from_cache(repository, name)
            if isinstance(found, str):
                return found
    url = cfg.get('url', '')
    path = URL_CACHE.expanduser() / os.path.basename(url)
    return str(path) if url and path.is_file() else None


def how_to_get(arch: str, tag: str) -> str:
    """What to do without a download: address, place, option, mirror."""
    return (
        f'download {address_of(arch, tag)} elsewhere and give the file as `pretrained` '
        '(`--pretrained FILE`), or set HF_ENDPOINT to a mirror of the Hugging Face hub, or copy '
        f'the cache {constants.HF_HUB_CACHE} of a machine that has it; `--arch mini` needs no '
        'download'
    )


def estimate_parameters(cfg: dict) -> int | None:
    """Parameters of ViT and text transformer by counting the matrices of their config."""
    vision, text = cfg.get('vision_cfg', {}), cfg.get('text_cfg', {})
    layers, width = vision.get('layers'), vision.get('width')
    known = isinstance(layers, int) and 'timm_model_name' not in vision and 'width' in text
    if not known or not width or 'hf_model_name' in text:
        return None
    patch, image = vision.get('patch_size') or 16, vision.get('image_size', 224)
    image = image[0] if isinstance(image, (list, tuple)) else image
    ratio = vision.get('mlp_ratio', 4.0)
    visual = layers * (4 + 2 * ratio) * width**2 + width * (3 * patch**2 + (image // patch) ** 2)
    inner, depth = text['width'], text.get('layers', 12)
    textual = 12 * depth * inner**2 + inner * (
        text.get('vocab_size', 49408) + text.get('context_length', 77)
    )
    return int(visual + textual + cfg.get('embed_dim', 512) * (width + inner))


def _on_hub(cfg: dict) -> tuple[str, str]:
    """Repository and file of a tag's ``hf_hub``, empty if it has none."""
    repository, _, file = cfg.get('hf_hub', '').rpartition('/')
    return (repository, file) if repository.count('/') <= 1 else ('', '')


@dataclass(frozen=True)
class PublishedActionCLIP:
    """Weights of one Kinetics-400 model.

    Attributes:
        name: Short name.
        arch: open_clip's name of its towers.
        frames: T it was trained with.
        top1: Published top-1 in per cent, single crop, on mmaction2's copy of Kinetics-400.
        source: Who trained it.
        address: Where it is.
    """

    name: str
    arch: str
    frames: int
    top1: float
    source: str
    address: str


def _ported(patch: int, frames: int, top1: float) -> PublishedActionCLIP:
    folder = f'{_START}{patch}-res224-clip-pre_1x1x{frames}{_END}'
    name = f'vit-b-{patch}-{frames}f'
    return PublishedActionCLIP(
        name,
        f'ViT-B-{patch}',
        frames,
        top1,
        'released ActionCLIP, ported by mmaction2',
        f'{HOST}{folder}/{name}.pth',
    )


def _trained(patch: int, top1: float, end: str) -> PublishedActionCLIP:
    folder = f'{_START}{patch}-res224-clip-pre_g8xb16_1x1x8{_END}'
    return PublishedActionCLIP(
        f'vit-b-{patch}-8f-mmaction2',
        f'ViT-B-{patch}',
        8,
        top1,
        'trained by mmaction2',
        f'{HOST}{folder}/{folder}_{end}.pth',
    )


PUBLISHED = (
    _ported(32, 8, 77.6),
    _ported(16, 8, 80.3),
    _ported(16, 16, 81.1),
    _ported(16, 32, 81.3),
    _trained(32, 77.5, '20230801-8535b794'),
    _trained(16, 81.3, '20230801-b307a0cd'),
)
RELEASED = (
    'The links of the original release (sallymmx/ActionCLIP) no longer lead to files; the four '
    'ported models above are its Kinetics-400 weights.'
)
