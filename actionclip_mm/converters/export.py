"""A trained recognizer as files that need no others: config or open_clip model, and weights."""

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from ..clip import Arch, build_clip, list_models
from ..clip.weight_files import write_weights
from ..models.backbones import CLIPImageEncoder
from ..models.building import clip_of_images, clip_of_texts, has_texts
from ..models.lora import merge_state_dict
from ..utils import in_docstring, list_names, write_json, write_text
from .architecture import model_config
from .convert import SOURCES
from .description import self_contained, self_contained_arch, test_pipeline_of
from .renaming import SCALE, TEXT, VISUAL


def exported_arch(arch: Arch, pretrained: str | None) -> Arch:
    """:func:`self_contained_arch` with SigLIP's logit bias, which no weight of ours carries."""
    cfg = model_config(arch)
    brings_weights = pretrained is not None or not (isinstance(arch, dict) or arch in list_models())
    if cfg.get('init_logit_bias') is not None and brings_weights:
        bias = build_clip(arch, pretrained).get_parameter('logit_bias').item()
        return {**cfg, 'init_logit_bias': bias}
    return self_contained_arch(arch, pretrained)


def has_clip_tower(model: nn.Module) -> bool:
    return isinstance(model.backbone, CLIPImageEncoder)


def export_recognizer(
    cfg: Config, model: nn.Module, out: Path, meta: dict[str, str], origin: str
) -> list[Path]:
    """Write the whole recognizer and its config.

    Args:
        cfg: The config that the checkpoint was trained with.
        model: The model with the weights of the checkpoint.
        out: Weight file to write; the config goes next to it.
        meta: Metadata of the weight file.
        origin: What was exported, for the docstring of the config.

    Returns:
        The files next to ``out``.
    """
    config = out.with_suffix('.py')
    content = {key: value for key, value in cfg.to_dict().items() if key != 'work_dir'}
    plain = self_contained(cfg, model, arch_of=exported_arch)
    content.update(model=plain, load_from=str(out), resume=False)
    content.setdefault('default_scope', 'mmaction')
    content.setdefault(
        'custom_imports', dict(imports=['actionclip_mm', 'actionclip_mm.compat.at_run'])
    )
    write_weights(out, model.state_dict(), meta)
    docstring = in_docstring(f'Exported from {origin}.\n\n    actionclip test {config} {out}\n')
    write_text(config, f'"""{docstring}"""\n\n{Config(content).pretty_text}')
    return [config]


def export_open_clip(
    cfg: Config, model: nn.Module, out: Path, meta: dict[str, str], allow_partial: bool = False
) -> tuple[list[Path], list[str]]:
    """Write the two towers and ``open_clip_config.json``.

    Args:
        cfg: The config that the checkpoint was trained with.
        model: The model with the weights of the checkpoint.
        out: Weight file to write.
        meta: Metadata of the weight file.
        allow_partial: Whether weights without a place in open_clip may be omitted.

    Returns:
        The files next to ``out``, and the names of omitted weights.

    Raises:
        ValueError: The model does not have two towers of one CLIP, or weights would be omitted.
    """
    if not (has_clip_tower(model) and has_texts(model)):
        raise ValueError(
            f'--layout open_clip needs two CLIP towers, got {type(model.backbone).__name__} and '
            f'{type(model.cls_head).__name__}: export with --layout actionclip.'
        )
    backbone, encoder = cfg.model.backbone.to_dict(), cfg.model.cls_head.label_encoder.to_dict()
    clips = clip_of_images(backbone), clip_of_texts(backbone, encoder)
    arch, text_arch = (model_config(exported_arch(*clip)) for clip in clips)
    if arch != text_arch:
        raise ValueError(
            'backbone.arch and label_encoder.arch are different models, which open_clip cannot '
            'hold in one file: export with --layout actionclip.'
        )
    state = merge_state_dict(model.state_dict())  # LoRA becomes plain weights
    clip = {
        name: v for name, v in state.items() if name.startswith((VISUAL, TEXT)) or name == SCALE
    }
    rest = [name for name in state if name not in clip]
    if rest and not allow_partial:
        raise ValueError(
            f'open_clip has no place for {len(rest)} weights ({list_names(rest)}): export with '
            '--layout actionclip, or add --allow-partial to omit them.'
        )
    weights = SOURCES['open_clip'].from_recognizer(clip)
    scalar = [1] if arch.get('nonscalar_logit_scale') else []
    weights['logit_scale'] = weights['logit_scale'].reshape(scalar)
    if arch.get('init_logit_bias') is not None:
        weights['logit_bias'] = torch.full(scalar, float(arch['init_logit_bias']))
    write_weights(out, weights, meta)
    sidecar = out.with_name('open_clip_config.json')
    content = dict(
        model_cfg={**arch, 'custom_text': True}, preprocess_cfg=preprocess_cfg(cfg, model)
    )
    write_json(sidecar, content, indent=2)
    return [sidecar], rest


def preprocess_cfg(cfg: Config, model: nn.Module) -> dict[str, Any]:
    """How frames become the input of the image tower, in open_clip's words.

    Resizing is that of the test pipeline, or of the tower if the config has none.
    """
    found: dict[str, Any] = {
        name: [round(v / 255, 8) for v in getattr(model.data_preprocessor, name).flatten().tolist()]
        for name in ('mean', 'std')
    }
    resize = [
        step for step in test_pipeline_of(cfg) or [] if step['type'] in ('Resize', 'CLIPResize')
    ]
    if not resize:
        backbone: Any = model.backbone
        preprocess = backbone.preprocess
        return found | dict(
            interpolation=preprocess.interpolation, resize_mode=preprocess.resize_mode
        )
    default = 'bicubic' if resize[-1]['type'] == 'CLIPResize' else 'bilinear'
    return found | dict(
        interpolation=resize[-1].get('interpolation', default),
        resize_mode='shortest' if resize[-1].get('keep_ratio', True) else 'squash',
    )
