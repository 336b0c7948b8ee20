"""Settings of a converted model that its weights do not carry, and where each value is from."""

from collections.abc import Sequence
from typing import Any

from .architecture import HEAD_WIDTH, model_config
from .convert import Converted
from .mapped import CLIP_EPS

# code that trains and tests with sentences of its own label list
_PROMPTS = {'actionclip': 'the released code', 'mmaction2': "mmaction2's projects/actionclip"}
_CODE = {**_PROMPTS, 'openai': "OpenAI's CLIP"}
_CLIPS = "CLIP's own"
_TOLD = 'told by the file next to the weights or by the command line'


def splits_names(source: str, names: Sequence[str] = ()) -> bool:
    """Whether joined class names are split by default.

    Not for weights of code that feeds its list as it is, with ``ApplyEyeMakeup`` in UCF101's. No
    such list has underscores, so names that do (HMDB51's folders) are split in any case.

    Args:
        source: Name of the layout.
        names: The class names, as far as they are known.
    """
    return source not in _PROMPTS or any('_' in name for name in names)


def origins(
    converted: Converted, num_frames: int, chose_frames: bool, templates: str, split_names: bool
) -> dict[str, str]:
    """The settings that weights do not carry: name -> value and where it is from.

    Args:
        converted: The model.
        num_frames: T.
        chose_frames: Whether the caller chose T.
        templates: Preset or file of templates.
        split_names: Whether joined class names are split into words.
    """
    cfg, hints = model_config(converted.arch), converted.hints
    code = _CODE.get(converted.source)
    trained = _PROMPTS.get(converted.source)
    activation = 'QuickGELU' if cfg.get('quick_gelu') else 'GELU'
    own = _TOLD if hints.quick_gelu is not None or hints.arch is not None else code
    frames = 'customary; training may have had another'
    if converted.prompt.num_frames is not None:
        frames = 'the rows of a position table'
    elif chose_frames:
        frames = '--frames'
    is_released_list = templates == 'actionclip16' and trained
    names = 'split into words (chosen here)'
    if not split_names:
        names = f'as the label file has them ({trained or "chosen here"})'
    return {
        'activation': f'{activation} ({own or "assumed, see --activation"})',
        'tower heads': _tower_heads(converted, cfg),
        'tower LayerNorm': _tower_eps(cfg),
        **_neck(converted, trained),
        'pixel mean, std': f'those of the config ({hints.pixels_from})' if hints.mean else _CLIPS,
        'resizing': _resizing(converted),
        'frames': f'{num_frames} ({frames}), centres of as many segments (released test)',
        'templates': f'{templates} ({trained if is_released_list else "chosen here"})',
        'class names': names,
        'test scale': f'100 ({trained or "the released ActionCLIP"}), not the learned logit_scale',
    }


def _tower_heads(converted: Converted, cfg: dict[str, Any]) -> str:
    hints = converted.hints
    if hints.arch is not None or hints.vision_heads is not None or hints.text_heads is not None:
        return f'those of `arch` ({_TOLD})'
    return f"{HEAD_WIDTH} channels each, as CLIP has them, or those of open_clip's model"


def _resizing(converted: Converted) -> str:
    hints = converted.hints
    way = f'{hints.interpolation or "bicubic"}, {hints.resize_mode or "shortest"}, antialiased'
    if hints.interpolation or hints.resize_mode:
        return f'{way} ({hints.pixels_from})'
    if converted.source == 'mmaction2':
        return f'{way} (released test; the project tests with OpenCV bilinear)'
    return f'{way} (released test, as CLIP)'


def _tower_eps(cfg: dict[str, Any]) -> str:
    if 'timm_model_name' in cfg['vision_cfg']:
        return "timm's in the image tower, see `arch` for the text tower"
    eps = {
        name: (cfg.get(f'{name}_cfg', {}).get('norm_kwargs') or {}).get('eps', CLIP_EPS)
        for name in ('vision', 'text')
    }
    return f'eps {eps["vision"]:g} in the image tower, {eps["text"]:g} in the text tower'


def _neck(converted: Converted, trained: str | None) -> dict[str, str]:
    neck, told = converted.prompt.neck, converted.hints.neck_heads is not None
    if neck['type'] == 'TransfPrompt':
        rule = '--neck-heads' if told else f'text width // {HEAD_WIDTH}, as {trained}'
        return {
            'neck heads': f'{neck["num_heads"]} ({rule})',
            'neck LayerNorm': f'eps {neck["layer_norm_eps"]:g} ({trained})',
            'neck activation': f'QuickGELU ({trained})',
        }
    if neck['type'] == 'TransfClsPrompt':
        return {
            'neck heads': f'{neck["num_heads"]} ({"--neck-heads" if told else trained})',
            'neck LayerNorm': f'eps {CLIP_EPS:g}, after each layer ({trained})',
            'neck activation': f'ReLU, dropout 0.1 in training ({trained})',
        }
    return {}
