"""Reading a CLIP's architecture from the shapes of its weights, as an open_clip model config.

Shapes do not tell the number of heads (64 channels each in OpenAI's code, or those of the model
that open_clip publishes with exactly these shapes), the activation, the LayerNorm epsilon and where
the text feature is taken: these come from the files next to the weights or from the caller. Details
of other models than a plain CLIP are refused later by their left-over weights.
"""

import copy
import math
from typing import Any

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import Tensor

from ..clip import CLIPTextCfg, CLIPVisionCfg, build_clip, get_model_config, list_models
from ..utils.carried_files import carried
from .mapped import Hints
from .renaming import TEXT, VISUAL

HEAD_WIDTH = 64  # of CLIP's towers


def read_arch(state: dict[str, Tensor], quick_gelu: bool, hints: Hints) -> str | dict:
    """The open_clip model that weights belong to.

    Args:
        state: Weights under the names of ``CLIPRecognizer``.
        quick_gelu: The activation.
        hints: ``arch`` is taken as it is; heads are those given, or are inferred; settings of the
            towers are added.

    Returns:
        A model-config dict; the name in the hints if its activation is the same.

    Raises:
        ValueError: Weights of a tower are missing whose shapes are needed.
    """
    if hints.arch is not None:
        cfg = model_config(hints.arch)
        if isinstance(hints.arch, str) and bool(cfg.get('quick_gelu', False)) == quick_gelu:
            return hints.arch
        return {**cfg, 'quick_gelu': quick_gelu}
    arch: dict[str, Any] = dict(
        embed_dim=_shape(state, f'{TEXT}text_projection')[-1],
        quick_gelu=quick_gelu,
        vision_cfg=_read_vision(state, hints),
        text_cfg=_read_text(state, hints),
    )
    if (hints.vision_heads, hints.text_heads, hints.vision, hints.text) == (None, None, {}, {}):
        return _published(arch) or arch
    return arch


def mini_clip(state: dict[str, Tensor]) -> dict[str, Any] | None:
    """The config of the mini CLIP, which this project publishes, if weights have its shapes."""
    config = Config.fromfile(carried('configs/_base_/models/mini_clip.py'))
    arch: dict[str, Any] = config.arch.to_dict()
    same = {name: value.shape for name, value in state.items()} == expected_shapes(arch, None, None)
    return arch if same else None


def assumes_heads(arch: str | dict, hints: Hints) -> bool:
    """Whether nothing but CLIP's habit tells the heads of an architecture that was read."""
    if hints.arch is not None or None not in (hints.vision_heads, hints.text_heads):
        return False
    return _published(model_config(arch)) is None


def model_config(arch: str | dict) -> dict[str, Any]:
    """The model-config dict of an open_clip name; a dict is its own.

    Raises:
        ValueError: open_clip knows no such name.
    """
    cfg = get_model_config(arch)
    if cfg is None:
        raise ValueError(
            f"open_clip knows no model '{arch}': set --arch to one of open_clip.list_models()."
        )
    return cfg


def expected_shapes(
    arch: str | dict, neck: dict | None, visual_prompt: dict | None
) -> dict[str, torch.Size]:
    """Names and shapes of all weights of a ``CLIPRecognizer``, without making any weight.

    Raises:
        ValueError: open_clip refuses the architecture.
    """
    cfg = model_config(arch)
    backbone = dict(type='CLIPImageEncoder', arch=cfg, visual_prompt=visual_prompt)
    try:
        with torch.device('meta'):
            text = build_clip(cfg).get_submodule('text')
            parts = {'backbone.': MODELS.build(backbone), TEXT: text}
            if neck is not None:
                parts['neck.'] = MODELS.build(neck)
    except Exception as error:  # whatever a constructor of open_clip says of a number or a name
        said = ' '.join(str(error).split()).rstrip('.')[:300]
        raise ValueError(
            f'No model can be built from what the file tells ({type(error).__name__}: {said}): '
            'give an undamaged file, or fix the config next to it.'
        ) from error
    shapes = {'cls_head.logit_scale': torch.Size([])}
    for prefix, part in parts.items():
        shapes.update({prefix + name: value.shape for name, value in part.state_dict().items()})
    return shapes


def _read_vision(state: dict[str, Tensor], hints: Hints) -> dict[str, Any]:
    if f'{VISUAL}layer1.0.conv1.weight' in state:
        return _read_resnet(state, hints)
    width, _, patch, _ = _shape(state, f'{VISUAL}conv1.weight', 4)
    side = _side(_shape(state, f'{VISUAL}positional_embedding')[0] - 1)
    size = hints.vision.get('image_size', patch * side)
    if size // patch != side:
        raise ValueError(
            f'The image tower has positions for {side} x {side} patches of {patch} pixels, but the '
            f'config next to the weights says image_size {size}: make them agree.'
        )
    head_width = min(HEAD_WIDTH, width)
    if hints.vision_heads is not None:
        head_width = _split(width, hints.vision_heads, 'image')
    cfg = dict(
        image_size=size,
        patch_size=patch,
        width=width,
        layers=count_layers(state, f'{VISUAL}transformer.resblocks.'),
        head_width=head_width,
    )
    return cfg | _mlp_ratio(state, f'{VISUAL}transformer.resblocks.0.', width) | hints.vision


def _read_resnet(state: dict[str, Tensor], hints: Hints) -> dict[str, Any]:
    grid = _side(_shape(state, f'{VISUAL}attnpool.positional_embedding')[0] - 1)
    width = _shape(state, f'{VISUAL}layer1.0.conv1.weight')[0]
    cfg = dict(
        image_size=32 * grid,  # its five halvings
        patch_size=None,
        width=width,
        layers=[count_layers(state, f'{VISUAL}layer{stage}.') for stage in (1, 2, 3, 4)],
    )
    if hints.vision_heads is not None:
        cfg['head_width'] = _split(32 * width, hints.vision_heads, 'image')
    return cfg | hints.vision


def _read_text(state: dict[str, Tensor], hints: Hints) -> dict[str, Any]:
    vocabulary, width = _shape(state, f'{TEXT}token_embedding.weight', 2)
    if hints.text_heads is not None:
        _split(width, hints.text_heads, 'text')
    cfg = dict(
        context_length=_shape(state, f'{TEXT}positional_embedding')[0],
        vocab_size=vocabulary,
        width=width,
        heads=hints.text_heads or max(1, width // HEAD_WIDTH),
        layers=count_layers(state, f'{TEXT}transformer.resblocks.'),
    )
    return cfg | _mlp_ratio(state, f'{TEXT}transformer.resblocks.0.', width) | hints.text


def _split(width: int, heads: int, tower: str) -> int:
    """Channels per head.

    Raises:
        ValueError: The heads do not divide the width.
    """
    if heads < 1 or width % heads:
        raise ValueError(
            f'The number of heads of the {tower} tower must divide its width {width}, got {heads}.'
        )
    return width // heads


def _mlp_ratio(state: dict[str, Tensor], block: str, width: int) -> dict[str, float]:
    ratio = _shape(state, f'{block}mlp.c_fc.weight')[0] / width
    return {} if ratio == 4 else {'mlp_ratio': ratio}


def count_layers(state: dict[str, Tensor], prefix: str) -> int:
    """How many different numbers follow a prefix in the names."""
    return len({name[len(prefix) :].split('.')[0] for name in state if name.startswith(prefix)})


def _shape(state: dict[str, Tensor], name: str, dims: int | None = None) -> torch.Size:
    if name not in state or (dims is not None and state[name].dim() != dims):
        raise ValueError(
            f'The file has no weights for {name} of a plain CLIP, so its architecture cannot be '
            'read: give a whole CLIP; of open_clip, other models work too with their '
            'open_clip_config.json next to the file, or with --arch NAME.'
        )
    return state[name].shape


def _side(patches: int) -> int:
    side = math.isqrt(patches)
    if side * side != patches:
        raise ValueError(
            f'The image tower has positions for {patches} patches, which are not a square: give a '
            'file of open_clip with its open_clip_config.json next to it, or with --arch NAME.'
        )
    return side


def _published(arch: dict[str, Any]) -> dict[str, Any] | None:
    """The model that open_clip publishes with exactly these shapes, with our activation.

    Raises:
        ValueError: Several, which differ in more than the activation.
    """
    wanted, found = _dimensions(arch), {}
    for name in list_models():
        cfg = get_model_config(name) or {}
        if _is_plain(cfg) and _dimensions(cfg) == wanted:
            found[name] = {k: v for k, v in cfg.items() if k not in ('quick_gelu', 'custom_text')}
    if not found:
        return None
    cfg = next(iter(found.values()))
    if any(other != cfg for other in found.values()):
        raise ValueError(
            f'The weights fit several models of open_clip ({", ".join(found)}): say which one it '
            'is (--arch NAME).'
        )
    return {**copy.deepcopy(cfg), 'quick_gelu': arch['quick_gelu']}


def _is_plain(cfg: dict[str, Any]) -> bool:
    return (
        'multimodal_cfg' not in cfg
        and 'timm_model_name' not in cfg['vision_cfg']
        and 'hf_model_name' not in cfg['text_cfg']
    )


def _dimensions(cfg: dict[str, Any]) -> tuple:
    """All that shapes tell of a model config, with open_clip's defaults filled in."""
    vision, text = CLIPVisionCfg(**cfg['vision_cfg']), CLIPTextCfg(**cfg['text_cfg'])
    is_vit = isinstance(vision.layers, int)
    return (
        cfg['embed_dim'],
        (vision.width, str(vision.layers), vision.image_size, vision.mlp_ratio),
        vision.patch_size if is_vit else None,
        (text.width, text.layers, text.context_length, text.vocab_size, text.mlp_ratio),
    )
