"""Settings that the weights of a CLIP do not carry, from its tag or its folder.

Pixel mean and std, frame size and resizing of the image tower; a folder's ``open_clip_config.json``
also has the architecture.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import open_clip
from mmengine.logging import print_log
from open_clip.model import CLIPTextCfg, CLIPVisionCfg
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from torch import nn

from ..utils import read_json_object
from .arch import SCHEMES, Arch, arch_name, clean_name

CONFIG = 'open_clip_config.json'
# what open_clip calls the weights of a folder; other files may stand next to them
_WEIGHTS = ('open_clip_model', 'open_clip_pytorch_model')
# settings that may differ: sizes that are interpolated, training, downloads, the tokenizer's files
_FREE = (
    'image_size', 'patch_dropout', 'output_tokens', 'timm_model_pretrained', 'timm_drop',
    'timm_drop_path', 'hf_model_pretrained', 'hf_tokenizer_name', 'tokenizer_mode',
    'tokenizer_kwargs',
)  # fmt: skip
_SETTINGS = ('mean', 'std', 'interpolation', 'resize_mode')
# what configs of one architecture may differ in
_OF_WEIGHTS = ('quick_gelu', 'custom_text', 'init_logit_scale', 'init_logit_bias')


class CLIPPreprocess(NamedTuple):
    """What a tower was trained on: pixel mean and std in [0, 255], frame size, way of resizing."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: tuple[int, int]
    interpolation: str = 'bicubic'
    resize_mode: str = 'shortest'  # or 'squash', 'longest': open_clip's names


def get_preprocess(model: nn.Module, arch: Arch, pretrained: str | None = None) -> CLIPPreprocess:
    """Mean, std, size and way of resizing that a model was trained with.

    open_clip keeps all but the size with each tag, and with the weights in a folder of its own. For
    other files, or random weights, those of the architecture's first tag are taken, with a warning
    where its tags differ (ViT-L-14, ViT-H-14).
    """
    published: dict[str, Any] = {}
    tags = list_pretrained_tags_by_model(clean_name(arch)) if isinstance(arch, str) else []
    if isinstance(arch, str) and arch.startswith(SCHEMES):  # open_clip has read their own
        published = getattr(model.get_submodule('visual'), 'preprocess_cfg', published)
    elif isinstance(arch, str) and pretrained in tags:
        published = get_pretrained_cfg(clean_name(arch), pretrained)
    elif own := read_own_config(pretrained).get('preprocess_cfg'):
        published = own
    elif found := published_preprocess(arch):
        published = found[0]
        if len(found) > 1 and pretrained is not None and Path(pretrained).is_file():
            print_log(
                f'Published weights of {arch_name(arch)} differ in {" or ".join(_SETTINGS)}, and '
                f"'{pretrained}' does not tell its own: {published} is used. Set `mean` and `std` "
                'of data_preprocessor if the file needs others.',
                'current',
                30,
            )
    mean = published.get('mean') or open_clip.OPENAI_DATASET_MEAN
    std = published.get('std') or open_clip.OPENAI_DATASET_STD
    size = getattr(getattr(model, 'visual', None), 'image_size', 224)
    return CLIPPreprocess(
        tuple(255 * value for value in mean),
        tuple(255 * value for value in std),
        (size, size) if isinstance(size, int) else tuple(size),
        published.get('interpolation') or 'bicubic',
        published.get('resize_mode') or 'shortest',
    )


def published_preprocess(arch: Arch) -> list[dict[str, Any]]:
    """The different ways in which open_clip's published weights of an architecture take frames.

    Args:
        arch: open_clip model name, or a config dict: all published models that equal it but for
            what belongs to the weights.

    Returns:
        open_clip's settings ``mean``, ``std``, ``interpolation`` and ``resize_mode``.
    """
    names = [clean_name(arch)] if isinstance(arch, str) else _names_of(arch)
    found: list[dict[str, Any]] = []
    for name in names:
        for tag in list_pretrained_tags_by_model(name):
            published = get_pretrained_cfg(name, tag)
            settings = {key: published.get(key) for key in _SETTINGS}
            if settings not in found:
                found.append(settings)
    return found


def _names_of(arch: dict[str, Any]) -> list[str]:
    def plain(cfg: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in cfg.items() if key not in _OF_WEIGHTS}

    wanted = plain(arch)
    return [
        name
        for name in open_clip.list_models()
        if plain(open_clip.get_model_config(name) or {}) == wanted
    ]


def read_own_config(weights: str | None) -> dict[str, Any]:
    """``model_cfg`` and ``preprocess_cfg`` of the folder of a weight file, empty without them.

    Raises:
        ValueError: The file is not a JSON object.
    """
    path = Path(weights or '')
    if path.stem not in _WEIGHTS or not path.is_file() or not path.with_name(CONFIG).is_file():
        return {}
    content = read_json_object(path.with_name(CONFIG), 'that of the weights or remove it')
    return {key: value for key, value in content.items() if isinstance(value, dict)}


def refuse_other_settings(cfg: dict[str, Any], weights: str) -> None:
    """Refuse an architecture whose settings are not those of the folder of its weights.

    Raises:
        ValueError: A setting differs that the shapes of the weights would not show.
    """
    ours, theirs = _settings(cfg), _settings(read_own_config(weights).get('model_cfg', {}))
    for key, value in theirs.items():
        if ours.get(key, value) != value:
            folder = Path(weights).parent
            raise ValueError(
                f"'{weights}' has {key} {value!r:.80} ({CONFIG} next to it), but arch has "
                f"{ours[key]!r:.80}: set arch to 'local-dir:{folder}', which brings its weights."
            )


def _settings(cfg: dict[str, Any]) -> dict[str, Any]:
    """Settings with open_clip's defaults; nothing for models that are not of two such towers."""
    try:
        towers = dict(vision_cfg=CLIPVisionCfg(**cfg['vision_cfg']),
                      text_cfg=CLIPTextCfg(**cfg['text_cfg']))  # fmt: skip
    except (KeyError, TypeError):
        return {}
    found = {
        f'{name}.{key}': value
        for name, tower in towers.items()
        for key, value in asdict(tower).items()
        if key not in _FREE
    }
    return found | dict(quick_gelu=bool(cfg.get('quick_gelu', False)))
