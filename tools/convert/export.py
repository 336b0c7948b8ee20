"""Exports a trained checkpoint: its weights alone, with the config or model file to use them.

    python tools/convert/export.py CHECKPOINT --config CFG OUT.safetensors [--layout open_clip]

Layout actionclip (default): the whole recognizer, and OUT's name in .py, a config that needs no
other weight, label or template file.
Layout open_clip: the two CLIP towers only, and open_clip_config.json beside OUT; other code bases
build it by open_clip.create_model('local-dir:FOLDER', pretrained='OUT').
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path += map(str, Path(__file__).resolve().parents[1:3])  # of what is not installed

from _entry import run_tool

# isort: split
import torch
from mmengine.config import Config, ConfigDict
from torch import nn

from actionclip_mm.apis.building import build_trained, read_model_config
from actionclip_mm.clip import build_clip, clean_name, list_models
from actionclip_mm.clip.build import trained_with_quick_gelu
from actionclip_mm.clip.weight_files import check_suffix, sha256, write_weights
from actionclip_mm.converters import SOURCES
from actionclip_mm.converters.architecture import model_config
from actionclip_mm.converters.renaming import SCALE, TEXT, VISUAL
from actionclip_mm.models.backbones import CLIPImageEncoder
from actionclip_mm.models.text import read_prompts
from actionclip_mm.utils import check_writable, in_docstring, list_names, write_json, write_text
from actionclip_mm.utils.wrapped_datasets import innermost_config

DEFAULT_ARCH = 'ViT-B-16'  # of the backbone and of the label encoder


def self_contained_arch(part: dict[str, Any]) -> str | dict:
    """The ``arch`` of a backbone or label encoder that needs no ``pretrained`` next to it.

    ``pretrained`` decides the activation and the logit bias of SigLIP, and some names bring
    weights, so these become dicts.
    """
    arch, pretrained = part.get('arch', DEFAULT_ARCH), part.get('pretrained')
    name = clean_name(arch) if isinstance(arch, str) else ''
    is_plain_name = name in list_models()
    if pretrained is not None or not (is_plain_name or isinstance(arch, dict)):
        cfg = model_config(arch)
        if cfg.get('init_logit_bias') is not None:  # no weight of a recognizer carries it
            bias = build_clip(arch, pretrained).get_parameter('logit_bias').item()
            return {**cfg, 'init_logit_bias': bias}
    if pretrained is not None:
        if trained_with_quick_gelu(name, pretrained):
            return {**model_config(arch), 'quick_gelu': True}
    return arch if is_plain_name else model_config(arch)


def has_clip_tower(model: nn.Module) -> bool:
    return isinstance(model.backbone, CLIPImageEncoder)


def has_texts(model: nn.Module) -> bool:
    return hasattr(model.cls_head, 'label_encoder')


def self_contained(cfg: Config, model: nn.Module) -> dict[str, Any]:
    """The ``model`` of a config without names of weight, label or template files."""
    plain: dict[str, Any] = cfg.model.to_dict()
    backbone = plain['backbone']
    if has_clip_tower(model):
        backbone.update(arch=self_contained_arch(backbone), pretrained=None)
    elif 'pretrained' in backbone:
        backbone['pretrained'] = None
    if has_texts(model):
        encoder = plain['cls_head']['label_encoder']
        encoder.update(arch=self_contained_arch(encoder), pretrained=None)
        encoder['labels'] = list(model.cls_head.label_encoder.labels)
        templates = encoder.get('templates')
        if isinstance(templates, str) and Path(templates).is_file():
            prompts = read_prompts(templates)
            encoder['templates'] = prompts if isinstance(prompts, dict) else list(prompts)
    pixels = model.data_preprocessor
    plain.setdefault('data_preprocessor', dict(type='ActionDataPreprocessor', format_shape='NCTHW'))
    for name in ('mean', 'std'):
        value = getattr(pixels, name, None)
        if value is not None:
            plain['data_preprocessor'][name] = value.flatten().tolist()
    return plain


def export_recognizer(cfg: Config, model: nn.Module, args: argparse.Namespace) -> None:
    """Writes the whole recognizer and its config."""
    config = args.out.with_suffix('.py')
    _refuse_overwriting([args.out, config], args.force)
    content = {key: value for key, value in cfg.to_dict().items() if key != 'work_dir'}
    content.update(model=self_contained(cfg, model), load_from=str(args.out), resume=False)
    content.setdefault('default_scope', 'mmaction')
    content.setdefault(
        'custom_imports', dict(imports=['actionclip_mm', 'actionclip_mm.compat.at_run'])
    )
    write_weights(args.out, model.state_dict(), _meta(args))
    docstring = in_docstring(
        f'Exported from {args.checkpoint.name} and {args.config.name}.\n\n'
        f'    python tools/test.py {config} {args.out}\n'
    )
    text = f'"""{docstring}"""\n\n{Config(content).pretty_text}'
    write_text(config, text)
    print(f'wrote    {config}')


def export_open_clip(cfg: Config, model: nn.Module, args: argparse.Namespace) -> None:
    """Writes the two towers and their model file.

    Raises:
        ValueError: There are no two towers, they are of different models, or weights would be left
            out.
    """
    if not (has_clip_tower(model) and has_texts(model)):
        raise ValueError(
            f'{type(model.backbone).__name__} and {type(model.cls_head).__name__} are no two CLIP '
            'towers, which open_clip needs: export with --layout actionclip.'
        )
    sidecar = args.out.with_name('open_clip_config.json')
    _refuse_overwriting([args.out, sidecar], args.force)
    parts = (cfg.model.backbone.to_dict(), cfg.model.cls_head.label_encoder.to_dict())
    arch, text_arch = (model_config(self_contained_arch(part)) for part in parts)
    if arch != text_arch:
        raise ValueError(
            'The towers of backbone.arch and label_encoder.arch are of different models, which '
            'open_clip cannot hold in one file: export with --layout actionclip.'
        )
    state = model.state_dict()
    clip = {
        name: v for name, v in state.items() if name.startswith((VISUAL, TEXT)) or name == SCALE
    }
    rest = [name for name in state if name not in clip]
    if rest and not args.allow_partial:
        raise ValueError(
            f'open_clip has no place for {len(rest)} weights ({list_names(rest)}): export with '
            '--layout actionclip, or add --allow-partial to leave them out.'
        )
    weights = SOURCES['open_clip'].from_recognizer(clip)
    scalar = [1] if arch.get('nonscalar_logit_scale') else []
    weights['logit_scale'] = weights['logit_scale'].reshape(scalar)
    if arch.get('init_logit_bias') is not None:
        weights['logit_bias'] = torch.full(scalar, float(arch['init_logit_bias']))
    write_weights(args.out, weights, _meta(args))
    content = dict(
        model_cfg={**arch, 'custom_text': True}, preprocess_cfg=preprocess_cfg(cfg, model)
    )
    write_json(sidecar, content, indent=2)
    if rest:
        print(f'LEFT OUT {len(rest)}: {list_names(rest, most=20)}')
    print(f'wrote    {sidecar}')


def preprocess_cfg(cfg: Config, model: nn.Module) -> dict[str, Any]:
    """How frames become the input of the image tower, in open_clip's words.

    Resizing is that of the test pipeline, or of the tower where the config has none.
    """
    found: dict[str, Any] = {
        name: [round(v / 255, 8) for v in getattr(model.data_preprocessor, name).flatten().tolist()]
        for name in ('mean', 'std')
    }
    loader = cfg.get('test_dataloader') or ConfigDict()
    pipeline = innermost_config(loader).get('pipeline') or cfg.get('test_pipeline') or []
    resize = [step for step in pipeline if step['type'] in ('Resize', 'CLIPResize')]
    if not resize:
        preprocess = model.backbone.preprocess
        return found | dict(
            interpolation=preprocess.interpolation, resize_mode=preprocess.resize_mode
        )
    default = 'bicubic' if resize[-1]['type'] == 'CLIPResize' else 'bilinear'
    return found | dict(
        interpolation=resize[-1].get('interpolation', default),
        resize_mode='shortest' if resize[-1].get('keep_ratio', True) else 'squash',
    )


LAYOUTS = {'actionclip': export_recognizer, 'open_clip': export_open_clip}


def run(args: argparse.Namespace) -> None:
    """Reads the checkpoint strictly and writes it in the chosen layout."""
    check_suffix(args.out)
    check_writable(args.out)
    cfg = read_model_config(args.config)
    model = build_trained(cfg, str(args.checkpoint))
    print(f'read     {args.checkpoint}  SHA-256 {sha256(args.checkpoint)}')
    LAYOUTS[args.layout](cfg, model, args)
    print(f'wrote    {args.out}  SHA-256 {sha256(args.out)}')


def _meta(args: argparse.Namespace) -> dict[str, str]:
    return dict(source_file=args.checkpoint.name, source_sha256=sha256(args.checkpoint))


def _refuse_overwriting(paths: list[Path], force: bool) -> None:
    for path in paths:
        if path.exists() and not force:
            raise FileExistsError(f"'{path}' is there already: name another OUT or add --force.")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', type=Path, help='what tools/train.py wrote')
    parser.add_argument('out', type=Path, help='.safetensors or .pth to write')
    parser.add_argument('--config', type=Path, required=True, help='config of the checkpoint')
    parser.add_argument('--layout', default='actionclip', choices=list(LAYOUTS))
    parser.add_argument('--allow-partial', action='store_true', help='leave out what has no place')
    parser.add_argument('--force', action='store_true', help='overwrite files')
    try:
        run(parser.parse_args(argv))
    except (ValueError, OSError) as error:
        sys.exit(f'Error: {error}')


if __name__ == '__main__':
    run_tool(main)
