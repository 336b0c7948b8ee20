"""What frame features depend on, as JSON values: the tower and the pipeline."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..utils import read_json_object, to_json
from ..utils.hashing import bytes_of
from .store import INDEX, difference

# arguments of transforms that change how fast a video is read, not what is read
WITHOUT_EFFECT = (
    'num_threads',
    'time_limit',
    'max_pixels',
    'decoders',
    'only_needed',
    'index_cache',
)


def tower_key(encoder: Any) -> dict[str, Any]:
    """Architecture, pixel statistics and hash of the weights of a ``CLIPImageEncoder``."""
    preprocess = encoder.preprocess
    return _plain(
        dict(
            arch=encoder.arch,
            size=list(preprocess.size),
            mean=list(preprocess.mean),
            std=list(preprocess.std),
            visual_prompt=type(encoder.visual_prompt).__name__,
            weights=weights_hash(encoder),
        )
    )


def weights_hash(module: nn.Module) -> str:
    """Hash of all parameters and buffers of a module, whatever its device."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        if isinstance(value, Tensor):
            digest.update(f'{name} {tuple(value.shape)} {value.dtype}'.encode())
            digest.update(bytes_of(value))
    return digest.hexdigest()


def model_key(recognizer: nn.Module, precision: str) -> dict[str, str]:
    """Hash of the weights of a recognizer, both towers, and what it computes in."""
    return dict(weights=weights_hash(recognizer), precision=precision)


def check_model(key: dict[str, Any], recognizer: nn.Module, precision: str) -> None:
    """Refuse to search video features with texts of another model.

    Args:
        key: Key of the features.
        recognizer: The model that is to encode the texts.
        precision: What it computes in.

    Raises:
        ValueError: The features are of another model.
    """
    found = difference(key.get('model'), model_key(recognizer, precision), 'model')
    if found:
        raise ValueError(
            f'The features are of another model ({found}): give the model that they were made '
            'with, or make them again with actionclip features.'
        )


def check_tower(folder: str | Path, encoder: Any) -> None:
    """Refuse cached features that a ``CLIPImageEncoder`` would not give, or that it would outgrow.

    Args:
        folder: What ``actionclip cache-features`` wrote, with one folder per split.
        encoder: The encoder with its weights loaded.

    Raises:
        ValueError: The encoder learns, or the features are of another tower.
        FileNotFoundError: No features.
    """
    if any(weight.requires_grad for weight in encoder.parameters()):
        raise ValueError(
            "Frame features need a frozen image tower: set model.backbone.frozen_stages='all', and "
            'a visual_prompt without weights of its own.'
        )
    indices = sorted(Path(folder).glob(f'*/{INDEX}'))
    if not indices:
        raise FileNotFoundError(
            f"'{folder}' holds no features: make them with actionclip cache-features."
        )
    key = tower_key(encoder)
    for index in indices:
        made_with = read_json_object(index, 'the index of a feature store')['key'].get('tower')
        found = difference(made_with, key, 'tower')
        if found:
            raise ValueError(
                f"The features in '{index.parent}' are of another image tower ({found}): make them "
                'again with actionclip cache-features, from the weights of this run.'
            )


def pipeline_key(pipeline: Sequence[dict]) -> list[dict]:
    """The transforms of a pipeline up to packing, without arguments that change no frame."""
    steps = [
        {name: value for name, value in step.items() if name not in WITHOUT_EFFECT}
        for step in pipeline
        if step['type'] != 'PackActionInputs'
    ]
    return _plain(steps)


def _plain(value: Any) -> Any:
    """Values as JSON returns them: lists for tuples."""
    return json.loads(to_json(_simple(value), None))


def _simple(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _simple(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_simple(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)
