"""The ``open_clip_config.json`` next to a weight file: settings that the weights do not carry."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from open_clip.model import CLIPTextCfg, CLIPVisionCfg

from ...utils import read_json_object

CONFIG = 'open_clip_config.json'
# what open_clip calls the weights of a folder; other files may stand next to them
_WEIGHTS = ('open_clip_model', 'open_clip_pytorch_model')
# settings that may differ: sizes that are interpolated, training, downloads, the tokenizer's files
_FREE = (
    'image_size', 'patch_dropout', 'output_tokens', 'timm_model_pretrained', 'timm_drop',
    'timm_drop_path', 'hf_model_pretrained', 'hf_tokenizer_name', 'tokenizer_mode',
    'tokenizer_kwargs',
)  # fmt: skip


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
