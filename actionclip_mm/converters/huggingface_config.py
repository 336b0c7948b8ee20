"""Settings of Hugging Face's ``CLIPModel`` that its weights do not carry, from its own files.

``config.json`` gives heads, activation, LayerNorm epsilon, frame size and the end-of-text token;
``preprocessor_config.json`` (``processor_config.json`` of newer versions) the pixels. Keys that are
absent have the defaults of ``CLIPConfig`` and ``CLIPImageProcessor``; keys that ``CLIPModel`` does
not read are ignored. Whatever open_clip cannot build is refused.
"""

import math
from dataclasses import replace
from typing import Any

from ..clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from .mapped import CLIP_EPS, Hints

CONFIG = 'config.json'
# hidden_act -> whether it is QuickGELU, and the arguments of open_clip's activation
ACTIVATIONS: dict[str, tuple[bool, dict[str, str]]] = {
    'quick_gelu': (True, {}),
    'gelu': (False, {}),
    'gelu_python': (False, {}),
    **dict.fromkeys(
        ('gelu_new', 'gelu_fast', 'gelu_accurate', 'gelu_pytorch_tanh', 'gelu_python_tanh'),
        (False, dict(approximate='tanh')),
    ),
}
# model_type -> a way to use such a model here
ROUTES = {
    kind: f"use open_clip's own file of it, such as arch='{name}', pretrained='webli'"
    for kind, name in (('siglip', 'ViT-B-16-SigLIP'), ('siglip2', 'ViT-B-16-SigLIP2'))
}
INTERPOLATIONS = {2: 'bilinear', 3: 'bicubic'}  # numbers of Pillow
_LARGEST_ID = 2  # an eos_token_id of old configs, at which CLIPModel takes the largest token id


def hints_of_config(config: dict[str, Any], preprocessor: dict[str, Any] | None = None) -> Hints:
    """Read the settings of a ``CLIPModel``.

    Args:
        config: Content of ``config.json``.
        preprocessor: Content of ``preprocessor_config.json``, None without such a file.

    Raises:
        ValueError: Another kind of model, or a setting that open_clip cannot build.
    """
    for content in (config, {} if preprocessor is None else preprocessor):
        if not isinstance(content, dict):
            raise ValueError(
                f'The configs next to the weights must be objects, got {content!r:.80}.'
            )
    _check_model_type(config)
    text, vision = _tower(config, 'text_config'), _tower(config, 'vision_config')
    (quick_gelu, text_act), (vision_gelu, vision_act) = map(_activation, (text, vision))
    if quick_gelu != vision_gelu:
        raise ValueError(
            f'The activations of the towers are {text["hidden_act"]} and {vision["hidden_act"]}, '
            'but open_clip builds QuickGELU in both towers or in none: this model cannot be '
            'converted.'
        )
    hints = Hints(
        quick_gelu=quick_gelu,
        vision_heads=_positive(vision, 'num_attention_heads'),
        text_heads=_positive(text, 'num_attention_heads'),
        vision=dict(**_image_size(vision), **_norm(vision), **vision_act),
        text=dict(**_norm(text), **text_act, **_end_of_text(text)),
    )
    return hints if preprocessor is None else _with_pixels(hints, preprocessor)


_DEFAULTS: dict[str, dict[str, Any]] = {
    'text_config': dict(num_attention_heads=8, vocab_size=49408, eos_token_id=49407),
    'vision_config': dict(num_attention_heads=12),
}


def _check_model_type(config: dict[str, Any]) -> None:
    kind = config.get('model_type', 'clip')
    if kind != 'clip':
        route = ROUTES.get(kind) if isinstance(kind, str) else None
        raise ValueError(
            f"config.json says model_type {kind!r}, and only 'clip' can be converted"
            f'{f": {route}" if route else ""}.'
        )
    if 'auto_map' in config:
        raise ValueError(
            'config.json names code of its own (auto_map), so its model is not a plain CLIPModel '
            'and cannot be converted.'
        )


def _tower(config: dict[str, Any], key: str) -> dict[str, Any]:
    """Settings of a tower over the defaults; ``*_config_dict`` of old files goes first."""
    parts = [config.get(name) or {} for name in (key, f'{key}_dict')]
    if not all(isinstance(part, dict) for part in parts):
        raise ValueError(f'config.json needs an object as {key}, got {config.get(key)!r:.80}.')
    defaults = dict(hidden_act='quick_gelu', layer_norm_eps=CLIP_EPS, **_DEFAULTS[key])
    return defaults | parts[0] | parts[1] | {'': key}


def _activation(tower: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    name = tower['hidden_act']
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ValueError(
            f'{tower[""]}.hidden_act of config.json is {name!r:.80}, which open_clip cannot build: '
            f'only models with {", ".join(ACTIVATIONS)} can be converted.'
        )
    quick_gelu, options = ACTIVATIONS[name]
    return quick_gelu, dict(act_kwargs=options) if options else {}


def _norm(tower: dict[str, Any]) -> dict[str, Any]:
    eps = tower['layer_norm_eps']
    if not (_is_number(eps) and eps > 0):
        raise ValueError(
            f'{tower[""]}.layer_norm_eps of config.json must be a positive number, got {eps!r:.80}.'
        )
    return {} if eps == CLIP_EPS else dict(norm_kwargs=dict(eps=eps))


def _end_of_text(tower: dict[str, Any]) -> dict[str, Any]:
    """Where the text feature is taken: open_clip's default is the largest token id."""
    end = tower['eos_token_id']
    if not isinstance(end, int) or isinstance(end, bool):
        raise ValueError(
            f'text_config.eos_token_id of config.json must be one token id, got {end!r:.80}.'
        )
    if end in (_LARGEST_ID, _positive(tower, 'vocab_size') - 1):
        return {}
    return dict(pool_type='eos', eos_id=end)


def _image_size(tower: dict[str, Any]) -> dict[str, int]:
    size = tower.get('image_size')  # if it is absent, the number of positions tells
    if isinstance(size, list) and len(set(map(str, size))) == 1:
        tower = tower | dict(image_size=size[0])
    return {} if size is None else dict(image_size=_positive(tower, 'image_size'))


def _positive(tower: dict[str, Any], key: str) -> int:
    value = tower[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(
            f'{tower[""]}.{key} of config.json must be a positive integer, got {value!r:.80}.'
        )
    return value


def _with_pixels(hints: Hints, preprocessor: dict[str, Any]) -> Hints:
    """Add what an image processor does: ``(x · rescale_factor - mean) / std`` of resized frames."""
    settings: dict[str, Any] = dict(
        image_mean=list(OPENAI_DATASET_MEAN),
        image_std=list(OPENAI_DATASET_STD),
        rescale_factor=1 / 255,
        resample=3,
        do_normalize=True,
        do_rescale=True,
    )
    settings |= {key: value for key, value in preprocessor.items() if value is not None}
    mean, std = (_three(settings, key) for key in ('image_mean', 'image_std'))
    if not settings['do_normalize']:
        mean, std = [0.0] * 3, [1.0] * 3
    factor = settings['rescale_factor'] if settings['do_rescale'] else 1
    if not (_is_number(factor) and factor > 0 and all(std)):
        raise ValueError(
            'preprocessor_config.json needs a positive rescale_factor and an image_std without '
            f'zeros, got {factor!r:.80} and {std}.'
        )
    resample = settings['resample']
    if not isinstance(resample, int) or resample not in INTERPOLATIONS:
        raise ValueError(
            f'preprocessor_config.json resizes with resample {resample!r:.80}, but only 2 '
            '(bilinear) and 3 (bicubic) are supported.'
        )
    return replace(
        hints,
        mean=tuple(value / factor for value in mean),
        std=tuple(value / factor for value in std),
        interpolation=INTERPOLATIONS[resample],
        resize_mode=_resize_mode(settings, hints.vision.get('image_size', 224)),
        pixels_from='preprocessor_config.json',
    )


def _resize_mode(settings: dict[str, Any], image_size: int) -> str:
    """``'shortest'`` or ``'squash'``, as open_clip calls them.

    Raises:
        ValueError: The result is not of the size that the tower takes.
    """
    size, crop = settings.get('size', image_size), settings.get('crop_size', image_size)
    squash = isinstance(size, dict) and 'height' in size
    fed = size if squash else crop
    sides = [fed.get(side) for side in ('height', 'width')] if isinstance(fed, dict) else [fed] * 2
    if sides != [image_size] * 2:
        raise ValueError(
            f'preprocessor_config.json makes frames of {" x ".join(map(repr, sides))} pixels, but '
            f'config.json says image_size {image_size}: make them agree.'
        )
    return 'squash' if squash else 'shortest'


def _three(settings: dict[str, Any], key: str) -> list[float]:
    values = settings[key]
    if not (isinstance(values, list) and len(values) == 3 and all(map(_is_number, values))):
        raise ValueError(
            f'preprocessor_config.json needs three numbers as {key}, got {values!r:.80}.'
        )
    return values


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
