"""Build any open_clip model as two separable towers, with weights."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

import open_clip
import torch
from mmengine.logging import print_log
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict, resize_pos_embed
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from torch import Tensor, nn

from ..utils import first_line
from ..utils.carried_files import find_file
from ..utils.weight_values import check_weight_values
from .arch import SCHEMES, Arch, arch_name, check_arch, clean_name, get_model_config, needs_hub
from .hub import cache_only_when_offline, skips_weights
from .published import how_to_get
from .settings import refuse_other_settings
from .state_dict import (
    OPENAI_CONSTANTS,
    has_openai_constants,
    load_state_dict_or_explain,
    read_state_dict,
)

Tower = Literal['visual', 'text']

# beginnings of names that open_clip never gives, and what to do with such a file
_OTHER_LAYOUTS = {
    ('backbone.', 'cls_head.'): 'load the checkpoint of a whole recognizer with `load_from`',
    ('vision_model.', 'text_model.', 'clip.visual.'): (
        'convert them with actionclip convert and load the result with `load_from`'
    ),
}


def build_clip(arch: Arch, pretrained: str | None = None, only: Tower | None = None) -> nn.Module:
    """Build an open_clip model with separate ``.visual`` and ``.text`` towers.

    Args:
        arch: An open_clip model name (``ViT-B-16``, ``RN50``, ``local-dir:…``) or a model-config
            dict in open_clip's JSON layout (``embed_dim``, ``vision_cfg``, ``text_cfg``).
            ``local-dir:`` and ``hf-hub:`` names bring their weights with them.
        pretrained: An open_clip tag (``openai``, ``laion2b_s34b_b88k``), the path of a weight file
            or None for random weights (for the weights of ``local-dir:`` and ``hf-hub:`` names).
        only: The tower that is used; the other one is built on the meta device, without memory.
            Models whose weights open_clip loads (tags, ``local-dir:``, ``hf-hub:``) are built
            whole. Defaults to None: both towers.

    Returns:
        ``CustomTextCLIP`` with ``visual``, ``text``, ``logit_scale`` and ``logit_bias``.

    Raises:
        TypeError: ``arch`` is neither a name nor a dict.
        ValueError: Unknown name or tag, broken dict, or weights that do not fit.
        FileNotFoundError: ``pretrained`` is neither a tag nor a file, or cannot be downloaded.
    """
    check_arch(arch)
    if isinstance(arch, str) and arch.startswith(SCHEMES) and pretrained is None:
        return _create(arch, only) if skips_weights() else _create_from_tag(arch, None)
    if pretrained is None:
        return _create(arch, only)
    if not isinstance(pretrained, str):
        raise TypeError(
            f'pretrained={pretrained!r} is not a tag, a file path or None: set one of these.'
        )
    tags = list_pretrained_tags_by_model(clean_name(arch)) if isinstance(arch, str) else []
    if pretrained not in tags:
        pretrained = find_file(pretrained)
    if skips_weights():
        name = clean_name(arch) if isinstance(arch, str) else ''
        return _create(arch, only, trained_with_quick_gelu(name, pretrained))
    if isinstance(arch, str) and pretrained in tags:
        return _create_from_tag(arch, pretrained)
    if not Path(pretrained).is_file():
        raise FileNotFoundError(
            f"pretrained='{pretrained}' is neither a file on this machine nor a tag of "
            f'{arch_name(arch)} (tags: {", ".join(tags) or "none"}): set one of these.'
        )
    if isinstance(arch, dict) or not arch.startswith(SCHEMES):
        refuse_other_settings(get_model_config(arch) or {}, pretrained)
    state_dict = read_state_dict(pretrained)
    # OpenAI trained with QuickGELU; running its weights with GELU is silently worse.
    from_openai = all(key in state_dict for key in OPENAI_CONSTANTS)
    model = _create(arch, only, force_quick_gelu=from_openai)
    _load(model, state_dict, pretrained, arch)
    return model


def output_width(model: nn.Module) -> int:
    """D, the width of the features on which both towers of a model agree."""
    text: Any = model.get_submodule('text')
    return int(text.output_dim)


def _create(arch: Arch, only: Tower | None, force_quick_gelu: bool = False) -> nn.Module:
    """A model with random weights."""
    try:
        with cache_only_when_offline() if needs_hub(arch) else nullcontext():
            if isinstance(arch, str) and arch.startswith(SCHEMES):
                model = open_clip.create_model(
                    arch,
                    load_weights=False,
                    force_quick_gelu=force_quick_gelu,
                    force_custom_text=True,
                    pretrained_text=False,  # never a silent download of a language model
                )
            else:
                model = _create_from_config(get_model_config(arch) or {}, only, force_quick_gelu)
    except (OSError, RuntimeError) as error:
        if not needs_hub(arch):
            raise
        raise FileNotFoundError(
            f'The text tower of {arch_name(arch)} is a language model of the Hugging Face hub, '
            f'which could not be read ({first_line(error)}): install transformers and '
            'put its config.json into a folder that hf_model_name of an arch dict names.'
        ) from error
    return _features_only(model)


def _create_from_config(arch: dict, only: Tower | None, force_quick_gelu: bool) -> nn.Module:
    cfg = {key: value for key, value in arch.items() if key != 'custom_text'}
    # no silent download of weights of one tower
    cfg['text_cfg'] = dict(cfg['text_cfg'], hf_model_pretrained=False)
    cfg['vision_cfg'] = dict(cfg['vision_cfg'], timm_model_pretrained=False)
    if force_quick_gelu:
        cfg['quick_gelu'] = True
    kind = open_clip.CoCa if 'multimodal_cfg' in cfg else open_clip.CustomTextCLIP
    try:
        with _other_tower_on_meta(only):
            return kind(**cfg)
    except TypeError as error:
        raise ValueError(f'open_clip refuses the arch dict ({error}): correct that key.') from error


@contextmanager
def _other_tower_on_meta(only: Tower | None) -> Iterator[None]:
    """Let open_clip build the unused tower on the meta device: no memory, no initialization."""
    unused = {'visual': '_build_text_tower', 'text': '_build_vision_tower'}.get(only or '', '')
    build = getattr(open_clip.model, unused, None)
    if build is None:
        yield
        return

    def build_on_meta(*args: Any, **kwargs: Any) -> nn.Module:
        with torch.device('meta'):
            return build(*args, **kwargs)

    setattr(open_clip.model, unused, build_on_meta)
    try:
        yield
    finally:
        setattr(open_clip.model, unused, build)


def _features_only(model: nn.Module) -> nn.Module:
    """Let towers that also return tokens (CoCa) return the feature alone."""
    tower: Any
    for tower in (getattr(model, 'visual', None), getattr(model, 'text', None)):
        if getattr(tower, 'output_tokens', False):
            tower.output_tokens = False
    return model


def _create_from_tag(arch: str, tag: str | None) -> nn.Module:
    """A model with the weights of a tag, or those that a ``hf-hub:`` / ``local-dir:`` name has."""
    cfg = get_pretrained_cfg(clean_name(arch), tag) if tag else {}
    try:
        with cache_only_when_offline():
            model = open_clip.create_model(
                arch,
                pretrained=tag,
                force_quick_gelu=bool(cfg.get('quick_gelu', False)),
                force_custom_text=True,
                require_pretrained=True,
            )
    except Exception as error:  # the hub's client raises many kinds for "not reachable"
        advice = (
            how_to_get(arch, tag)
            if tag
            else 'give a folder with its weights as local-dir:FOLDER, or the file as `pretrained`'
        )
        raise FileNotFoundError(
            f'The weights {tag or "that belong to the name"} of {arch} are not on this machine and '
            f'could not be downloaded: {advice}.'
        ) from error
    check_weight_values(model.state_dict(), tag or arch)
    return _features_only(model)


def _load(model: nn.Module, state_dict: dict[str, Tensor], path: str, arch: Arch) -> None:
    """Loads a state dict of any layout that open_clip knows, strictly."""
    for key in OPENAI_CONSTANTS:
        state_dict.pop(key, None)
    state_dict = convert_state_dict(model, state_dict)
    if 'positional_embedding' in state_dict:  # the one-piece layout of OpenAI
        state_dict = convert_to_custom_text_state_dict(state_dict)
    resize_pos_embed(state_dict, model)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*to a meta parameter')  # the unused tower
        misfit = load_state_dict_or_explain(model, state_dict)
    if misfit:
        raise ValueError(
            f"The weights in '{path}' do not fit {arch_name(arch)} ({misfit}): "
            f'{_advice(state_dict)}.'
        )
    print_log(f'Loaded CLIP weights from {path} into {arch_name(arch)}.', 'current', logging.INFO)


def _advice(state_dict: dict[str, Tensor]) -> str:
    """What to do with weights that do not fit, by the layout of their names."""
    for prefixes, advice in _OTHER_LAYOUTS.items():
        if any(name.startswith(prefixes) for name in state_dict):
            return advice
    return 'set `arch` to the model that they belong to'


def trained_with_quick_gelu(arch: str, tag_or_file: str) -> bool:
    """Whether weights ask for QuickGELU, which the shapes of the weights do not tell.

    Args:
        arch: open_clip model name, or '' for a config dict.
        tag_or_file: A tag of ``arch``, or a path.
    """
    if arch and tag_or_file in list_pretrained_tags_by_model(arch):
        return bool(get_pretrained_cfg(arch, tag_or_file).get('quick_gelu', False))
    if not Path(tag_or_file).is_file():
        print_log(
            f"The file '{tag_or_file}' that the config names as `pretrained` is not here. Its "
            "weights are not needed, but if they were OpenAI's, set `arch` to a name that ends in "
            '-quickgelu, or scores will be wrong; if its folder told a pixel mean and std, set '
            'those of data_preprocessor.',
            'current',
            30,
        )
        return False
    return has_openai_constants(tag_or_file)
