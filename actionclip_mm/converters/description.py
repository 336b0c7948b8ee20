"""A trained model as plain data: what a checkpoint or an exported folder needs to predict alone.

Checkpoints carry the description in ``meta['actionclip']``, exported folders in ``config.json``,
single safetensors files in their metadata.
"""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from safetensors import safe_open
from torch import Tensor, nn

from ..clip import Arch, list_models
from ..clip.arch import DEFAULT_ARCH, clean_name
from ..clip.build import trained_with_quick_gelu
from ..clip.weight_files import write_weights
from ..models.backbones import CLIPImageEncoder
from ..models.building import clip_of_images, clip_of_texts
from ..models.text.class_sentences import Prompts
from ..utils import EXPORTED_FILES, read_json_object, write_bytes, write_json, write_text
from ..utils.versions import installed_versions
from ..utils.wrapped_datasets import innermost_config
from .architecture import model_config

FORMAT = 1
KEY = 'actionclip'  # in the meta data of a checkpoint
WEIGHTS, CONFIG, LABELS = EXPORTED_FILES
_TUPLE = 'tuple'
PACKAGES = ('actionclip_mm', 'mmaction2', 'mmengine', 'open_clip_torch', 'torch')


def describe(
    model: nn.Module,
    cfg: Config,
    pipeline: list[dict] | None = None,
    temperature: float | None = None,
    labels: Sequence[str] | None = None,
    prompts: Prompts | None = None,
) -> dict[str, Any]:
    """Describe a model so that it can be built without its config, label and template files.

    Args:
        model: A recognizer of mmaction2.
        cfg: The config it was built from.
        pipeline: Its test pipeline. Defaults to that of the test data set in ``cfg``.
        temperature: Divides the logits of predictions. Defaults to None, which is 1.
        labels: Class names. Defaults to those of the label encoder.
        prompts: Templates, or sentences by class. Defaults to those of the label encoder.

    Returns:
        ``format``, ``model`` (a config), ``pipeline``, ``labels``, ``templates``, ``temperature``
        and ``versions``, all of JSON's types.

    Raises:
        ValueError: The config holds what JSON cannot.
    """
    plain = self_contained(cfg, model, labels, prompts)
    encoder = plain['cls_head'].get('label_encoder') or {}
    content = dict(
        format=FORMAT,
        model=plain,
        pipeline=test_pipeline_of(cfg) if pipeline is None else pipeline,
        labels=encoder.get('labels'),
        templates=encoder.get('templates'),
        temperature=temperature,
        versions=installed_versions(PACKAGES),
    )
    try:
        content = _encode(content)
        json.dumps(content, allow_nan=False)  # also refuses NaN
    except (TypeError, ValueError) as error:
        raise ValueError(f'The config cannot be described as JSON ({error}).') from error
    return content


def self_contained(
    cfg: Config,
    model: nn.Module,
    labels: Sequence[str] | None = None,
    prompts: Prompts | None = None,
    arch_of: Callable[[Arch, str | None], Arch] | None = None,
) -> dict[str, Any]:
    """The ``model`` of a config without names of weight, label or template files.

    Args:
        cfg: The config the model was built from.
        model: The recognizer, whose label encoder has read its files.
        labels: Class names. Defaults to those of the label encoder.
        prompts: Templates, or sentences by class. Defaults to those of the label encoder.
        arch_of: Makes ``arch`` and ``pretrained`` an ``arch`` that needs no ``pretrained``.
            Defaults to :func:`self_contained_arch`.
    """
    plain: dict[str, Any] = ConfigDict(cfg.model).to_dict()
    arch_of = arch_of or self_contained_arch
    backbone, inner = plain['backbone'], plain['cls_head'].get('label_encoder')
    image, text = clip_of_images(backbone), clip_of_texts(backbone, inner or {})
    has_tower = isinstance(model.backbone, CLIPImageEncoder)
    if has_tower:
        backbone.update(arch=arch_of(*image), pretrained=None)
    elif 'pretrained' in backbone:
        backbone['pretrained'] = None
    encoder: Any = getattr(model.cls_head, 'label_encoder', None)
    if encoder is not None:
        for name in ('arch', 'pretrained'):
            inner.pop(name, None)
        if not (has_tower and text == image):  # else those of the backbone
            inner['arch'] = arch_of(*text)
        prompts = encoder.prompts if prompts is None else prompts
        inner.update(
            labels=list(encoder.labels if labels is None else labels),
            templates=prompts if isinstance(prompts, dict) else list(prompts),
            split_names=False,  # they were, if the config says so
        )
    # the pixel mean and std that the model found with its weights
    plain.setdefault('data_preprocessor', dict(type='ActionDataPreprocessor', format_shape='NCTHW'))
    for name in ('mean', 'std'):
        value = getattr(model.data_preprocessor, name, None)
        if value is not None:
            plain['data_preprocessor'][name] = value.flatten().tolist()
    return plain


def self_contained_arch(arch: Arch | None, pretrained: str | None) -> Arch:
    """The ``arch`` that needs no ``pretrained`` next to it.

    ``pretrained`` decides the activation, and some names bring weights, so these become dicts.
    """
    arch = arch or DEFAULT_ARCH
    name = clean_name(arch) if isinstance(arch, str) else ''
    if pretrained is not None and trained_with_quick_gelu(name, pretrained):
        return {**model_config(arch), 'quick_gelu': True}
    return arch if name in list_models() else model_config(arch)


def test_pipeline_of(cfg: Config) -> list[dict] | None:
    """Pipeline of the innermost test data set, or ``test_pipeline``, or None."""
    loader = cfg.get('test_dataloader') or cfg.get('val_dataloader') or ConfigDict()
    return innermost_config(loader).get('pipeline') or cfg.get('test_pipeline')


def check_description(content: Any, source: str) -> dict[str, Any]:
    """A description as it was written.

    Raises:
        ValueError: Something else, or the format of another version.
    """
    if not isinstance(content, dict) or not isinstance(content.get('model'), dict):
        raise ValueError(f"'{source}' does not describe a model: export it again.")
    if content.get('format') != FORMAT:
        raise ValueError(
            f"'{source}' has the format {str(content.get('format'))[:20]}, this version reads "
            f'{FORMAT}: install the version that wrote it.'
        )
    return _decode(content)


def store_temperature(checkpoint: str | Path, temperature: float) -> None:
    """Write a fitted temperature into the description of a checkpoint; predictions then use it.

    Args:
        checkpoint: A file that training wrote; it is replaced whole.
        temperature: Divides the logits.

    Raises:
        ValueError: The checkpoint does not describe its model.
        OSError: The file was not written.
    """
    content = torch.load(checkpoint, map_location='cpu')
    description = (content.get('meta') or {}).get(KEY) if isinstance(content, dict) else None
    if description is None:
        raise ValueError(
            f"'{checkpoint}' does not describe its model, so it cannot hold a temperature: pass "
            'temperature to ActionCLIPInferencer.'
        )
    description['temperature'] = temperature
    file = io.BytesIO()
    torch.save(content, file)
    write_bytes(checkpoint, file.getvalue())


def write_folder(
    folder: str | Path, state: dict[str, Tensor], description: dict[str, Any], source: str
) -> None:
    """Write weights, description and class names.

    Raises:
        OSError: A file was not written.
    """
    folder = Path(folder)
    write_weights(folder / WEIGHTS, state, dict(source_file=source))
    if description['labels'] is not None:
        write_text(folder / LABELS, ''.join(f'{label}\n' for label in description['labels']))
    write_json(folder / CONFIG, description, indent=2)


def read_folder(folder: str | Path) -> tuple[dict[str, Any], str]:
    """Description and path of the weights in an exported folder.

    Raises:
        FileNotFoundError: One of the files is missing.
        ValueError: ``config.json`` does not describe a model.
    """
    folder = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"'{folder}' has no {name}: give a folder that `actionclip export` wrote."
            )
    path = folder / CONFIG
    content = read_json_object(path, 'the config.json that `actionclip export` wrote')
    return check_description(content, str(path)), str(folder / WEIGHTS)


def read_metadata(path: str | Path) -> Any:
    """Description in the metadata of a safetensors file; None in any other file.

    Raises:
        ValueError: The description is not JSON.
    """
    if Path(path).suffix != '.safetensors':
        return None
    with safe_open(path, 'pt') as file:
        text = (file.metadata() or {}).get(KEY)
    try:
        return text and json.loads(text)
    except ValueError as error:
        raise ValueError(f"The description in '{path}' is not JSON: export it again.") from error


def _encode(value: Any) -> Any:
    """JSON's types; transforms insist on tuples, so these are marked."""
    if isinstance(value, Mapping):
        return {str(key): _encode(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return {_TUPLE: [_encode(item) for item in value]}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    if hasattr(value, 'tolist'):  # numpy and torch
        return value.tolist()
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f'{type(value).__name__} is not a type of JSON')


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_TUPLE}:
            return tuple(map(_decode, value[_TUPLE]))
        return {key: _decode(item) for key, item in value.items()}
    return [_decode(item) for item in value] if isinstance(value, list) else value
