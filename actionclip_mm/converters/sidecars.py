"""The files next to weights that tell what their shapes cannot."""

from pathlib import Path
from typing import Any

from ..clip import SimpleTokenizer
from ..utils import read_json_object
from . import huggingface_config, open_clip
from .convert import detect_source
from .mapped import Hints

OPEN_CLIP, HUGGING_FACE = 'open_clip_config.json', 'config.json'
PREPROCESSORS = ('preprocessor_config.json', 'processor_config.json')  # of old and new versions


def read_sidecar(weights: Path, content: dict[str, Any], source: str) -> tuple[str, Hints, str]:
    """The layout of a file, and what the configs next to it tell.

    Returns:
        Name of the layout, the hints, and the names of the files that were read or ''.
    """
    if source in ('auto', 'open_clip') and (config := _read_json(weights, OPEN_CLIP)):
        if source == 'open_clip' or detect_source(content, quick_gelu=True) == 'open_clip':
            return 'open_clip', open_clip.hints_of_config(config), OPEN_CLIP
    if source in ('auto', 'huggingface') and (config := _read_json(weights, HUGGING_FACE)):
        # first of all, since weights of other models look like those of CLIPModel
        of_other_model = 'text_config' in config and config.get('model_type', 'clip') != 'clip'
        if of_other_model or source == 'huggingface' or detect_source(content) == 'huggingface':
            return _read_huggingface(weights, config)
    return source, Hints(), ''


def _read_huggingface(weights: Path, config: dict[str, Any]) -> tuple[str, Hints, str]:
    read = [HUGGING_FACE]
    pixels = None
    for name in PREPROCESSORS:
        if pixels is None and (content := _read_json(weights, name)):
            pixels = content.get('image_processor', content)
            read.append(name)
    hints = huggingface_config.hints_of_config(config, pixels)
    hints.tokenizer = _other_tokenizer(weights)
    return 'huggingface', hints, ', '.join(read)


def _other_tokenizer(weights: Path) -> str | None:
    """The folder of the weights if the tokenizer in it is not CLIP's own."""
    vocabulary = _read_json(weights, 'vocab.json')
    if vocabulary is None and (content := _read_json(weights, 'tokenizer.json')):
        model = content.get('model')
        vocabulary = model.get('vocab') if isinstance(model, dict) else None
    if not isinstance(vocabulary, dict) or vocabulary == SimpleTokenizer().encoder:
        return None
    return str(weights.parent)


def _read_json(weights: Path, name: str) -> dict[str, Any] | None:
    path = weights.with_name(name)
    if not path.is_file():
        return None
    return read_json_object(path, 'that of the weights or remove it')
