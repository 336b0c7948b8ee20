"""One door to open_clip: any of its models as two separable towers, with weights and settings."""

import difflib
import logging
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import open_clip
from mmengine.logging import print_log
from open_clip import factory
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict, resize_pos_embed
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from torch import Tensor, nn

from ...utils import first_line
from ...utils.weight_values import check_weight_values
from .hub import cache_only_when_offline
from .model_folder import refuse_other_settings
from .state_dict import OPENAI_CONSTANTS, read_state_dict
from .strict_loading import misfit_of_loaded
from .unread_weights import trained_with_quick_gelu, weights_stay_unread

Arch = str | dict
SCHEMES = (factory.LOCAL_DIR_PREFIX, factory.HF_HUB_PREFIX)  # names that bring their own weights

# beginnings of names that open_clip never gives, and what to do with such a file
_OTHER_LAYOUTS = {
    ('backbone.', 'cls_head.'): 'load the checkpoint of a whole recognizer with `load_from`',
    ('vision_model.', 'text_model.', 'clip.visual.'): (
        'convert them with tools/convert/to_actionclip.py and load the result with `load_from`'
    ),
}


def build_clip(arch: Arch, pretrained: str | None = None) -> nn.Module:
    """Builds an open_clip model with separate ``.visual`` and ``.text`` towers.

    Args:
        arch: An open_clip model name (``ViT-B-16``, ``RN50``, ``local-dir:…``) or a model-config
            dict in open_clip's JSON layout (``embed_dim``, ``vision_cfg``, ``text_cfg``).
            ``local-dir:`` and ``hf-hub:`` names bring their weights with them.
        pretrained: An open_clip tag (``openai``, ``laion2b_s34b_b88k``), the path of a weight file
            or None for random weights (for the weights of ``local-dir:`` and ``hf-hub:`` names).

    Returns:
        ``CustomTextCLIP`` with ``visual``, ``text``, ``logit_scale`` and ``logit_bias``.

    Raises:
        TypeError: ``arch`` is neither a name nor a dict.
        ValueError: Unknown name or tag, broken dict, or weights that do not fit.
        FileNotFoundError: ``pretrained`` is neither a tag nor a file, or cannot be downloaded.
    """
    check_arch(arch)
    if isinstance(arch, str) and arch.startswith(SCHEMES) and pretrained is None:
        return _create(arch) if weights_stay_unread() else _create_from_tag(arch, None)
    if pretrained is None:
        return _create(arch)
    if not isinstance(pretrained, str):
        raise TypeError(
            f'pretrained={pretrained!r} is not a tag, a file path or None: set one of these.'
        )
    tags = list_pretrained_tags_by_model(clean_name(arch)) if isinstance(arch, str) else []
    if weights_stay_unread():
        name = clean_name(arch) if isinstance(arch, str) else ''
        return _create(arch, trained_with_quick_gelu(name, pretrained, tags))
    if isinstance(arch, str) and pretrained in tags:
        return _create_from_tag(arch, pretrained)
    if not Path(pretrained).is_file():
        raise FileNotFoundError(
            f"pretrained='{pretrained}' is neither a file on this machine nor a tag of "
            f'{arch_name(arch)} (tags: {", ".join(tags) or "none"}): set one of these.'
        )
    if isinstance(arch, dict) or not arch.startswith(SCHEMES):
        cfg = open_clip.get_model_config(clean_name(arch)) if isinstance(arch, str) else arch
        refuse_other_settings(cfg or {}, pretrained)
    state_dict = read_state_dict(pretrained)
    # OpenAI trained with QuickGELU; running its weights with GELU is silently worse.
    from_openai = all(key in state_dict for key in OPENAI_CONSTANTS)
    model = _create(arch, force_quick_gelu=from_openai)
    _load(model, state_dict, pretrained, arch)
    return model


def arch_name(arch: Arch) -> str:
    """A short name for messages: the open_clip name, or the size of a config dict."""
    if isinstance(arch, str):
        return arch
    return f'a config dict of width {arch.get("embed_dim")}'


def output_width(model: nn.Module) -> int:
    """D, the width of the features on which both towers of a model agree."""
    text: Any = model.get_submodule('text')
    return int(text.output_dim)


def clean_name(arch: str) -> str:
    """open_clip's spelling of OpenAI's names: ``ViT-B/16`` -> ``ViT-B-16``."""
    return arch.replace('/', '-')


def check_arch(arch: Arch) -> None:
    """Refuses what names or describes no model; the errors are those of :func:`build_clip`."""
    if isinstance(arch, dict):
        missing = [key for key in ('embed_dim', 'vision_cfg', 'text_cfg') if key not in arch]
        if missing:
            raise ValueError(
                f'The arch dict lacks {", ".join(missing)}: give a model config in '
                "open_clip's layout (embed_dim, vision_cfg, text_cfg)."
            )
        return
    if not isinstance(arch, str):
        raise TypeError(
            f'arch is a {type(arch).__name__}: give an open_clip model name or a config dict.'
        )
    if arch.startswith(factory.LOCAL_DIR_PREFIX):
        folder = Path(arch.removeprefix(factory.LOCAL_DIR_PREFIX))
        if not (folder / 'open_clip_config.json').is_file():
            raise FileNotFoundError(
                f"There is no open_clip_config.json in '{folder}': set arch to local-dir:FOLDER "
                'with the folder of an open_clip model.'
            )
    if arch.startswith(SCHEMES):
        return
    names = open_clip.list_models()
    if clean_name(arch) not in names:
        # a list of all would fill the screen
        near = difflib.get_close_matches(clean_name(arch), names, n=3, cutoff=0.4)
        raise ValueError(
            f"open_clip knows no model '{arch}' (near: {', '.join(near) or 'none'}): set arch to "
            'one of open_clip.list_models() or to a model-config dict.'
        )


def _create(arch: Arch, force_quick_gelu: bool = False) -> nn.Module:
    """A model at random weights; the log line of open_clip about that is not repeated here."""
    try:
        with cache_only_when_offline() if _needs_hub(arch) else nullcontext():
            if isinstance(arch, str):
                model = open_clip.create_model(
                    arch,
                    load_weights=False,  # of a `local-dir:` name
                    force_quick_gelu=force_quick_gelu,
                    force_custom_text=True,
                    pretrained_text=False,  # never a silent download of a language model
                )
            else:
                model = _create_from_dict(arch, force_quick_gelu)
    except (OSError, RuntimeError) as error:
        if not _needs_hub(arch):
            raise
        raise FileNotFoundError(
            f'The text tower of {arch_name(arch)} is a language model of the Hugging Face hub, '
            f'which could not be read ({first_line(error)}): install transformers and '
            'put its config.json into a folder that hf_model_name of an arch dict names.'
        ) from error
    return _features_only(model)


def _create_from_dict(arch: dict, force_quick_gelu: bool) -> nn.Module:
    cfg = {key: value for key, value in arch.items() if key != 'custom_text'}
    cfg['text_cfg'] = dict(cfg['text_cfg'], hf_model_pretrained=False)
    if force_quick_gelu:
        cfg['quick_gelu'] = True
    kind = open_clip.CoCa if 'multimodal_cfg' in cfg else open_clip.CustomTextCLIP
    try:
        return kind(**cfg)
    except TypeError as error:
        raise ValueError(f'open_clip refuses the arch dict ({error}): mend that key.') from error


def _needs_hub(arch: Arch) -> bool:
    """Whether the text tower is a language model whose layout the hub keeps."""
    cfg: Any = arch
    if isinstance(arch, str):
        if arch.startswith(factory.HF_HUB_PREFIX):
            return True
        # a path follows the scheme and keeps its slashes
        cfg = open_clip.get_model_config(arch if arch.startswith(SCHEMES) else clean_name(arch))
    return bool(cfg) and 'hf_model_name' in cfg['text_cfg']


def _features_only(model: nn.Module) -> nn.Module:
    """Towers that give tokens beside the feature (CoCa) give the feature alone."""
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
        raise FileNotFoundError(
            f'The weights {tag or "that belong to the name"} of {arch} are not on this machine and '
            'could not be downloaded: give the path of a local weight file as `pretrained` '
            '(`--pretrained FILE`).'
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
    misfit = misfit_of_loaded(model, state_dict)
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
